// Package recall reads the recorded runs of a ledger and their rows.
package recall

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wave365/pkg/ledger/record"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// Reader reads runs and rows. Safe for concurrent use.
type Reader struct{ trail *trail.Trail }

// New returns the reader of a ledger.
func New(t *trail.Trail) *Reader { return &Reader{t} }

const runColumns = `SELECT body, state, finished_at FROM runs`

func scanRun(scan store.Scan) (migration.Run, error) {
	var run migration.Run
	var body, state string
	var finished trail.Moment
	if err := scan(&body, &state, &finished); err != nil {
		return run, err
	}
	if err := json.Unmarshal([]byte(body), &run); err != nil {
		return run, err
	}
	run.State, run.FinishedAt = migration.RunState(state), time.Time(finished)
	if run.State != migration.RunActive && run.State != migration.RunFinished {
		return run, fmt.Errorf("invalid run state %q", state)
	}
	return run, nil
}

// Run returns a run; "" means the one that was created last. NotFound ("ledger.no-run") when there is none.
func (l *Reader) Run(ctx context.Context, id string) (migration.Run, error) {
	query, args := runColumns+` ORDER BY n DESC LIMIT 1`, []any(nil)
	if id != "" {
		query, args = runColumns+` WHERE id = ?`, []any{id}
	}
	runs, err := store.All(ctx, l.trail.DB, query, args, scanRun)
	if err != nil {
		return migration.Run{}, err
	}
	if len(runs) == 0 {
		return migration.Run{}, trail.NoRun(id)
	}
	if runs, err = l.changed(ctx, runs); err != nil {
		return migration.Run{}, err
	}
	return runs[0], nil
}

// Runs returns every run, the one created last first.
func (l *Reader) Runs(ctx context.Context) ([]migration.Run, error) {
	runs, err := store.All(ctx, l.trail.DB, runColumns+` ORDER BY n DESC`, nil, scanRun)
	if err != nil || len(runs) == 0 {
		return runs, err
	}
	return l.changed(ctx, runs)
}

// Findings returns what validation found, in the order in which CreateRun got it.
func (l *Reader) Findings(ctx context.Context, runID string) ([]wave.Finding, error) {
	return store.All(ctx, l.trail.DB, `SELECT body FROM findings WHERE run = ? ORDER BY n`, []any{runID},
		func(scan store.Scan) (wave.Finding, error) {
			var f wave.Finding
			var body string
			if err := scan(&body); err != nil {
				return f, err
			}
			return f, json.Unmarshal([]byte(body), &f)
		})
}

// changed applies to the runs what changed about them later.
func (l *Reader) changed(ctx context.Context, runs []migration.Run) ([]migration.Run, error) {
	if !l.trail.Has(trail.VersionControl) {
		return runs, nil
	}
	at := map[string]int{}
	for i, r := range runs {
		at[r.ID] = i
	}
	type entry struct {
		run  string
		body string
	}
	query, args := `SELECT run, body FROM run_changes ORDER BY n`, []any(nil)
	if len(runs) == 1 {
		query, args = `SELECT run, body FROM run_changes WHERE run = ? ORDER BY n`, []any{runs[0].ID}
	}
	for e, err := range store.List(ctx, l.trail.DB, query, args, func(scan store.Scan) (e entry, err error) { return e, scan(&e.run, &e.body) }) {
		if err != nil {
			return nil, err
		}
		var c record.Change
		if err := json.Unmarshal([]byte(e.body), &c); err != nil {
			return nil, store.Damaged("a change of the run cannot be read", err)
		}
		if i, ok := at[e.run]; ok {
			if err := c.Apply(&runs[i]); err != nil {
				return nil, store.Damaged("a change of the run cannot be read", err)
			}
		}
	}
	return runs, nil
}
