// Package forecast says when in a wave each import is expected to run, so that signatures can be measured against it.
// It is an estimate on the late side, made before anything has run; it is not for steering a run.
package forecast

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// Job is one import.
type Job struct {
	// Priority orders starts, higher first.
	Priority int
	// Bytes is the disk's size; 0, not known, counts as a usual one.
	Bytes int64
}

// Span is from when to when an import is expected to run.
type Span struct{ Start, End time.Time }

const (
	gib = 1 << 30
	// usual is the disk to reckon with when nothing is known.
	usual = 128 * gib
	// base and perGiB are twice of what field reports suggest (10 minutes, and one more for every 10 GiB): a signature
	// that ends too early costs a row, one that lasts longer costs nothing.
	base   = 20 * time.Minute
	perGiB = 12 * time.Second
)

// Takes is how long the import of so many bytes is reckoned with.
func Takes(bytes int64) time.Duration {
	if bytes <= 0 {
		bytes = usual
	}
	return base + time.Duration(float64(bytes)/gib*float64(perGiB))
}

// Spans gives for every job when its import is expected to start and to end, if slots of them (at least 1) run at a
// time from now on: by priority, then larger disks first, then in the order given, as a run starts them. Nobody knows
// yet which row will fail or wait, so each is taken to keep its slot for as long as [Takes] says.
func Spans(jobs []Job, slots int, now time.Time) []Span {
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(jobs[b].Priority, jobs[a].Priority), cmp.Compare(jobs[b].Bytes, jobs[a].Bytes))
	})
	free := make(times, 0, max(slots, 1))
	spans := make([]Span, len(jobs))
	for _, i := range order {
		start := now
		if len(free) == max(slots, 1) {
			start = heap.Pop(&free).(time.Time)
		}
		spans[i] = Span{start, start.Add(Takes(jobs[i].Bytes))}
		heap.Push(&free, spans[i].End)
	}
	return spans
}

// times is a heap of when slots come free.
type times []time.Time

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i].Before(t[j]) }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(time.Time)) }
func (t *times) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
