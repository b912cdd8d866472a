// Package record holds the rows of a wave as the ledger has them: a change is recorded first, then applied, then reported.
package record

import (
	"context"
	"time"

	"wave365/pkg/migration"
)

// Ledger is where every change of a row is recorded before the runner acts on it.
type Ledger interface {
	// Apply records one transition durably, or fails and records nothing.
	Apply(ctx context.Context, t migration.Transition) error
	// ApplyAll records all of them durably, or fails and records nothing.
	ApplyAll(ctx context.Context, list []migration.Transition) error
}

// Rows are the rows of a wave. Build it with New. Not safe for concurrent use.
type Rows struct {
	// List is the current rows, in the order given. Change a row by the methods only, except for a note for observers.
	List []migration.Row
	// Tally counts the rows by state.
	Tally migration.Counts
	// Err is the first reason the ledger could not be written or read; from then on nothing is recorded. nil: there was
	// none.
	Err error

	ledger Ledger
	tell   func(migration.Row)
}

// New takes rows as the ledger has them; it owns the slice from then on. tell is called with every change.
func New(ledger Ledger, rows []migration.Row, tell func(migration.Row)) *Rows {
	return &Rows{List: rows, Tally: migration.Count(rows), ledger: ledger, tell: tell}
}

// Fail records why the ledger failed; nil: it did not.
func (s *Rows) Fail(err error) {
	if s.Err == nil {
		s.Err = err
	}
}

// Set stores a row as a worker has recorded it. It is not reported.
func (s *Rows) Set(i int, r migration.Row) {
	s.Tally.Add(s.List[i], -1)
	s.Tally.Add(r, 1)
	s.List[i] = r
}

// Apply records transitions of one row that no worker has, each built on the one before. An ended context does not interrupt
// the recording. It does nothing once the ledger has failed.
func (s *Rows) Apply(ctx context.Context, i int, moves ...migration.Transition) {
	for _, t := range moves {
		if s.Err != nil {
			return
		}
		if s.Err = s.ledger.Apply(context.WithoutCancel(ctx), t); s.Err == nil {
			s.take(i, t.To())
		}
	}
}

// ApplyAll records one transition of each of some rows that no worker has, together. When they could not be recorded none is
// changed.
func (s *Rows) ApplyAll(ctx context.Context, at []int, moves []migration.Transition) {
	if s.Err != nil || len(at) == 0 {
		return
	}
	if s.Err = s.ledger.ApplyAll(context.WithoutCancel(ctx), moves); s.Err != nil {
		return
	}
	for k, i := range at {
		s.take(i, moves[k].To())
	}
}

// InterruptAll gives all running rows back to the ledger, together.
func (s *Rows) InterruptAll(ctx context.Context, note string, now time.Time) {
	var at []int
	var moves []migration.Transition
	for i, r := range s.List {
		if r.State == migration.Running {
			at, moves = append(at, i), append(moves, migration.Interrupt(r, note, now))
		}
	}
	s.ApplyAll(ctx, at, moves)
}

// Interrupt gives a running row back to the ledger. It does nothing for rows in other states.
func (s *Rows) Interrupt(ctx context.Context, i int, note string, now time.Time) {
	if r := s.List[i]; r.State == migration.Running {
		s.Apply(ctx, i, migration.Interrupt(r, note, now))
	}
}

func (s *Rows) take(i int, r migration.Row) {
	s.Set(i, r)
	s.tell(r)
}
