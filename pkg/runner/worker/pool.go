package worker

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/migration"
)

// Pool are workers, a number of them at a time. Build it with NewPool. One goroutine, its owner, calls its methods.
type Pool struct {
	worker  Worker
	size    int
	count   int
	busy    []bool // a worker has the row
	reports chan Report
	group   errgroup.Group
}

// Report is what a worker gives back.
type Report struct {
	// At are the positions of the rows, Rows the updated rows.
	At   []int
	Rows []migration.Row
	// Due is when each is next due; zero: as the row has it.
	Due []time.Time
	// Err: the ledger could not be written.
	Err error
}

// NewPool makes a pool of size workers for that number of rows.
func NewPool(w Worker, size, rows int) *Pool {
	// Not errgroup.WithContext: one worker's trouble must not cancel the others, whose outcomes have to be recorded.
	p := &Pool{worker: w, size: size, busy: make([]bool, rows), reports: make(chan Report, size)}
	p.group.SetLimit(size)
	return p
}

// Free reports whether a worker is idle.
func (p *Pool) Free() bool { return p.count < p.size }

// Idle reports whether no worker has anything to do.
func (p *Pool) Idle() bool { return p.count == 0 }

// Busy reports whether a worker has the row.
func (p *Pool) Busy(i int) bool { return p.busy[i] }

// Hand gives rows, whose positions are at, to a worker that is free.
func (p *Pool) Hand(ctx context.Context, work migration.Work, at []int, rows []migration.Row) {
	for _, i := range at {
		p.busy[i] = true
	}
	p.count++
	p.group.Go(func() error {
		due, err := p.worker.Do(ctx, work, rows)
		p.reports <- Report{At: at, Rows: rows, Due: due, Err: err}
		return nil
	})
}

// Reports brings what workers give back. Each has to be handed to Take.
func (p *Pool) Reports() <-chan Report { return p.reports }

// Take takes a worker back that has reported.
func (p *Pool) Take(rep Report) {
	p.count--
	for _, i := range rep.At {
		p.busy[i] = false
	}
}

// Wait waits until no goroutine is left. Every report was taken by then.
func (p *Pool) Wait() { _ = p.group.Wait() } // workers report through the channel; none returns an error here
