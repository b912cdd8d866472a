package migration

import "time"

// Standing is how a user stands in an earlier run of a ledger.
type Standing struct {
	Run string
	// User is the user as that run's wave spells it.
	User  string
	State State
	// Code is the code of the row's problem; empty: it has none.
	Code string
	// InDoubt: an import of the row was sent whose end is not known.
	InDoubt bool
	// Disk, Policy and License are what the row aimed at; CloudPCID is the Cloud PC that it was seen to have.
	Disk, Policy, License, CloudPCID string
	// Trigger is which link was to be closed last.
	Trigger Trigger
	// At is when the row was last changed.
	At time.Time
}

// Holds reports whether the row keeps its user to itself: it is worked on, or an import of it may exist.
func (s Standing) Holds() bool { return s.InDoubt || !s.State.Final() || s.State == Held }

// Outweighs reports whether of two standings of one user this one counts: what holds the user, else the later one.
func (s Standing) Outweighs(other Standing) bool {
	if s.Holds() != other.Holds() {
		return s.Holds()
	}
	return s.At.After(other.At)
}
