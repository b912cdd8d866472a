package runner

import (
	"container/heap"
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/migration"
)

// place says where a row is, as far as starting others goes.
type place int

const (
	nowhere  place = iota
	queued         // not taken up
	ahead          // taken up, no import yet
	parked         // taken up, no import yet, and waiting after trouble or for the canaries: it takes nobody's place
	slotted        // holds a slot: its import call is out, or the import is in flight
	beyond         // imported; the service, or the proof, is at work
	released       // this run will not go on with it; where it stands is in the ledger
	ended
	places // how many there are
)

// wave is the state of one Run. One goroutine, the one that called Run, owns it; workers only do steps, record
// transitions and report back.
type wave struct {
	*Runner
	rows  []migration.Row
	due   []time.Time // when a waiting row is looked at next; waits that are not recorded move only this
	where []place
	count [places]int

	pending queue                     // not taken up yet, in start order
	ready   map[migration.Step]*queue // may be done now, in start order
	waiting map[migration.Step]*queue // by due time

	workers int
	reports chan report

	slots      int
	tally      migration.Counts // how many rows stand where
	busy       []bool           // a worker has it
	doomed     map[int]bool     // to be cancelled when its worker is done
	gate       map[int]bool     // the canaries; nil: every row may start
	behind     []int            // rows that wait for the canaries
	quotaUntil time.Time        // no import is started before
	quotaWhy   string
	usedUp     bool // a quota is used up: one import is tried at a time
	throttled  int  // how often imports were refused for their number since one was accepted
	sending    int  // imports whose calls are out
	refused    int  // imports whose rows failed with them
	accepted   bool // an import of this run was accepted once
	haltWhy    string
	judged     int    // for how many final rows, plus one, the rules were applied
	told       string // the last status

	draining, stopping, paused, halted, yielding bool
	err                                          error
}

// report is what a worker gives back: the rows as they now stand.
type report struct {
	at   []int
	rows []migration.Row
	due  []time.Time // zero: as the row says
	err  error
}

func newWave(r *Runner, rows []migration.Row) *wave {
	w := &wave{
		Runner: r, rows: rows,
		due: make([]time.Time, len(rows)), where: make([]place, len(rows)),
		ready: map[migration.Step]*queue{}, waiting: map[migration.Step]*queue{},
		reports: make(chan report, r.cfg.Workers),
		slots:   r.cfg.Slots, tally: migration.Count(rows), busy: make([]bool, len(rows)), doomed: map[int]bool{},
		paused: r.cfg.Paused,
	}
	if r.cfg.Canary > 0 {
		w.gate = map[int]bool{}
		for _, i := range canaries(rows, r.cfg.Canary) {
			w.gate[i] = true
		}
	}
	byOrder := func(a, b int) bool { return before(&w.rows[a], &w.rows[b]) < 0 }
	byDue := func(a, b int) bool {
		if c := w.due[a].Compare(w.due[b]); c != 0 {
			return c < 0
		}
		return a < b
	}
	w.pending.less = byOrder
	for s := range r.works {
		w.ready[s] = &queue{less: byOrder}
		w.waiting[s] = &queue{less: byDue}
	}
	return w
}

// run is the conductor's loop.
func (w *wave) run(ctx context.Context, drain <-chan struct{}) (End, error) {
	for i := range w.rows {
		// A row that runs before anything was started belongs to a process that is no more.
		w.interrupt(ctx, i, "the process that worked on it ended")
		w.quota("", w.rows[i])
		w.accepted = w.accepted || w.rows[i].Facts.SnapshotID != "" || w.rows[i].Step.Imported()
		w.put(ctx, i, time.Time{})
	}
	if w.cfg.Draining {
		w.drain(ctx)
	}
	// Not errgroup.WithContext: one worker's trouble must not cancel the others, whose outcomes have to be recorded.
	var group errgroup.Group
	group.SetLimit(w.cfg.Workers)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		w.stopping = w.stopping || w.err != nil || ctx.Err() != nil
		if !w.stopping {
			w.judge(ctx)
			w.dispatch(ctx, &group)
			w.status()
		}
		if w.workers == 0 && w.over() {
			break
		}
		nap := w.nap()
		if w.cfg.Idle > 0 && nap > w.cfg.Idle && w.workers == 0 && !w.stopping {
			w.yielding = true
			break
		}
		timer.Reset(nap)
		done := ctx.Done()
		if w.stopping {
			done = nil
		}
		select {
		case rep := <-w.reports:
			w.take(ctx, rep)
		case <-timer.C:
		case <-drain:
			drain = nil
			w.drain(ctx)
		case o := <-w.cfg.Orders:
			w.obey(ctx, o)
		case <-done:
		}
	}
	w.Runner.due = w.nextDue()
	_ = group.Wait() // workers report through the channel; none returns an error here
	note := "stopped by the operator"
	if w.yielding {
		note = "given back until something is due"
	}
	for i := range w.rows {
		w.interrupt(ctx, i, note)
	}
	switch {
	case w.err != nil:
		return Stopped, w.err
	case w.open() == 0:
		return Finished, nil
	case w.stopping:
		return Stopped, nil
	case w.yielding:
		return Yielded, nil
	case w.halted:
		return Halted, nil
	case w.draining:
		return Drained, nil
	}
	return Reached, nil
}

// interrupt gives a running row back to the ledger. It does nothing for rows in other states, and nothing once the
// ledger is broken.
func (w *wave) interrupt(ctx context.Context, i int, note string) {
	if w.err != nil || w.rows[i].State != migration.Running {
		return
	}
	w.apply(ctx, i, migration.Interrupt(w.rows[i], note, w.cfg.Clock.Now()))
}

// drain lets go of every row that has not begun to import.
func (w *wave) drain(ctx context.Context) {
	w.draining = true
	w.openGate(ctx, nil)
	for _, s := range migration.Steps() {
		if s.Imported {
			continue
		}
		for _, q := range []*queue{w.ready[s.Step], w.waiting[s.Step]} {
			at := q.at
			q.at = nil
			for _, i := range at {
				w.put(ctx, i, w.due[i])
			}
		}
	}
}

// put puts a row that no worker has where it belongs. due, when not zero, is when a waiting row is looked at next.
func (w *wave) put(ctx context.Context, i int, due time.Time) {
	if w.doomed[i] && w.rows[i].Cancellable() && !w.touched(ctx, w.rows[i]) && w.err == nil {
		w.giveUp(ctx, i)
		return
	}
	switch step := w.rows[i].Step; {
	case w.draining && !step.Imported():
		w.interrupt(ctx, i, "given back: the run drains")
	case w.past(i):
		w.interrupt(ctx, i, "the next step waits until the run is resumed")
	case w.kept(i):
		w.interrupt(ctx, i, "given back: the canaries go first")
	}
	r := &w.rows[i]
	to := ended
	switch {
	case r.State.Final():
	case w.kept(i):
		w.behind = append(w.behind, i)
		if to = queued; r.State == migration.Waiting {
			to = parked
		}
		w.move(i, to)
		return
	case w.past(i):
		to = released
	case r.State == migration.Pending:
		to = queued
		heap.Push(&w.pending, i)
	default:
		switch {
		case w.draining && !r.Step.Imported():
			to = released
		case r.Step.Imported() && r.Step.InService():
			to = slotted
		case r.Step.Imported():
			to = beyond
		case r.State == migration.Waiting && r.Reason == migration.ReasonRetry:
			to = parked
		default:
			to = ahead
		}
	}
	w.move(i, to)
	if to == released && r.State == migration.Waiting && w.cfg.Observer != nil {
		// Nobody looks at it any more: to whoever watches this run it is queued for the next.
		left := *r
		left.State, left.Note = migration.Pending, "left for resume"
		w.cfg.Observer.Row(left)
	}
	if to == queued || to == released || to == ended {
		return
	}
	if r.State == migration.Running {
		if r.Step == migration.StepImport && w.count[slotted] >= w.slots {
			r.Note = migration.NoteForSlot // for the observer; nothing happened that the ledger must know
		}
		heap.Push(w.ready[r.Step], i)
		return
	}
	w.due[i] = r.NotBefore
	if !due.IsZero() {
		w.due[i] = due
	}
	heap.Push(w.waiting[r.Step], i)
}

func (w *wave) move(i int, to place) {
	w.count[w.where[i]]--
	w.count[to]++
	w.where[i] = to
}

// past reports whether the row has done the last step that was asked for, and nothing that cannot wait has begun.
func (w *wave) past(i int) bool {
	r := &w.rows[i]
	return w.cfg.Until != "" && !r.State.Final() && !r.CutOver() && r.Step == migration.Next(r.Target.Trigger, w.cfg.Until)
}

// kept reports whether the row has to wait for the canaries.
func (w *wave) kept(i int) bool {
	r := &w.rows[i]
	return w.gate != nil && !w.gate[i] && !r.State.Final() && !r.Step.Imported()
}

// open is how many rows are not final.
func (w *wave) open() int { return len(w.rows) - w.count[ended] }

// over reports whether nothing is left that this run may do. No worker is busy when it is asked.
func (w *wave) over() bool {
	if w.stopping || w.open() == 0 {
		return true
	}
	if w.draining {
		return w.count[ahead]+w.count[parked]+w.count[slotted]+w.count[beyond] == 0 && !w.resumable()
	}
	return w.count[released] == w.open()
}

// resumable reports whether a queued row of an earlier process has an import in flight: a draining run still sees it
// through.
func (w *wave) resumable() bool {
	return w.pending.Len() > 0 && w.rows[w.pending.at[0]].Step.Imported()
}

// nextDue is when the first row is due that may then be worked on, or imports are taken again; zero: none is.
func (w *wave) nextDue() time.Time {
	now := w.cfg.Clock.Now()
	var first time.Time
	if now.Before(w.quotaUntil) {
		first = w.quotaUntil
	}
	for step, q := range w.waiting {
		if q.Len() == 0 || (step == migration.StepImport && (w.count[slotted] >= w.slots || w.holdStarts(now))) {
			continue
		}
		if due := w.due[q.at[0]]; first.IsZero() || due.Before(first) {
			first = due
		}
	}
	return first
}

// nap is how long nothing can happen unless a worker reports.
func (w *wave) nap() time.Duration {
	d := time.Hour
	if w.stopping || w.workers == w.cfg.Workers {
		return d
	}
	if due := w.nextDue(); !due.IsZero() {
		d = min(d, w.cfg.Clock.Wall(due.Sub(w.cfg.Clock.Now())))
	}
	// A clock that is scaled rounds down; a nap of nothing would spin.
	return max(d, 50*time.Microsecond)
}

// take puts rows that a worker is done with back into their queues.
func (w *wave) take(ctx context.Context, rep report) {
	w.workers--
	if rep.err != nil && w.err == nil {
		w.err = rep.err
	}
	changed := false
	var next time.Time
	for k, i := range rep.at {
		moved := w.rows[i].Version != rep.rows[k].Version
		before := w.rows[i].Step
		if before == migration.StepImport {
			w.sending--
		}
		changed = changed || moved
		w.busy[i] = false
		w.set(i, rep.rows[k])
		if moved {
			w.quota(before, w.rows[i])
		}
		w.put(ctx, i, rep.due[k])
		if moved && w.where[i] != released && w.cfg.Observer != nil {
			w.cfg.Observer.Row(w.rows[i])
		}
		if next.IsZero() || w.due[i].Before(next) {
			next = w.due[i]
		}
	}
	if !changed && rep.err == nil && w.cfg.Observer != nil {
		w.cfg.Observer.Polled(rep.at, next)
	}
}
