package simulate

import "slices"

// Slots are the slots of a run, and when each becomes free, in minutes. Make them with [NewSlots].
type Slots struct{ free []float64 } // in rising order

// NewSlots returns n slots, all free; below 1 counts as 1.
func NewSlots(n int) *Slots { return &Slots{make([]float64, 0, max(n, 1))} }

// Next returns when the next slot is free, in minutes. That slot is nobody's until [Slots.Occupy] takes it.
func (s *Slots) Next() float64 {
	if len(s.free) < cap(s.free) {
		return 0
	}
	first := s.free[0]
	s.free = slices.Delete(s.free, 0, 1)
	return first
}

// Occupy takes the slot that Next returned, until that minute; if no slot is free it does nothing.
func (s *Slots) Occupy(until float64) {
	if len(s.free) < cap(s.free) {
		at, _ := slices.BinarySearch(s.free, until)
		s.free = slices.Insert(s.free, at, until)
	}
}
