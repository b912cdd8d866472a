package migration

import (
	"strings"
	"time"
)

// Standing is the state of a user in an earlier run of a ledger.
type Standing struct {
	Run string
	// User is the user as that run's wave spells it, UPN as the tenant did when the row began.
	User, UPN string
	State     State
	// Code is the code of the row's problem; empty: it has none.
	Code string
	// InDoubt: an import of the row was sent whose end is not known.
	InDoubt bool
	// Disk, Policy and License are the row's target; CloudPCID is the Cloud PC that it was seen to have.
	Disk, Policy, License, CloudPCID string
	// Group is the id of the group that the user was to be in, GroupName its name then; empty: unknown.
	Group, GroupName string
	// Provisioned is when that Cloud PC was provisioned, as it was proven; zero: it was not.
	Provisioned time.Time
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

// Proven reports whether a Cloud PC of this id and time of provisioning is the one by which the row was proven.
func (s Standing) Proven(id string, provisioned time.Time) bool {
	return Facts{CloudPCID: s.CloudPCID, Provisioned: s.Provisioned}.Proven(id, provisioned)
}

// Proven reports whether a Cloud PC of this id and time of provisioning is the one by which the row was proven. An id alone
// is not enough: a Cloud PC that is provisioned again in its place keeps it, and holds another disk. When either is
// unknown, the answer is false.
func (f Facts) Proven(id string, provisioned time.Time) bool {
	return f.CloudPCID != "" && strings.EqualFold(f.CloudPCID, id) &&
		!f.Provisioned.IsZero() && !provisioned.IsZero() && !provisioned.After(f.Provisioned)
}
