package progress

import (
	"slices"
	"sync"
	"time"

	"wave365/pkg/migration"
)

// board is what is known of the run: every view reads from one. Its methods are safe for concurrent use.
type board struct {
	now func() time.Time

	mu      sync.Mutex
	run     migration.Run
	rows    map[int]*tracked
	counts  migration.Counts
	pace    pace
	status  string
	began   time.Time
	started bool
	done    bool
}

// tracked is a row with what the row itself does not say.
type tracked struct {
	row migration.Row
	// since is when the row came to its step, as far as that is known.
	since time.Time
	// looked and next are the last and the next look; zero: not known.
	looked, next time.Time
}

// change is what became of one reported row.
type change struct {
	// moved: another step or state; tried: one more failed try; ended: final now and not before.
	moved, tried, ended bool
	counts              migration.Counts
	// took is how long the row has been worked on, from its first claim.
	took time.Duration
}

// start answers false when the board was started before or is done.
func (b *board) start(run migration.Run, rows []migration.Row) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.started || b.done {
		return false
	}
	b.started, b.run, b.began = true, run, b.now()
	b.rows = make(map[int]*tracked, len(rows))
	for _, r := range rows {
		b.rows[r.Index] = &tracked{row: r, since: stepSince(r)}
		b.counts.Add(r, 1)
		b.pace.finished(r)
	}
	return true
}

// update takes a row in; false: not started, done, or older than what is known.
func (b *board) update(r migration.Row) (change, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done {
		return change{}, false
	}
	t := b.rows[r.Index]
	if t == nil {
		t = &tracked{since: stepSince(r)}
		b.rows[r.Index] = t
	} else {
		if r.Version < t.row.Version {
			return change{}, false
		}
		b.counts.Add(t.row, -1)
	}
	was := t.row
	c := change{
		moved: was.Step != r.Step || was.State != r.State,
		tried: r.Tries > was.Tries,
		ended: r.State.Final() && !was.State.Final(),
	}
	if (was.Step != r.Step || r.State == migration.Succeeded) && !was.State.Final() && !t.since.IsZero() {
		b.pace.add(was.Step, r.UpdatedAt.Sub(t.since))
	}
	// The time that a row lies in the queue is no part of its step.
	if was.Step != r.Step || was.Attempt != r.Attempt || was.State == migration.Pending {
		t.since, t.looked = stepSince(r), time.Time{}
	}
	t.row, t.next = r, r.NotBefore
	b.counts.Add(r, 1)
	c.counts = b.counts
	if !r.StartedAt.IsZero() {
		c.took = r.UpdatedAt.Sub(r.StartedAt)
	}
	return c, true
}

// polled answers false when there is nothing to show.
func (b *board) polled(p Poll) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done {
		return false
	}
	now := b.now()
	for _, i := range p.Rows {
		if t := b.rows[i]; t != nil {
			t.looked, t.next = now, p.Next
		}
	}
	return true
}

// setStatus answers false when it says nothing new.
func (b *board) setStatus(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done || b.status == text {
		return false
	}
	b.status = text
	return true
}

// end answers false when it was never started or has ended before. Nothing is taken in afterwards.
func (b *board) end() (migration.Counts, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done {
		b.done = true
		return b.counts, false
	}
	b.done = true
	return b.counts, true
}

// active gives the rows that are under way: those over their usual time first, then those in trouble, then in the
// order in which they were started, so that a row keeps its place.
func (b *board) active(now time.Time) []*tracked {
	var list []*tracked
	for _, t := range b.rows {
		if t.row.State == migration.Running || t.row.State == migration.Waiting {
			list = append(list, t)
		}
	}
	rank := func(t *tracked) int {
		switch {
		case b.pace.slow(t, now):
			return 0
		case t.row.Tries > 0:
			return 1
		}
		return 2
	}
	slices.SortFunc(list, func(x, y *tracked) int {
		if d := rank(x) - rank(y); d != 0 {
			return d
		}
		if d := x.row.StartedAt.Compare(y.row.StartedAt); d != 0 {
			return d
		}
		return x.row.Index - y.row.Index
	})
	return list
}

// stepSince is the best that a row alone tells about when its step began.
func stepSince(r migration.Row) time.Time {
	f := r.Facts
	switch {
	case r.Step == migration.StepImportWait && !f.ImportStarted.IsZero():
		return f.ImportStarted
	case r.Step == migration.StepProvisionWait && !f.CutOver.IsZero():
		return f.CutOver
	}
	return r.UpdatedAt
}
