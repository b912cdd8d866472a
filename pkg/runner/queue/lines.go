package queue

import (
	"container/heap"
	"time"

	"wave365/pkg/migration"
)

// Lines holds every row of a wave at its place, by its position, and in a queue those that are to be worked on. Build it with
// New. Not safe for concurrent use.
type Lines struct {
	rows    []migration.Row
	due     []time.Time // when a waiting row is next due; waits that are not recorded move only this
	where   []Place
	count   [places]int
	pending heaped                     // not started yet, in start order
	ready   map[migration.Step]*heaped // may be done now, in start order
	waiting map[migration.Step]*heaped // by due time
	behind  []int                      // rows that wait for the canaries
}

// New makes the lines of rows, which are read whenever one is put; no row has a place yet.
func New(rows []migration.Row) *Lines {
	l := &Lines{
		rows: rows, due: make([]time.Time, len(rows)), where: make([]Place, len(rows)),
		ready: map[migration.Step]*heaped{}, waiting: map[migration.Step]*heaped{},
	}
	byOrder := func(a, b int) bool { return Before(&l.rows[a], &l.rows[b]) < 0 }
	byDue := func(a, b int) bool {
		if c := l.due[a].Compare(l.due[b]); c != 0 {
			return c < 0
		}
		return a < b
	}
	l.pending.less = byOrder
	for _, s := range migration.Steps() {
		l.ready[s.Step], l.waiting[s.Step] = &heaped{less: byOrder}, &heaped{less: byDue}
	}
	return l
}

// Put puts a row that is in no queue where it belongs, and returns that place. due, when not zero, is when a waiting row
// is next due; otherwise the row determines it.
func (l *Lines) Put(i int, b Block, due time.Time) Place {
	r := &l.rows[i]
	to := place(r, b)
	l.Move(i, to)
	switch {
	case to == Ended, to == Released:
	case b == Behind:
		l.behind = append(l.behind, i)
	case to == Queued:
		heap.Push(&l.pending, i)
	case r.State == migration.Running:
		heap.Push(l.ready[r.Step], i)
	default:
		if l.due[i] = r.NotBefore; !due.IsZero() {
			l.due[i] = due
		}
		heap.Push(l.waiting[r.Step], i)
	}
	return to
}

// Move notes where a row is that is in no queue.
func (l *Lines) Move(i int, to Place) {
	l.count[l.where[i]]--
	l.count[to]++
	l.where[i] = to
}

// Count is how many rows are at a place.
func (l *Lines) Count(p Place) int { return l.count[p] }

// Open is how many rows are not final.
func (l *Lines) Open() int { return len(l.rows) - l.count[Ended] }

// Over reports whether no row is left with which the run may continue, when no worker has one.
func (l *Lines) Over(draining bool) bool {
	if l.Open() == 0 || !draining {
		return l.count[Released] == l.Open()
	}
	// A queued row of an earlier process may have an import in flight: a draining run still sees it through.
	i, ok := l.pending.first()
	resumable := ok && l.rows[i].Step.Imported()
	return l.count[Ahead]+l.count[Parked]+l.count[Slotted]+l.count[Beyond] == 0 && !resumable
}

// Due is when the row, which waits or has waited, is or was due.
func (l *Lines) Due(i int) time.Time { return l.due[i] }

// FirstDue is when the first row that waits, at a step other than but, is due; zero: none waits.
func (l *Lines) FirstDue(but migration.Step) (first time.Time) {
	for step, q := range l.waiting {
		i, waits := q.first()
		if waits && step != but && (first.IsZero() || l.due[i].Before(first)) {
			first = l.due[i]
		}
	}
	return first
}

// Room reports whether one more row without an import may be started to do the step, besides those that are chosen already:
// every slot has a row, and a few rows are ahead, so that a slot that becomes free is filled at once. mayStart is how many
// imports may be sent now.
func (l *Lines) Room(step migration.Step, chosen, slots, mayStart int) bool {
	slotted, ahead := l.count[Slotted], l.count[Ahead]
	lookahead := max(1, slots/2) // this many are checked and joined before a slot is free for them
	switch {
	case ahead+slotted+chosen >= slots+lookahead:
		return false
	case chosen == 0 && slotted >= slots && ahead > lookahead/2:
		return false // enough are ahead: the next are started together, which saves calls
	case step == migration.StepImport:
		return slotted+chosen < slots && chosen < mayStart
	}
	return true
}

// Next removes the row that is to do the step now: one whose wait is over, which would otherwise wait for every ready one;
// else the first that is ready; else the first whose wait is over by until. false: there is none.
func (l *Lines) Next(step migration.Step, now, until time.Time) (int, bool) {
	ready, waiting := l.ready[step], l.waiting[step]
	i, waits := waiting.first()
	switch overdue := waits && !l.due[i].After(now); {
	case !overdue && ready.Len() > 0:
		return heap.Pop(ready).(int), true
	case waits && !l.due[i].After(until):
		return heap.Pop(waiting).(int), true
	}
	return 0, false
}

// FirstPending is the row that would be started next; false: every row was.
func (l *Lines) FirstPending() (int, bool) { return l.pending.first() }

// TakePending takes that row out.
func (l *Lines) TakePending() int { return heap.Pop(&l.pending).(int) }

// Pending lists the rows that were not started yet, in no order. The result is valid until the next call.
func (l *Lines) Pending() []int { return l.pending.at }

// Behind is how many rows wait for the canaries.
func (l *Lines) Behind() int { return len(l.behind) }

// TakeBehind takes out all that wait for the canaries.
func (l *Lines) TakeBehind() []int {
	at := l.behind
	l.behind = nil
	return at
}

// TakeAll takes out all that are ready or wait at the step.
func (l *Lines) TakeAll(step migration.Step) []int {
	var at []int
	for _, q := range []*heaped{l.ready[step], l.waiting[step]} {
		at = append(at, q.at...)
		q.at = nil
	}
	return at
}

// Remove removes rows from the queues they are in.
func (l *Lines) Remove(gone map[int]bool) {
	if len(gone) == 0 {
		return
	}
	keep := func(at []int) []int {
		kept := at[:0]
		for _, i := range at {
			if !gone[i] {
				kept = append(kept, i)
			}
		}
		return kept
	}
	queues := []*heaped{&l.pending}
	for s := range l.ready {
		queues = append(queues, l.ready[s], l.waiting[s])
	}
	for _, q := range queues {
		q.at = keep(q.at)
		heap.Init(q)
	}
	l.behind = keep(l.behind)
}
