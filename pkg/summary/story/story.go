// Package story tells what happened to one row, in the order in which it happened.
package story

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/migration"
)

// Entry is one thing that happened: a change of the row, or a call to the service.
type Entry struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	// RequestID is the service's, ClientRequestID ours; both only for calls.
	RequestID       string `json:"request_id,omitempty"`
	ClientRequestID string `json:"client_request_id,omitempty"`
}

// With adds what commands after the run did about the row.
func With(entries []Entry, writes []migration.Write) []Entry {
	for _, w := range writes {
		if w.Command == migration.CommandRun {
			continue
		}
		e := Entry{At: w.At, What: "wave365 " + w.Command + ": " + string(w.Effect) + ": its outcome is not known", ClientRequestID: w.ClientRequestID}
		if o := w.Outcome; o != nil {
			e.What, e.RequestID = "wave365 "+w.Command+": "+string(w.Effect)+": "+string(o.Status), o.RequestID
			if o.Detail != "" {
				e.What += ", " + o.Detail
			}
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(x, y Entry) int { return x.At.Compare(y.At) })
	return entries
}

// Of puts a row's changes and calls in the order in which they happened.
func Of(r migration.Row, events []migration.Event, calls []migration.Intent) []Entry {
	entries := []Entry{}
	for _, e := range events {
		if e.Row != r.Index {
			continue
		}
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
		entries = append(entries, Entry{At: e.At, What: what})
	}
	for _, c := range calls {
		e := Entry{At: c.At, What: string(c.Effect) + ": its outcome is not known", ClientRequestID: c.ClientRequestID}
		if o := c.Outcome; o != nil {
			e.What, e.RequestID = string(c.Effect)+": "+string(o.Status), o.RequestID
			if o.Detail != "" {
				e.What += ", " + o.Detail
			}
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(x, y Entry) int { return x.At.Compare(y.At) })
	return entries
}
