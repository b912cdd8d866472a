package migration

import (
	"encoding/json"
	"time"
)

// Write is one write to the tenant as the ledger records it: either one that a command made outside a run (a policy
// applied, a setting switched back, an import purged, a message sent), or, in the results of the ledger's Writes, an
// effect of a run's row. It is committed before the call, without Outcome, and concluded after it. It holds no secret.
type Write struct {
	// ID is the ledger's; it is unique among writes outside runs, and among intents of runs.
	ID int64
	// Command is the command that writes, as a person types it ("close", "policy apply"). Effects of a run have "run".
	Command string
	// By is who made it, and from where. Empty for effects of a run: the run has it.
	By string
	// Run is the run that the write belongs to, or "". Row is its row, or WaveRow.
	Run string
	Row int
	// UserID is the Entra object id of the person it is about, User the name for people; both may be empty.
	UserID, User string
	// Effect is what is done ("setting.restore", "license.remove"), Target the id of what it is done to: the setting,
	// the group, the license's SKU, the import. An effect of a run has its Intent's Subject here.
	Effect Effect
	Target string
	// Before is the value that was read, After the value that is written, as far as an undo or a reader needs them;
	// nil: not recorded.
	Before, After json.RawMessage
	// Once, when not empty, names what must not happen twice in this ledger, such as a message to one person about one
	// event by one channel: a second Write with it is refused unless the first is known to have had no effect.
	Once string
	// ClientRequestID is the id that the call carries.
	ClientRequestID string
	At              time.Time
	// Outcome is nil until the result of the call is known.
	Outcome *Outcome
}

// CommandRun is the Command of effects of runs.
const CommandRun = "run"

// Undecided reports whether it is unknown if the write happened.
func (w Write) Undecided() bool { return w.Outcome == nil || w.Outcome.Status == OutcomeUnknown }

// Changed reports whether the write is known to have changed something: it happened, and the service did not report
// that nothing changed. An undo reverses only such writes.
func (w Write) Changed() bool {
	return w.Outcome != nil && w.Outcome.Status.Happened() && !w.Outcome.NoChange
}

// WriteFilter chooses writes; the zero value chooses all. Each field that is set narrows the choice.
type WriteFilter struct {
	// Run is a run's id. Row, when not nil, is one row of it, or WaveRow.
	Run string
	Row *int
	// UserID is the person it is about, in any case of letters.
	UserID string
	// Target is the object that was written to, or that the write created (its Outcome's RemoteID).
	Target string
	// Command is one command; "run" for effects of runs only.
	Command string
	// Undecided leaves out writes with a final outcome.
	Undecided bool
}
