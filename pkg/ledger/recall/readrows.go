package recall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

const rowColumns = `SELECT idx, version, state, step, reason, note, attempt, tries, warned, trouble_since, not_before,
	started_at, updated_at, finished_at, problem, facts, target, input FROM wave_rows`

// Rows returns the rows of a run by index; an unknown run has none. A row that cannot have been written this way is the
// fault "ledger.damaged".
func (l *Reader) Rows(ctx context.Context, runID string) ([]migration.Row, error) {
	var count int
	err := l.trail.DB.Get(ctx)(`SELECT count(*) FROM wave_rows WHERE run = ?`, []any{runID}, &count)
	if err != nil {
		return nil, l.trail.DB.Fault(err, "read the ledger")
	}
	rows := make([]migration.Row, 0, count)
	// A row is a kilobyte: it is read in place, not copied.
	scan := func(scan store.Scan) (struct{}, error) {
		rows = append(rows, migration.Row{Run: runID})
		return struct{}{}, scanRow(scan, &rows[len(rows)-1])
	}
	for _, err := range store.List(ctx, l.trail.DB, rowColumns+` WHERE run = ? ORDER BY idx`, []any{runID}, scan) {
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func scanRow(scan store.Scan, r *migration.Row) error {
	var problem *string
	var facts, target, input string
	err := scan(&r.Index, &r.Version, &r.State, &r.Step, &r.Reason, &r.Note, &r.Attempt, &r.Tries, &r.Warned,
		(*trail.Moment)(&r.TroubleSince), (*trail.Moment)(&r.NotBefore), (*trail.Moment)(&r.StartedAt), (*trail.Moment)(&r.UpdatedAt),
		(*trail.Moment)(&r.FinishedAt), &problem, &facts, &target, &input)
	if err != nil {
		return err
	}
	if !slices.Contains(migration.States(), r.State) {
		return fmt.Errorf("invalid row state %q", r.State)
	}
	if problem != nil {
		r.Problem = &migration.Problem{}
		err = json.Unmarshal([]byte(*problem), r.Problem)
	}
	return errors.Join(err, json.Unmarshal([]byte(facts), &r.Facts), json.Unmarshal([]byte(target), &r.Target),
		json.Unmarshal([]byte(input), &r.Input))
}
