package queue

import "wave365/pkg/migration"

// Place is where a row is, as far as starting others is concerned.
type Place int

// The places.
const (
	_ Place = iota // not put anywhere yet
	// Queued: not started.
	Queued
	// Ahead: started, no import yet.
	Ahead
	// Parked: started, no import yet, and waiting after a failure or for the canaries: it does not take another row's
	// place.
	Parked
	// Slotted: holds a slot: its import call is out, or the import is in flight.
	Slotted
	// Beyond: imported; the service, or the proof, is at work.
	Beyond
	// Released: this run will not continue it; its state is in the ledger.
	Released
	// Ended: final.
	Ended
	places // how many there are
)

// Block is why a run does not continue a row for now.
type Block int

// The blocks. A row that is final stays final, whatever the block.
const (
	// Free: the run continues the row.
	Free Block = iota
	// Drained: the run drains, and the row has no import yet.
	Drained
	// Reached: the row has done the last requested step.
	Reached
	// Behind: the canaries go first.
	Behind
)

// BlockOf returns why a run does not continue a row for now: it drains, or ends after the step until ("": none), or other rows
// come first.
func BlockOf(r *migration.Row, draining bool, until migration.Step, othersFirst bool) Block {
	switch {
	case draining && !r.Step.Imported():
		return Drained
	case until != "" && !r.State.Final() && !r.CutOver() && r.Step == migration.Next(r.Target.Trigger, until):
		return Reached // and nothing that cannot wait has begun
	case othersFirst && !r.State.Final() && !r.Step.Imported():
		return Behind
	}
	return Free
}

// Note is why a running row is given back to the ledger; "": it is not.
func (b Block) Note() string {
	switch b {
	case Drained:
		return "given back: the run drains"
	case Reached:
		return "the next step waits until the run is resumed"
	case Behind:
		return "given back: the canaries go first"
	}
	return ""
}

// place is where a row belongs that no worker has.
func place(r *migration.Row, b Block) Place {
	switch {
	case r.State.Final():
		return Ended
	case b == Behind && r.State == migration.Waiting:
		return Parked
	case b == Behind:
		return Queued
	case b == Reached:
		return Released
	case r.State == migration.Pending:
		return Queued
	case b == Drained:
		return Released
	}
	return atWork(r)
}

// atWork is the place of a row that is started and continues.
func atWork(r *migration.Row) Place {
	switch {
	case r.Step.Imported() && r.Step.InService():
		return Slotted
	case r.Step.Imported():
		return Beyond
	case r.State == migration.Waiting && r.Reason == migration.ReasonRetry:
		return Parked
	}
	return Ahead
}

// Handed is the place of a row whose step a worker does now.
func Handed(step migration.Step) Place {
	switch {
	case step.InService():
		return Slotted
	case step.Imported():
		return Beyond
	}
	return Ahead
}
