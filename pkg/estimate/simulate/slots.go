package simulate

import "container/heap"

// Slots are the slots of a run, and when each comes free, in minutes. [NewSlots] makes them.
type Slots struct{ free times }

// NewSlots are n slots, all free; below 1 counts as 1.
func NewSlots(n int) *Slots { return &Slots{make(times, 0, max(n, 1))} }

// Next is when a slot is free, and lets go of that slot: [Slots.Occupy] takes it again.
func (s *Slots) Next() float64 {
	if len(s.free) < cap(s.free) {
		return 0
	}
	return heap.Pop(&s.free).(float64)
}

// Occupy takes a slot until then; where all are taken it does nothing.
func (s *Slots) Occupy(until float64) {
	if len(s.free) < cap(s.free) {
		heap.Push(&s.free, until)
	}
}

// times is a heap.
type times []float64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(float64)) }
func (t *times) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
