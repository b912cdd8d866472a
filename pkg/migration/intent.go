package migration

import "time"

// Effect names one write to the tenant.
type Effect string

// The effects.
const (
	EffectImport        Effect = "snapshot.import"
	EffectPurge         Effect = "snapshot.purge"
	EffectJoin          Effect = "group.join"
	EffectLicense       Effect = "license.assign"
	EffectRelease       Effect = "license.remove"
	EffectLeave         Effect = "group.leave"
	EffectSettingCreate Effect = "setting.create"
	EffectSettingAssign Effect = "setting.assign"
)

// WaveRow is the row index of effects that are done once for the whole wave.
const WaveRow = -1

// Intent records that an effect is about to be tried. It is committed before the call.
type Intent struct {
	ID  int64
	Run string
	// Row is the row's index, or WaveRow.
	Row     int
	Attempt int
	Effect  Effect
	// ClientRequestID is the id that the call carries.
	ClientRequestID string
	// Subject is what the effect is done to (user id, group id, setting name), never a secret.
	Subject string
	At      time.Time
	// Outcome is nil until the result of the call is known.
	Outcome *Outcome
}

// OutcomeStatus is how an effect ended.
type OutcomeStatus string

// The outcomes.
const (
	// OutcomeDone: the service accepted the call.
	OutcomeDone OutcomeStatus = "done"
	// OutcomeRefused: the service refused the call, or nothing was sent; the effect did not happen.
	OutcomeRefused OutcomeStatus = "refused"
	// OutcomeUnknown: no usable answer; the effect may have happened.
	OutcomeUnknown OutcomeStatus = "unknown"
	// OutcomeAdopted: found by reading back: it had happened.
	OutcomeAdopted OutcomeStatus = "adopted"
	// OutcomeNoEffect: established, by reading or by a person, that it had not happened.
	OutcomeNoEffect OutcomeStatus = "no-effect"
)

// Happened reports whether the effect is known to have happened.
func (s OutcomeStatus) Happened() bool { return s == OutcomeDone || s == OutcomeAdopted }

// Outcome is how an effect ended. It is committed after the call.
type Outcome struct {
	Status OutcomeStatus
	// RemoteID is the service's id of the object that was created; may be empty.
	RemoteID string
	// RequestID is the service's id of the request; may be empty.
	RequestID string
	// Detail is for people: the service's refusal, or how it was read back. It holds no secret.
	Detail string
	// NoChange: the service accepted the call and reported that it changed nothing. An undo leaves that alone.
	NoChange bool
	At       time.Time
}

// Event is one entry of a run's history.
type Event struct {
	// ID grows with time within a ledger.
	ID  int64
	Run string
	// Row is the row's index, or WaveRow.
	Row int
	At  time.Time
	// From and To are the states before and after; both empty for events of the run itself.
	From, To State
	// Step is the row's step before, NextStep its step after.
	Step, NextStep Step
	// Reason is a transition's reason, or for run events: started, resumed, drained, stopped, finished.
	Reason  Reason
	Note    string
	Attempt int
	Tries   int
	Problem *Problem
}

// Passage is the part of an event that describes the row's change, as it is written into the audit and into run.json. Its
// names and their order are fixed: the audit is hashed byte for byte.
type Passage struct {
	From     State  `json:"from,omitempty"`
	To       State  `json:"to,omitempty"`
	Step     Step   `json:"step,omitempty"`
	NextStep Step   `json:"next_step,omitempty"`
	Reason   Reason `json:"reason"`
	Note     string `json:"note,omitempty"`
	Attempt  int    `json:"attempt,omitempty"`
	Tries    int    `json:"tries,omitempty"`
}

// Passage returns the part of the event that describes the row's change.
func (e Event) Passage() Passage {
	return Passage{e.From, e.To, e.Step, e.NextStep, e.Reason, e.Note, e.Attempt, e.Tries}
}

// The reasons of events of the run itself.
const (
	RunStarted Reason = "run-started"
	RunResumed Reason = "run-resumed"
	RunDrained Reason = "run-drained"
	RunStopped Reason = "run-stopped"
	RunEnded   Reason = "run-finished"
	// RunYielded: the process has left the run to the next one, which continues it when something is due.
	RunYielded   Reason = "run-yielded"
	RunPrepared  Reason = "wave-prepared"
	RunThrottled Reason = "throttled"
)

// LeaveLag is how long after leaving the group a user gets a license back: until the service has seen it, the license would
// start a Cloud PC from the image. In service time.
const LeaveLag = 10 * time.Minute
