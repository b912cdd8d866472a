// Package record writes the runs of a ledger and the state of each row. It records transitions that others decided on.
package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// CreateRun records a run with its rows and findings in one transaction. Rows are pending or skipped, with distinct
// indexes; their Run is set to the run's id. Faults: Invalid ("ledger.run") for a run without id, without a row or with
// rows in other states; Conflict ("ledger.exists") for an id that is taken; Conflict ("ledger.user-held") when a user
// is in an unfinished row, of this or another run.
func (l *Records) CreateRun(ctx context.Context, run migration.Run, rows []migration.Row, findings []wave.Finding) error {
	if err := checkNew(run, rows); err != nil {
		return err
	}
	return l.do(ctx, "record the run", func(t tx) error { return t.createRun(run, rows, findings) })
}

// CreateQueuedRun is CreateRun that records, in the same transaction, events of the run and what queue does with the driver's
// own connection: all of it, or nothing. queue may be called again when the connection breaks.
func (l *Records) CreateQueuedRun(ctx context.Context, run migration.Run, rows []migration.Row, findings []wave.Finding, events []migration.Event, queue func(conn any) error) error {
	if err := checkNew(run, rows); err != nil {
		return err
	}
	return l.do(ctx, "record and queue the run", func(t tx) error {
		if err := t.createRun(run, rows, findings); err != nil {
			return err
		}
		for _, e := range events {
			if err := t.Audit(trail.OrNow(e.At, t.Now), trail.KindEvent, run.ID, e.Row, trail.BodyOf(e)); err != nil {
				return err
			}
		}
		return t.Raw(queue)
	})
}

func (t tx) createRun(run migration.Run, rows []migration.Row, findings []wave.Finding) error {
	if err := t.addRun(run, rows, findings); err != nil {
		return err
	}
	return t.Audit(run.CreatedAt, trail.KindRunCreated, run.ID, migration.WaveRow, struct {
		Run    migration.Run    `json:"run"`
		Counts migration.Counts `json:"counts"`
	}{run, migration.Count(rows)})
}

func checkNew(run migration.Run, rows []migration.Row) error {
	why := ""
	switch {
	case run.ID == "":
		why = "a run needs an id"
	case len(rows) == 0:
		why = "a run needs a row"
	case run.CreatedAt.IsZero():
		why = "a run needs the time when it began"
	}
	for _, r := range rows {
		if r.State != migration.Pending && r.State != migration.Skipped {
			why = fmt.Sprintf("row %d begins %q; rows begin pending or skipped", r.Index, r.State)
		}
	}
	if why == "" {
		return nil
	}
	return fault.New(fault.Invalid, "ledger.run", why, "")
}

func (t tx) addRun(run migration.Run, rows []migration.Row, findings []wave.Finding) error {
	run.State, run.FinishedAt = migration.RunActive, time.Time{}
	body, err := trail.JSON(run)
	if err != nil {
		return err
	}
	var taken int
	if err := t.Get(`SELECT count(*) FROM runs WHERE id = ?`, []any{run.ID}, &taken); err != nil {
		return err
	}
	if taken > 0 {
		return fault.New(fault.Conflict, "ledger.exists", "the run "+run.ID+" is in the ledger already", "")
	}
	err = t.Exec(`INSERT INTO runs (n, id, state, created_at, body)
		VALUES ((SELECT coalesce(max(n), 0) + 1 FROM runs), ?, ?, ?, ?)`,
		run.ID, string(run.State), trail.Stamp(run.CreatedAt), body)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := t.addRow(run.ID, r); err != nil {
			return err
		}
	}
	for i, f := range findings {
		body, err := trail.JSON(f)
		if err != nil {
			return err
		}
		if err := t.Exec(`INSERT INTO findings (run, n, body) VALUES (?, ?, ?)`, run.ID, i, body); err != nil {
			return err
		}
	}
	return nil
}

// FinishRun marks the run finished at that time. Conflict ("ledger.open-rows") while a row of it is not final.
// Finishing a finished run changes nothing.
func (l *Records) FinishRun(ctx context.Context, runID string, at time.Time) error {
	return l.setRun(ctx, runID, migration.RunFinished, at, trail.KindRunFinished)
}

// ReopenRun marks the run active again. Reopening an active run changes nothing.
func (l *Records) ReopenRun(ctx context.Context, runID string) error {
	return l.setRun(ctx, runID, migration.RunActive, time.Time{}, trail.KindRunReopened)
}

func (l *Records) setRun(ctx context.Context, id string, to migration.RunState, finished time.Time, kind string) error {
	return l.do(ctx, "mark the run "+string(to), func(t tx) error {
		var state string
		err := t.Get(`SELECT state FROM runs WHERE id = ?`, []any{id}, &state)
		if errors.Is(err, sql.ErrNoRows) {
			return trail.NoRun(id)
		}
		if err != nil || state == string(to) {
			return err
		}
		err = t.Exec(`UPDATE runs SET state = ?, finished_at = ? WHERE id = ?`, string(to), trail.When(finished), id)
		if trail.RefusedBy(err, "run has open rows") {
			return fault.New(fault.Conflict, "ledger.open-rows", "the run "+id+" has rows that are not final",
				"continue them, or cancel them", fault.NewCommand("resume").For(id), fault.NewCommand("cancel").For(id))
		}
		if err != nil {
			return err
		}
		at := finished
		if at.IsZero() {
			at = t.Now
		}
		return t.Audit(at, kind, id, migration.WaveRow, struct{}{})
	})
}
