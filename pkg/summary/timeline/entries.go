package timeline

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/migration"
)

// Entry is one thing that happened to a row: a change of the row, or a call to the service.
type Entry struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	// RequestID is the service's, ClientRequestID ours; both only for calls.
	RequestID       string `json:"request_id,omitempty"`
	ClientRequestID string `json:"client_request_id,omitempty"`
}

// Entries returns a row's changes, the calls that were made for it, and what commands after the run wrote about it, in the order in
// which they happened. What the run wrote itself is among the calls.
func Entries(r migration.Row, events []migration.Event, calls []migration.Intent, writes []migration.Write) []Entry {
	entries := []Entry{}
	for _, e := range events {
		if e.Row == r.Index {
			entries = append(entries, Entry{At: e.At, What: changed(e)})
		}
	}
	for _, c := range calls {
		entries = append(entries, called(string(c.Effect), c.At, c.ClientRequestID, c.Outcome))
	}
	for _, w := range writes {
		if w.Command != migration.CommandRun {
			entries = append(entries, called("wave365 "+w.Command+": "+string(w.Effect), w.At, w.ClientRequestID, w.Outcome))
		}
	}
	slices.SortStableFunc(entries, func(x, y Entry) int { return x.At.Compare(y.At) })
	return entries
}

func changed(e migration.Event) string {
	what := string(e.NextStep) + ": " + string(e.To)
	if e.Reason == migration.RowTakenBack {
		what = "taken back"
	}
	if e.Note != "" {
		what += ", " + e.Note
	}
	if e.Problem != nil && !strings.Contains(what, e.Problem.Message) {
		what += ", " + e.Problem.Code + ": " + e.Problem.Message
	}
	return what
}

// called returns the entry for a call to the service; o is its outcome, nil: not known.
func called(what string, at time.Time, id string, o *migration.Outcome) Entry {
	e := Entry{At: at, What: what + ": its outcome is not known", ClientRequestID: id}
	if o != nil {
		e.What, e.RequestID = what+": "+string(o.Status), o.RequestID
		if o.Detail != "" {
			e.What += ", " + o.Detail
		}
	}
	return e
}
