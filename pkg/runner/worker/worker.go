// Package worker does one step for some rows: each is recorded as started before and settled after, in the ledger.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"wave365/pkg/migration"
)

// Ledger is where every change of a row is recorded.
type Ledger interface {
	// ApplyAll records all of them durably, or fails and records nothing.
	ApplyAll(ctx context.Context, list []migration.Transition) error
}

// Clock is the service's time.
type Clock interface{ Now() time.Time }

// Worker does steps. Safe for concurrent use on disjoint rows, as far as its parts are.
type Worker struct {
	Ledger Ledger
	Clock  Clock
	// Roll gives numbers from [0,1) that spread retries.
	Roll func() float64
	// Logger takes the stack of a step that panicked.
	Logger *slog.Logger
}

// Do does one step for rows that are at it, and updates rows, also when it fails. due is when those rows are next due whose
// wait continues unrecorded; zero: as the row has it. An ended context does not interrupt the settling, because what has
// happened must be recorded; with one that has ended before, nothing is done. Rows are started together, and settled
// together. An error means that the ledger could not be written.
func (w Worker) Do(ctx context.Context, work migration.Work, rows []migration.Row) (due []time.Time, err error) {
	due = make([]time.Time, len(rows))
	record := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		return due, nil
	}
	var up moves
	for i, r := range rows {
		switch {
		case r.State == migration.Pending:
			up.add(i, migration.Claim(r, w.Clock.Now()))
		case r.State == migration.Waiting && work.Batch == 1:
			up.add(i, migration.Wake(r, w.Clock.Now()))
		}
	}
	if err := up.record(record, w.Ledger, rows); err != nil {
		return due, err
	}
	results, err := w.call(ctx, work, rows)
	if err != nil {
		return due, err
	}
	var settled moves
	for i, res := range results {
		now := w.Clock.Now()
		if t, changed := migration.Settle(rows[i], res, now, w.Roll()); changed {
			settled.add(i, t)
		} else {
			due[i] = now.Add(res.Delay)
		}
	}
	return due, settled.record(record, w.Ledger, rows)
}

// moves are transitions of some rows, one of each, by position.
type moves struct {
	at   []int
	list []migration.Transition
}

func (m *moves) add(i int, t migration.Transition) {
	m.at, m.list = append(m.at, i), append(m.list, t)
}

// record records them together, and updates rows.
func (m *moves) record(ctx context.Context, l Ledger, rows []migration.Row) error {
	if len(m.list) == 0 {
		return nil
	}
	if err := l.ApplyAll(ctx, m.list); err != nil {
		return err
	}
	for k, i := range m.at {
		rows[i] = m.list[k].To()
	}
	return nil
}

// call calls the step and turns a panic into the failure of its rows: a bug must not end the night for the others.
func (w Worker) call(ctx context.Context, work migration.Work, rows []migration.Row) (results []migration.Result, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		w.Logger.Error("step panicked", "step", string(work.Step), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		err = nil
		results = make([]migration.Result, len(rows))
		for i := range rows {
			results[i] = migration.Failure(rows[i].Facts, migration.Problem{
				Code: "internal.panic", Kind: "internal",
				Message: fmt.Sprintf("a bug in wave365 at step %s: %v", work.Step, v),
				Hint:    "report it together with the log file; a retry looks before it acts",
			})
		}
	}()
	results, err = work.Do(ctx, rows)
	if err == nil && len(results) != len(rows) {
		panic(fmt.Sprintf("step gave %d results for %d rows", len(results), len(rows)))
	}
	return results, err
}
