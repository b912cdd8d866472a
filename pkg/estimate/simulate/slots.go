package simulate

import "slices"

// Slots are the slots of a run, and when each comes free, in minutes. [NewSlots] makes them.
type Slots struct{ free []float64 } // in rising order

// NewSlots are n slots, all free; below 1 counts as 1.
func NewSlots(n int) *Slots { return &Slots{make([]float64, 0, max(n, 1))} }

// Next is when a slot is free, and lets go of that slot: [Slots.Occupy] takes it again.
func (s *Slots) Next() float64 {
	if len(s.free) < cap(s.free) {
		return 0
	}
	first := s.free[0]
	s.free = slices.Delete(s.free, 0, 1)
	return first
}

// Occupy takes a slot until then; where all are taken it does nothing.
func (s *Slots) Occupy(until float64) {
	if len(s.free) < cap(s.free) {
		at, _ := slices.BinarySearch(s.free, until)
		s.free = slices.Insert(s.free, at, until)
	}
}
