// Package board is what is known of a run in progress: its rows, their steps and since when, how many are done, how
// long steps have taken and what that means for the rest. It does not draw, and starts no goroutine.
package board

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/migration"
)

// Board is told what happens and returns what is known; every view reads from one. Make it with [New]. Its methods are
// safe for concurrent use.
type Board struct {
	now func() time.Time

	mu      sync.Mutex
	run     migration.Run
	rows    map[int]*tracked
	counts  migration.Counts
	rest    *estimate.Rest
	left    left
	status  string
	began   time.Time
	started bool
	done    bool
}

// New makes an empty board; now is service time.
func New(now func() time.Time) *Board { return &Board{now: now} }

// tracked is the state of a row, with what the row itself does not contain.
type tracked struct {
	standing
	// line is the row while it is under way. Other rows are not drawn, and a large wave need not be in memory twice.
	line *migration.Row
	// since is when the row entered its step, as far as that is known.
	since time.Time
	// looked and next are when the row was last and will next be polled; zero: not known.
	looked, next time.Time
}

// standing is what a later report of a row is compared with.
type standing struct {
	version        int64
	state          migration.State
	step           migration.Step
	attempt, tries int
	warned         bool
}

func (t *tracked) stand(r migration.Row) {
	t.standing, t.line = standing{r.Version, r.State, r.Step, r.Attempt, r.Tries, r.Warned}, nil
	if r.State == migration.Running || r.State == migration.Waiting {
		t.line = &r
	}
}

// Change is the effect of one reported row.
type Change struct {
	// Moved: another step or state; Tried: one more failed try; Ended: final now and not before.
	Moved, Tried, Ended bool
	// Counts is how many rows are in which state after this change.
	Counts migration.Counts
	// Took is how long the row has been worked on, since its first claim; 0: not known.
	Took time.Duration
}

// Snapshot is the board at one moment, for drawing.
type Snapshot struct {
	Run    migration.Run
	Counts migration.Counts
	// Status is why the run is waiting or slow; "" if it is not.
	Status string
	// Began is when the board was started, Now when the snapshot was made.
	Began, Now time.Time
	// Ended: nothing more will be reported.
	Ended bool
	// Active lists the rows under way: those over their usual time first, then those in trouble, then in the order in
	// which they were started, so that a row keeps its place.
	Active []Line
	// Left is how long the run may still take.
	Left estimate.Range
}

// left is the latest estimate. It takes some milliseconds for a large wave, and drawing happens more often.
type left struct {
	at  time.Time
	was estimate.Range
}

// Line is one row under way.
type Line struct {
	Row migration.Row
	// Since is when the row entered its step, as far as that is known.
	Since time.Time
	// Looked and Next are the last and the next poll; zero: not known.
	Looked, Next time.Time
	// Usual is the longest that its step usually takes; Slow: it takes longer.
	Usual time.Duration
	Slow  bool
}

// Start starts the board; it reports false if the board was started before or has ended.
func (b *Board) Start(run migration.Run, rows []migration.Row) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.started || b.done {
		return false
	}
	b.started, b.run, b.began = true, run, b.now()
	b.rows, b.rest = make(map[int]*tracked, len(rows)), estimate.RestOf(run, rows)
	for _, r := range rows {
		t := &tracked{since: StepSince(r)}
		t.stand(r)
		b.rows[r.Index] = t
		b.counts.Add(r, 1)
	}
	return true
}

// Update records a row; it reports false if the board is not running, or knows a newer state of the row.
func (b *Board) Update(r migration.Row) (Change, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done {
		return Change{}, false
	}
	t := b.rows[r.Index]
	if t == nil {
		t = &tracked{since: StepSince(r)}
		b.rows[r.Index] = t
	} else {
		if r.Version < t.version {
			return Change{}, false
		}
		b.counts.Add(migration.Row{State: t.state, Warned: t.warned}, -1)
	}
	was := t.standing
	c := Change{
		Moved: was.step != r.Step || was.state != r.State,
		Tried: r.Tries > was.tries,
		Ended: r.State.Final() && !was.state.Final(),
	}
	// The time that a row waits in the queue does not count as part of its step.
	if was.step != r.Step || was.attempt != r.Attempt || was.state == migration.Pending {
		t.since, t.looked = StepSince(r), time.Time{}
	}
	t.stand(r)
	b.rest.Put(r)
	t.next = r.NotBefore
	b.counts.Add(r, 1)
	c.Counts = b.counts
	if !r.StartedAt.IsZero() {
		c.Took = r.UpdatedAt.Sub(r.StartedAt)
	}
	return c, true
}

// Polled records a poll; it reports false when there is nothing to show.
func (b *Board) Polled(rows []int, next time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done {
		return false
	}
	now := b.now()
	for _, i := range rows {
		if t := b.rows[i]; t != nil {
			t.looked, t.next = now, next
		}
	}
	return true
}

// Steer records how the run is executed from now on; it reports false if the board is not running.
func (b *Board) Steer(run migration.Run) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done {
		return false
	}
	b.run, b.left = run, left{}
	b.rest.Steer(run)
	return true
}

// SetStatus sets the status; it reports false if that is the status already.
func (b *Board) SetStatus(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done || b.status == text {
		return false
	}
	b.status = text
	return true
}

// End ends the board; it reports false if the board was never started or has ended before. Nothing is recorded
// afterwards.
func (b *Board) End() (migration.Counts, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started || b.done {
		b.done = true
		return b.counts, false
	}
	b.done = true
	return b.counts, true
}

// Snapshot returns the board at this moment. Once it has ended nothing is under way and there is no forecast.
func (b *Board) Snapshot() Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	s := Snapshot{Run: b.run, Counts: b.counts, Status: b.status, Began: b.began, Now: now, Ended: b.done}
	if b.done {
		return s
	}
	s.Left = b.remaining(now)
	for i, t := range b.rows {
		if t.line != nil {
			usual := b.rest.Usual(i)
			s.Active = append(s.Active, Line{Row: *t.line, Since: t.since, Looked: t.looked, Next: t.next,
				Usual: usual, Slow: usual > 0 && !t.since.IsZero() && now.Sub(t.since) > usual})
		}
	}
	slices.SortFunc(s.Active, func(x, y Line) int {
		return cmp.Or(x.rank()-y.rank(), x.Row.StartedAt.Compare(y.Row.StartedAt), x.Row.Index-y.Row.Index)
	})
	return s
}

func (b *Board) remaining(now time.Time) estimate.Range {
	const fresh = 15 * time.Second
	if age := now.Sub(b.left.at); !b.left.at.IsZero() && age >= 0 && age < fresh && b.left.was.From > age {
		r := b.left.was
		r.From, r.Likely, r.To = r.From-age, r.Likely-age, r.To-age
		return r
	}
	b.left = left{now, b.rest.TimeLeft(now)}
	return b.left.was
}

func (l Line) rank() int {
	switch {
	case l.Slow:
		return 0
	case l.Row.Tries > 0:
		return 1
	}
	return 2
}

// StepSince returns the best estimate that a row alone allows of when its step began.
func StepSince(r migration.Row) time.Time {
	f := r.Facts
	switch {
	case r.Step == migration.StepImportWait && !f.ImportStarted.IsZero():
		return f.ImportStarted
	case r.Step == migration.StepProvisionWait && !f.CutOver.IsZero():
		return f.CutOver
	}
	return r.UpdatedAt
}
