// Package withdraw takes rows out of a run for which no import is in the service: cancelled by the operator, or deferred because
// they would not be done in time.
package withdraw

import (
	"context"
	"maps"
	"slices"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/runner/queue"
	"wave365/pkg/runner/record"
	"wave365/pkg/runner/steer"
)

// Imports knows what a row has sent. An error ends the run.
type Imports interface {
	// Touched reports whether an import was sent for the row that may be in the service: such a row is left alone.
	Touched(ctx context.Context, r migration.Row) (bool, error)
	// Leaves reports whether an earlier attempt of the row has sent an import that may be in the service; the answer to a
	// cancel names it.
	Leaves(ctx context.Context, r migration.Row) (bool, error)
}

// Withdrawals are those of one run. Not safe for concurrent use.
type Withdrawals struct {
	Rows     *record.Rows
	Lines    *queue.Lines
	Now      func() time.Time
	Deadline steer.Deadline
	// Imports may be nil: no row has sent one.
	Imports Imports
	// Busy reports whether a worker has the row, which is then withdrawn when it is done, see [Withdrawals.Asked].
	Busy func(i int) bool

	asked map[int]bool // to be cancelled when their worker is done
}

const byOperator = "cancelled by the operator"

// Cancel cancels one row, or every row when row is negative, where there is no import yet, and describes what was done. A row
// that a worker has is cancelled when the worker is done with it, unless its import was accepted meanwhile.
func (w *Withdrawals) Cancel(ctx context.Context, row int) string {
	named := row >= 0
	gone := map[int]bool{}
	var c steer.Cancelled
	for i, r := range w.Rows.List {
		if named && i != row {
			continue
		}
		busy := w.Busy(i)
		if busy {
			w.ask(i)
			c.Soon++
		} else {
			switch r.CancelVerdict(named, w.touched(ctx, r)) {
			case migration.CancelGoesOn:
				c.GoOn++
			case migration.CancelGiveUp:
				gone[i] = true
			}
		}
		if busy || gone[i] {
			if r.LicenseAway() {
				c.Away++
			}
			if w.leaves(ctx, r) {
				c.Lives++
			}
		}
	}
	w.giveUpAll(ctx, gone)
	c.Now = len(gone)
	if named {
		return c.Answer(w.Rows.List[row].State)
	}
	return c.Answer("")
}

func (w *Withdrawals) ask(i int) {
	if w.asked == nil {
		w.asked = map[int]bool{}
	}
	w.asked[i] = true
}

// giveUpAll cancels rows wherever they are, those that do not run together.
func (w *Withdrawals) giveUpAll(ctx context.Context, gone map[int]bool) {
	w.Lines.Remove(gone)
	now := w.Now()
	var idle []int
	var moves []migration.Transition
	for _, i := range slices.Sorted(maps.Keys(gone)) {
		if w.Rows.List[i].State == migration.Running {
			w.giveUp(ctx, i)
			continue
		}
		idle, moves = append(idle, i), append(moves, migration.Cancel(w.Rows.List[i], byOperator, now))
	}
	w.endAll(ctx, idle, moves)
}

// Asked cancels a row that no worker has any more, and that is in no queue, when that was requested while one had it. It
// reports whether it did.
func (w *Withdrawals) Asked(ctx context.Context, i int) bool {
	r := w.Rows.List[i]
	if !w.asked[i] || !r.Cancellable() || w.touched(ctx, r) || w.Rows.Err != nil {
		return false
	}
	w.giveUp(ctx, i)
	return true
}

// giveUp cancels a row that is in no queue.
func (w *Withdrawals) giveUp(ctx context.Context, i int) {
	delete(w.asked, i)
	w.Rows.Apply(ctx, i, migration.GiveUp(w.Rows.List[i], "given back: "+byOperator, byOperator, w.Now())...)
	w.Lines.Move(i, queue.Ended)
}

// Late reports whether the row, if it started now, would not be done in time.
func (w *Withdrawals) Late(i int) bool { return w.Deadline.Misses(w.Rows.List[i], w.Now()) }

// DeferIfLate defers a row that is in no queue, and has no import, when it would not be done in time. It reports whether it
// did.
func (w *Withdrawals) DeferIfLate(ctx context.Context, i int) bool {
	if !w.Late(i) || w.touched(ctx, w.Rows.List[i]) {
		return false
	}
	now := w.Now()
	if r := w.Rows.List[i]; r.State == migration.Waiting {
		w.Rows.Apply(ctx, i, migration.Wake(r, now))
	}
	w.Rows.Interrupt(ctx, i, "given back: it would not be done in time", now)
	if r := w.Rows.List[i]; w.Rows.Err == nil {
		w.Rows.Apply(ctx, i, migration.Defer(r, w.Deadline.Problem(r), now))
	}
	w.Lines.Move(i, queue.Ended)
	return true
}

// DeferLate leaves for another evening every row that was never begun and would not be done in time. When one is late,
// most of the others soon are.
func (w *Withdrawals) DeferLate(ctx context.Context) {
	now := w.Now()
	var at []int
	var moves []migration.Transition
	gone := map[int]bool{}
	for _, i := range w.Lines.Pending() {
		if r := w.Rows.List[i]; !r.Begun() && r.State == migration.Pending && w.Late(i) {
			at, moves = append(at, i), append(moves, migration.Defer(r, w.Deadline.Problem(r), now))
			gone[i] = true
		}
	}
	w.Lines.Remove(gone)
	w.endAll(ctx, at, moves)
}

// endAll records the ends of rows that are in no queue, together.
func (w *Withdrawals) endAll(ctx context.Context, at []int, moves []migration.Transition) {
	if w.Rows.Err != nil {
		return
	}
	w.Rows.ApplyAll(ctx, at, moves)
	for _, i := range at {
		w.Lines.Move(i, queue.Ended)
	}
}

// touched reports whether an import of the row was sent that may be in the service, so that the row must be checked.
func (w *Withdrawals) touched(ctx context.Context, r migration.Row) bool {
	// In a first attempt nothing was sent before its step; in a later one the import of an earlier one may be open.
	if r.Step != migration.StepImport && r.Attempt <= 1 || w.Imports == nil || w.Rows.Err != nil || r.State == migration.Held {
		return false
	}
	yes, err := w.Imports.Touched(context.WithoutCancel(ctx), r)
	w.Rows.Fail(err)
	return yes
}

// leaves reports whether an import of an earlier attempt stays in the service when the row is given up.
func (w *Withdrawals) leaves(ctx context.Context, r migration.Row) bool {
	if r.Attempt <= 1 || w.Imports == nil || w.Rows.Err != nil {
		return false
	}
	yes, err := w.Imports.Leaves(context.WithoutCancel(ctx), r)
	w.Rows.Fail(err)
	return yes
}
