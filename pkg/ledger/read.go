package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"runtime"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/migration"
)

const rowColumns = `SELECT idx, version, state, step, reason, note, attempt, tries, warned, trouble_since, not_before,
	started_at, updated_at, finished_at, problem, facts, target, input FROM wave_rows`

// stretch is how many rows are worth a connection of their own.
const stretch = 4096

// Rows gives the rows of a run by index; an unknown run has none. Each row is as one transaction left it; rows of a
// large run are read by several connections and may stand for slightly different moments while somebody writes.
func (l *Ledger) Rows(ctx context.Context, runID string) ([]migration.Row, error) {
	var count, top int
	err := l.query(ctx)(`SELECT count(*), coalesce(max(idx), -1) FROM wave_rows WHERE run = ?`, []any{runID}, &count, &top)
	if err != nil {
		return nil, classify(err, "read the ledger")
	}
	parts := min(readers, runtime.GOMAXPROCS(0), 1+count/stretch)
	if parts == 1 || count != top+1 {
		return l.stretch(ctx, runID, 0, top+1, make([]migration.Row, 0, count))
	}
	// Rows are never deleted and the indexes have no gaps, so each part knows its place in the whole.
	rows := make([]migration.Row, count)
	var g errgroup.Group
	for i := range parts {
		from, to := count*i/parts, count*(i+1)/parts
		g.Go(func() error {
			_, err := l.stretch(ctx, runID, from, to, rows[from:from:to])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return rows, nil
}

// stretch appends the rows whose index is in [from, to).
func (l *Ledger) stretch(ctx context.Context, runID string, from, to int, rows []migration.Row) ([]migration.Row, error) {
	seen := words{}
	// A row is a kilobyte: it is read into its place, and not carried there.
	scan := func(from *sql.Rows) (struct{}, error) {
		rows = append(rows, migration.Row{Run: runID})
		return struct{}{}, scanRow(from, &rows[len(rows)-1], seen)
	}
	for _, err := range list(ctx, l, rowColumns+` WHERE run = ? AND idx >= ? AND idx < ? ORDER BY idx`, []any{runID, from, to}, scan) {
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func scanRow(rows *sql.Rows, r *migration.Row, seen words) error {
	var state, step, reason, note, problem, facts, target, input sql.RawBytes
	err := rows.Scan(&r.Index, &r.Version, &state, &step, &reason, &note, &r.Attempt, &r.Tries, &r.Warned,
		(*moment)(&r.TroubleSince), (*moment)(&r.NotBefore), (*moment)(&r.StartedAt), (*moment)(&r.UpdatedAt),
		(*moment)(&r.FinishedAt), &problem, &facts, &target, &input)
	if err != nil {
		return err
	}
	r.State, r.Step = migration.State(seen.word(state)), migration.Step(seen.word(step))
	r.Reason, r.Note = migration.Reason(seen.word(reason)), seen.word(note)
	if len(problem) > 0 {
		r.Problem = &migration.Problem{}
		err = json.Unmarshal(problem, r.Problem)
	}
	if string(facts) != "{}" {
		err = errors.Join(err, json.Unmarshal(facts, &r.Facts))
	}
	err = errors.Join(err, readTarget(target, &r.Target, seen))
	cells, wrong := readInput(input, func(cell []byte) string {
		switch string(cell) {
		case r.Target.User:
			return r.Target.User
		case r.Target.Disk.URL:
			return r.Target.Disk.URL
		}
		return seen[string(cell)]
	})
	r.Input = cells
	return errors.Join(err, wrong)
}

// words keeps one copy of each text that many rows have: a large run would hold the name of its policy once per row.
type words map[string]string

// enough bounds the texts that are remembered; what repeats has been seen by then.
const enough = 4096

func (w words) word(b []byte) string {
	if s, ok := w[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(w) < enough {
		w[s] = s
	}
	return s
}
