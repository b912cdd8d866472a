package summary

import (
	"slices"

	"wave365/pkg/migration"
)

// Class is how a row ended, or that it has not. It is the word in results.csv, run.json and the page's filter.
type Class string

// The classes. The three open ones are told apart only while a run is in progress.
const (
	Succeeded Class = "succeeded"
	Warned    Class = "warned"
	Failed    Class = "failed"
	Held      Class = "held"
	Skipped   Class = "skipped"
	Deferred  Class = "deferred"
	Cancelled Class = "cancelled"
	Active    Class = "active"
	Waiting   Class = "waiting"
	Queued    Class = "queued"
)

// Classes returns every class, in the order in which people read them.
func Classes() []Class {
	return []Class{Succeeded, Warned, Held, Failed, Skipped, Deferred, Cancelled, Active, Waiting, Queued}
}

// ClassOf returns a row's class.
func ClassOf(r migration.Row) Class {
	switch r.State {
	case migration.Pending:
		return Queued
	case migration.Running:
		return Active
	case migration.Succeeded:
		if r.Warned {
			return Warned
		}
	}
	return Class(r.State)
}

// Gravity orders classes by how urgently they need a person's attention; 0 is the gravest. Everything that lists
// problems uses this order.
func (c Class) Gravity() int {
	return slices.Index([]Class{Held, Failed, Skipped, Deferred, Cancelled, Warned, Active, Waiting, Queued, Succeeded}, c)
}

// HasCloudPC reports whether a row of this class ended with a Cloud PC from its snapshot.
func (c Class) HasCloudPC() bool { return c == Succeeded || c == Warned }

// Open reports whether a row of this class is not finished.
func (c Class) Open() bool { return c == Active || c == Waiting || c == Queued }

// Rerunnable reports whether a row belongs in failed.csv: it ended without a Cloud PC and may go into another wave. A held row
// may not, because its import may exist; nor may one whose line was removed from the wave file, because that was done on purpose.
func Rerunnable(r migration.Row) bool {
	return slices.Contains([]migration.State{migration.Failed, migration.Skipped, migration.Deferred, migration.Cancelled}, r.State) && !r.Removed()
}

// Label is the class in words.
func (c Class) Label() string {
	switch c {
	case Succeeded:
		return "Done"
	case Warned:
		return "Done, with warnings"
	case Failed:
		return "Failed"
	case Held:
		return "Held for a decision"
	case Skipped:
		return "Not started: error in the wave"
	case Deferred:
		return "Deferred"
	case Cancelled:
		return "Cancelled"
	case Active:
		return "Being worked on"
	case Waiting:
		return "Waiting for the service"
	case Queued:
		return "Waiting for its turn"
	}
	return string(c)
}

// Short is the label for narrow places.
func (c Class) Short() string {
	switch c {
	case Warned:
		return "Done, warnings"
	case Held:
		return "Held"
	case Skipped:
		return "Not started"
	case Active:
		return "Working"
	case Waiting:
		return "In service"
	case Queued:
		return "Queued"
	}
	return c.Label()
}
