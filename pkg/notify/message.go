// Package notify tells people about a run: users that their migration is scheduled, has begun, is done, has failed or was
// postponed; the operator that the wave has ended, has halted or needs a person. It writes the messages from templates and
// makes sure that each goes out at most once. It does not decide who succeeded; the rows do.
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

// UserEvents returns the events of users.
func UserEvents() []Event { return []Event{Scheduled, Started, Ready, Failed, Postponed} }

// Events returns all events.
func Events() []Event { return append(UserEvents(), Ended, Halted, Attention) }

// EventOf returns the event that the state of a row calls for; "" for none. A row that was skipped never concerned its
// user, and the outcome of a held one is not known.
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

// Address returns where a row's message is sent: the row's notify address, else the user name where it is an address;
// "" for none.
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
	// Facts are names and values for channels that show them next to the text.
	Facts []Fact
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// once returns the key of what may happen only once: this event for this row by this channel. A new attempt at a row
// may fail, or succeed, again.
func once(run, channel string, m Message) string {
	key := []string{"notify", run, strconv.Itoa(m.Row), string(m.Event), channel}
	if m.Event == Failed || m.Event == Postponed || m.Row == migration.WaveRow {
		key = append(key, strconv.Itoa(m.Attempt))
	}
	return strings.Join(key, "/")
}
