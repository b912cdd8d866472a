package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
)

// storyDocument is the answer of `status RUN USER --json`.
type storyDocument struct {
	Schema  string       `json:"schema"`
	Run     string       `json:"run"`
	User    string       `json:"user"`
	Line    int          `json:"line"`
	State   string       `json:"state"`
	Step    string       `json:"step"`
	Attempt int          `json:"attempt"`
	Note    string       `json:"note"`
	Next    time.Time    `json:"next_look,omitzero"`
	Entries []storyEntry `json:"entries"`
}

// storyEntry is one thing that happened: a change of the row, or a call to the service.
type storyEntry struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	// RequestID is the service's, ClientRequestID ours; both only for calls.
	RequestID       string `json:"request_id,omitempty"`
	ClientRequestID string `json:"client_request_id,omitempty"`
}

// answerStory tells what happened to one person's row.
func (a *app) answerStory(ctx context.Context, g *globals, l *ledger.Ledger, s run.Standing, user string) error {
	i, err := run.RowOf(s.Rows, user)
	if err != nil {
		return err
	}
	r := s.Rows[i]
	calls, err := l.Intents(ctx, s.Run.ID, r.Index)
	if err != nil {
		return err
	}
	entries := storyOf(r, s.Events, calls)
	since, err := l.Writes(ctx, migration.WriteFilter{Run: s.Run.ID, Row: &r.Index})
	if err != nil {
		return err
	}
	entries = withWrites(entries, since)
	if g.json {
		doc := storyDocument{"wave365/status-user/v1", s.Run.ID, r.Target.User, r.Target.Line, string(r.State), string(r.Step), r.Attempt, r.Note, time.Time{}, entries}
		if r.State == migration.Waiting {
			doc.Next = r.NotBefore
		}
		printJSON(a.out, doc)
		return nil
	}
	width, t := columns(a.out), r.Target
	fmt.Fprint(a.out, folded("", fmt.Sprintf("%s, line %d of wave %s, run %s: %s at %s, attempt %d", wording.OneLine(t.User), t.Line, s.Run.Wave, s.Run.ID, r.State, r.Step, r.Attempt), width))
	fmt.Fprint(a.out, folded("  ", wording.OneLine(fmt.Sprintf("disk %s, policy %s, group %s, trigger %s", t.Disk.URL, t.PolicyName, t.GroupName, t.Trigger)), width))
	for _, id := range []struct{ name, value string }{
		{"snapshot", r.Facts.SnapshotID}, {"policy id", t.PolicyID}, {"group id", t.GroupID}, {"Cloud PC", strings.TrimSpace(r.Facts.CloudPCName + " " + r.Facts.CloudPCID)},
	} {
		if id.value != "" {
			fmt.Fprint(a.out, folded("  "+id.name+": ", wording.OneLine(id.value), width))
		}
	}
	for _, e := range entries {
		what := e.What
		if e.RequestID != "" {
			what += " (request-id " + e.RequestID + ")"
		}
		fmt.Fprint(a.out, folded("  "+clocks.Second(e.At.In(a.zone))+"  ", wording.OneLine(what), width))
	}
	if back := summary.TakenBack(s.Events)[r.Index]; back != "" {
		fmt.Fprint(a.out, folded("  since:    ", wording.OneLine(back), width))
	}
	if r.State == migration.Waiting && !r.NotBefore.IsZero() {
		fmt.Fprintf(a.out, "  next look: %s\n", a.when(r.NotBefore))
	}
	if why := summary.WhyOf(r); why.Code != "" {
		fmt.Fprint(a.out, folded("  why:      ", wording.OneLine(why.Code+": "+why.Text), width))
		printRemedy(a.out, "  remedy:   ", g.shell(s.Run.ID), why.Remedy)
	}
	return nil
}

// withWrites adds what commands after the run did about the row.
func withWrites(entries []storyEntry, writes []migration.Write) []storyEntry {
	for _, w := range writes {
		if w.Command == migration.CommandRun {
			continue
		}
		e := storyEntry{At: w.At, What: "wave365 " + w.Command + ": " + string(w.Effect) + ": its outcome is not known", ClientRequestID: w.ClientRequestID}
		if o := w.Outcome; o != nil {
			e.What, e.RequestID = "wave365 "+w.Command+": "+string(w.Effect)+": "+string(o.Status), o.RequestID
			if o.Detail != "" {
				e.What += ", " + o.Detail
			}
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(x, y storyEntry) int { return x.At.Compare(y.At) })
	return entries
}

// storyOf puts a row's changes and calls in the order in which they happened.
func storyOf(r migration.Row, events []migration.Event, calls []migration.Intent) []storyEntry {
	entries := []storyEntry{}
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
		entries = append(entries, storyEntry{At: e.At, What: what})
	}
	for _, c := range calls {
		e := storyEntry{At: c.At, What: string(c.Effect) + ": its outcome is not known", ClientRequestID: c.ClientRequestID}
		if o := c.Outcome; o != nil {
			e.What, e.RequestID = string(c.Effect)+": "+string(o.Status), o.RequestID
			if o.Detail != "" {
				e.What += ", " + o.Detail
			}
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(x, y storyEntry) int { return x.At.Compare(y.At) })
	return entries
}
