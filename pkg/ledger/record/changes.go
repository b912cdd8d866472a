package record

import (
	"context"
	"fmt"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// Change is what changes about a run after it was created. Zero fields change nothing.
type Change struct {
	Slots    int    `json:"slots,omitempty"`
	WaveHash string `json:"wave_hash,omitempty"`
	// Settings are the changes to the run's settings.
	Settings migration.SettingsPatch `json:"settings,omitempty"`
	// By is who changed it, and how.
	By string `json:"by,omitempty"`
}

// Apply makes the change.
func (c Change) Apply(run *migration.Run) error {
	if c.Slots > 0 {
		run.Slots = c.Slots
	}
	if c.WaveHash != "" {
		run.WaveHash = c.WaveHash
	}
	return run.Settings.Apply(c.Settings)
}

// ChangeRun records a change of the run; from then on Run and Runs return the changed run.
func (l *Records) ChangeRun(ctx context.Context, runID string, c Change) error {
	return l.do(ctx, "record a change of the run", func(t tx) error { return t.changeRun(runID, c) })
}

func (t tx) changeRun(runID string, c Change) error {
	body, err := trail.JSON(c)
	if err != nil {
		return err
	}
	err = t.Exec(`INSERT INTO run_changes (n, run, at, body)
		VALUES ((SELECT coalesce(max(n), 0) + 1 FROM run_changes), ?, ?, ?)`, runID, trail.Stamp(t.Now), body)
	if t.Refused(err) == store.ForeignKey {
		return trail.NoRun(runID)
	}
	if err != nil {
		return err
	}
	return t.Audit(t.Now, trail.KindRunChanged, runID, migration.WaveRow, c)
}

// Edit is an edited wave file, as far as its run takes it over.
type Edit struct {
	Change Change
	// Moves are transitions of rows that are cancelled or amended; Added are new rows, indexed after the last one.
	Moves []migration.Transition
	Added []migration.Row
	// Findings are those of the rows that were validated again.
	Findings []wave.Finding
}

// EditRun records an edited wave file in one transaction: the run is opened again, rows are changed and added, and the
// change is recorded. The faults are those of Apply and CreateRun.
func (l *Records) EditRun(ctx context.Context, runID string, e Edit) error {
	moves, err := movesOf(e.Moves)
	if err != nil {
		return err
	}
	return l.do(ctx, "take over the edited wave", func(t tx) error {
		if err := t.Fence(); err != nil {
			return err
		}
		if err := t.Exec(`UPDATE runs SET state = 'active', finished_at = NULL WHERE id = ?`, runID); err != nil {
			return err
		}
		if err := t.moveRows(moves); err != nil {
			return err
		}
		var next, findings int
		if err := t.Get(`SELECT coalesce(max(idx), -1) + 1 FROM wave_rows WHERE run = ?`, []any{runID}, &next); err != nil {
			return err
		}
		for i, r := range e.Added {
			if r.Index != next+i {
				return fault.New(fault.Internal, "ledger.index", fmt.Sprintf("a new row has index %d, the next one is %d", r.Index, next+i), "")
			}
			if err := t.addRow(runID, r); err != nil {
				return err
			}
		}
		if err := t.Get(`SELECT coalesce(max(n), -1) + 1 FROM findings WHERE run = ?`, []any{runID}, &findings); err != nil {
			return err
		}
		for i, f := range e.Findings {
			body, err := trail.JSON(f)
			if err != nil {
				return err
			}
			if err := t.Exec(`INSERT INTO findings (run, n, body) VALUES (?, ?, ?)`, runID, findings+i, body); err != nil {
				return err
			}
		}
		return t.changeRun(runID, e.Change)
	})
}
