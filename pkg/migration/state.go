package migration

// State is the state of a row. The zero value is not a state.
type State string

// The states. What happens if the program dies in one of them is part of its meaning.
const (
	// Pending: not being worked on; free to be claimed. Dying changes nothing.
	Pending State = "pending"
	// Running: a step is being done by the process that holds the lock. After a death the row goes back to
	// Pending at the same step, and the step looks before it acts.
	Running State = "running"
	// Waiting: the service is working, or NotBefore has not come. A crash changes nothing; the wait is resumed.
	Waiting State = "waiting"
	// Succeeded: the Cloud PC is provisioned under the row's policy and the import was consumed. Final.
	Succeeded State = "succeeded"
	// Failed: it ended without a Cloud PC from the snapshot. Final until `retry`.
	Failed State = "failed"
	// Held: an effect's outcome is unknown and could not be read back. A person must settle it.
	Held State = "held"
	// Deferred: not started, because it would not have finished in time. Final for this evening.
	Deferred State = "deferred"
	// Skipped: never started, because validation found an error. Final.
	Skipped State = "skipped"
	// Cancelled: the operator cancelled it. Final until `retry`.
	Cancelled State = "cancelled"
)

// States lists every state, in the order in which people read them.
func States() []State {
	return []State{Pending, Running, Waiting, Succeeded, Failed, Held, Deferred, Skipped, Cancelled}
}

// Final reports whether a run leaves a row in this state alone.
func (s State) Final() bool {
	switch s {
	case Succeeded, Failed, Held, Deferred, Skipped, Cancelled:
		return true
	}
	return false
}

// Reason is why a row changed state. Two arrows may end in the same state for different reasons.
type Reason string

// The reasons.
const (
	ReasonCreated     Reason = "created"
	ReasonClaimed     Reason = "claimed"
	ReasonDue         Reason = "due"
	ReasonStepDone    Reason = "step-done"
	ReasonParked      Reason = "parked"
	ReasonRetry       Reason = "retry"
	ReasonProven      Reason = "proven"
	ReasonFailed      Reason = "failed"
	ReasonUnknown     Reason = "outcome-unknown"
	ReasonInterrupted Reason = "interrupted"
	ReasonAdopted     Reason = "adopted"
	ReasonNoEffect    Reason = "no-effect"
	ReasonFinding     Reason = "finding"
	ReasonStopBy      Reason = "stop-by"
	ReasonOperator    Reason = "operator"
	ReasonRetried     Reason = "retried"
)

// Arrow is one allowed change of state.
type Arrow struct {
	From, To State
	Reason   Reason
}

// Arrows lists every allowed change of state. The ledger copies it into the database, which refuses any other.
func Arrows() []Arrow {
	return []Arrow{
		{Pending, Running, ReasonClaimed},
		{Waiting, Running, ReasonDue},
		{Running, Running, ReasonStepDone},
		{Running, Waiting, ReasonStepDone},
		{Waiting, Running, ReasonStepDone},
		{Waiting, Waiting, ReasonStepDone},
		{Running, Waiting, ReasonParked},
		{Waiting, Waiting, ReasonParked},
		{Running, Waiting, ReasonRetry},
		{Waiting, Waiting, ReasonRetry},
		{Running, Succeeded, ReasonProven},
		{Waiting, Succeeded, ReasonProven},
		{Running, Failed, ReasonFailed},
		{Waiting, Failed, ReasonFailed},
		{Running, Held, ReasonUnknown},
		{Waiting, Held, ReasonUnknown},
		{Running, Pending, ReasonInterrupted},
		{Held, Waiting, ReasonAdopted},
		{Held, Pending, ReasonNoEffect},
		{Pending, Skipped, ReasonFinding},
		{Pending, Deferred, ReasonStopBy},
		{Pending, Cancelled, ReasonOperator},
		{Waiting, Cancelled, ReasonOperator},
		{Held, Cancelled, ReasonOperator},
		{Failed, Pending, ReasonRetried},
		{Cancelled, Pending, ReasonRetried},
		{Deferred, Pending, ReasonRetried},
		{Pending, Pending, ReasonAmended},
		{Skipped, Pending, ReasonAmended},
	}
}
