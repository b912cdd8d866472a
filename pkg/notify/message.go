// Package notify tells people about a run: users that their move is scheduled, has begun, is done, has failed or was
// postponed; the operator that the wave has ended, halts or needs a person. It writes the messages from templates and sees
// to it that each goes out at most once. It does not decide who succeeded: rows say that.
package notify

import (
	"net/mail"
	"strconv"
	"strings"

	"wave365/pkg/migration"
)

// Event is what a message is about.
type Event string

// The events. Those of users come first, then those of the operator.
const (
	Scheduled Event = "scheduled"
	Started   Event = "started"
	Ready     Event = "ready"
	Failed    Event = "failed"
	Postponed Event = "postponed"
	Ended     Event = "ended"
	Halted    Event = "halted"
	Attention Event = "attention"
)

// UserEvents are the events of users.
func UserEvents() []Event { return []Event{Scheduled, Started, Ready, Failed, Postponed} }

// Events are all of them.
func Events() []Event { return append(UserEvents(), Ended, Halted, Attention) }

// EventOf is the event that a row as it stands calls for; "" for none: a row that was skipped was never the user's, and of
// one that is held nobody knows what to tell.
func EventOf(r migration.Row) Event {
	switch r.State {
	case migration.Pending, migration.Running, migration.Waiting:
		if r.Begun() {
			return Started
		}
		return Scheduled
	case migration.Succeeded:
		return Ready
	case migration.Failed:
		return Failed
	case migration.Deferred, migration.Cancelled:
		return Postponed
	}
	return ""
}

// Address is where a row's message goes: the row's notify address, else the user's own name where that is an address;
// "" for nowhere.
func Address(r migration.Row) string {
	for _, a := range []string{r.Target.Notify, r.Target.UPN, r.Target.User} {
		if parsed, err := mail.ParseAddress(strings.TrimSpace(a)); err == nil {
			return parsed.Address
		}
	}
	return ""
}

// Message is one message, ready to be sent.
type Message struct {
	Event Event
	// Row is the row's index, or migration.WaveRow for the operator's. Attempt is the row's.
	Row, Attempt int
	// Line is the row's line of the wave file; 0 for the operator's.
	Line         int
	UserID, User string
	// To is an address; empty where the channel needs none.
	To                  string
	Subject, Text, HTML string
	// Facts are names and values for channels that show them beside the text.
	Facts []Fact
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// once names what must not happen twice: this event for this row by this channel. A new attempt of a row may fail, or
// succeed, again.
func once(run, channel string, m Message) string {
	key := []string{"notify", run, strconv.Itoa(m.Row), string(m.Event), channel}
	if m.Event == Failed || m.Event == Postponed || m.Row == migration.WaveRow {
		key = append(key, strconv.Itoa(m.Attempt))
	}
	return strings.Join(key, "/")
}
