package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary"
	"wave365/pkg/summary/timeline"
	"wave365/pkg/summary/wording"
)

// storyDocument is the answer of `status RUN USER --json`.
type storyDocument struct {
	Schema  string           `json:"schema"`
	Run     string           `json:"run"`
	User    string           `json:"user"`
	Line    int              `json:"line"`
	State   string           `json:"state"`
	Step    string           `json:"step"`
	Attempt int              `json:"attempt"`
	Note    string           `json:"note"`
	Next    time.Time        `json:"next_look,omitzero"`
	Entries []timeline.Entry `json:"entries"`
}

// answerStory prints what happened to one user's row.
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
	since, err := l.Writes(ctx, migration.WriteFilter{Run: s.Run.ID, Row: &r.Index})
	if err != nil {
		return err
	}
	entries := timeline.Entries(r, s.Events, calls, since)
	if g.json {
		doc := storyDocument{"wave365/status-user/v1", s.Run.ID, r.Target.User, r.Target.Line, string(r.State), string(r.Step), r.Attempt, r.Note, time.Time{}, entries}
		if r.State == migration.Waiting {
			doc.Next = r.NotBefore
		}
		return a.answer(doc)
	}
	t := r.Target
	console.Say(a.out, "", fmt.Sprintf("%s, line %d of wave %s, run %s: %s at %s, attempt %d", wording.OneLine(t.User), t.Line, s.Run.Wave, s.Run.ID, r.State, r.Step, r.Attempt))
	console.Say(a.out, "  ", fmt.Sprintf("disk %s, policy %s, group %s, trigger %s", t.Disk.URL, t.PolicyName, t.GroupName, t.Trigger))
	for _, id := range []struct{ name, value string }{
		{"snapshot", r.Facts.SnapshotID}, {"policy id", t.PolicyID}, {"group id", t.GroupID}, {"Cloud PC", strings.TrimSpace(r.Facts.CloudPCName + " " + r.Facts.CloudPCID)},
	} {
		if id.value != "" {
			console.Say(a.out, "  "+id.name+": ", id.value)
		}
	}
	for _, e := range entries {
		what := e.What
		if e.RequestID != "" {
			what += " (request-id " + e.RequestID + ")"
		}
		console.Say(a.out, "  "+clocks.Second(e.At.In(a.zone))+"  ", what)
	}
	if r.State == migration.Waiting && !r.NotBefore.IsZero() {
		fmt.Fprintf(a.out, "  next look: %s\n", a.when(r.NotBefore))
	}
	// What was undone, or migrated by another run, is part of the explanation.
	records, _ := summary.RowRecords(summary.Record{Rows: s.Rows[i : i+1], Events: s.Events, Since: s.Since})
	if back := summary.TakenBack(s.Events)[r.Index]; back != "" && records[0].Why.Code == "" {
		console.Say(a.out, "  since:    ", back)
	}
	if why := records[0].Why; why.Code != "" {
		console.Say(a.out, "  why:      ", why.Code+": "+why.Text)
		console.Remedy(a.out, "  remedy:   ", g.shell(s.Run.ID), why.Remedy)
	}
	return nil
}
