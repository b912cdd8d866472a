// Package document writes run.json: everything the report knows, for machines. A JSON Schema, schema.json, describes each
// field.
package document

import (
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
)

// schemaName identifies the format of run.json. Fields are only ever added; a change that breaks a reader gets a new
// number.
const schemaName = "wave365/report/v1"

// document is run.json without its lists. A test checks it against schema.json.
type document struct {
	Schema    string           `json:"schema"`
	AsOf      time.Time        `json:"as_of"`
	Verdict   string           `json:"verdict"`
	Rehearsal bool             `json:"rehearsal"`
	Redacted  bool             `json:"redacted,omitzero"`
	Run       migration.Run    `json:"run"`
	State     string           `json:"state"`
	ExitCode  int              `json:"exit_code"`
	Counts    migration.Counts `json:"counts"`
}

type docRow struct {
	Index  int             `json:"index"`
	Input  []string        `json:"input"`
	Status summary.Class   `json:"status"`
	State  migration.State `json:"state"`
	Step   migration.Step  `json:"step"`
	docReason
	Attempts   int                `json:"attempts"`
	StartedAt  time.Time          `json:"started_at,omitzero"`
	FinishedAt time.Time          `json:"finished_at,omitzero"`
	Target     migration.Target   `json:"target"`
	Facts      migration.Facts    `json:"facts"`
	Problem    *migration.Problem `json:"problem"`
	Effects    []docEffect        `json:"effects"`
	Events     []docEvent         `json:"events"`
}

// docReason is why a row is in its state, and what to do about it.
type docReason struct {
	Reason     string `json:"reason"`
	ReasonCode string `json:"reason_code"`
	Remedy     string `json:"remedy"`
}

type docEffect struct {
	Effect          migration.Effect        `json:"effect"`
	Attempt         int                     `json:"attempt"`
	Subject         string                  `json:"subject"`
	At              time.Time               `json:"at"`
	ClientRequestID string                  `json:"client_request_id"`
	Outcome         migration.OutcomeStatus `json:"outcome"`
	OutcomeAt       time.Time               `json:"outcome_at,omitzero"`
	RemoteID        string                  `json:"remote_id"`
	RequestID       string                  `json:"request_id"`
	Detail          string                  `json:"detail"`
}

type docEvent struct {
	At time.Time `json:"at"`
	migration.Passage
	Code string `json:"code,omitempty"`
}

func documentOf(a summary.Record) document {
	a.Run.CreatedAt, a.Run.FinishedAt = utc(a.Run.CreatedAt), utc(a.Run.FinishedAt)
	return document{
		Schema: schemaName, AsOf: a.At.UTC(), Verdict: summary.Verdict(a), Rehearsal: a.Rehearsal(), Redacted: a.Redacted,
		Run: a.Run, State: string(a.Run.State), ExitCode: a.ExitCode, Counts: migration.Count(a.Rows),
	}
}

func rowOf(d summary.RowRecord, shell wording.Shell) docRow {
	r := d.Row
	return docRow{
		Index: r.Index, Input: append([]string{}, r.Input...), Status: d.Class, State: r.State, Step: r.Step,
		docReason: docReason{Reason: d.Why.Text, ReasonCode: d.Why.Code, Remedy: shell.Remedy(d.Why.Remedy)}, Attempts: r.Attempt,
		StartedAt: utc(r.StartedAt), FinishedAt: utc(r.FinishedAt), Target: r.Target, Facts: factsOf(r.Facts),
		Problem: r.Problem, Effects: effectsOf(d.Intents), Events: eventsOf(d.Events),
	}
}

func effectsOf(intents []migration.Intent) []docEffect {
	out := make([]docEffect, len(intents))
	for i, in := range intents {
		out[i] = docEffect{
			Effect: in.Effect, Attempt: in.Attempt, Subject: in.Subject, At: in.At.UTC(), ClientRequestID: in.ClientRequestID,
		}
		if o := in.Outcome; o != nil {
			out[i].Outcome, out[i].OutcomeAt = o.Status, utc(o.At)
			out[i].RemoteID, out[i].RequestID, out[i].Detail = o.RemoteID, o.RequestID, o.Detail
		}
	}
	return out
}

func eventsOf(events []migration.Event) []docEvent {
	out := make([]docEvent, len(events))
	for i, e := range events {
		out[i] = docEvent{At: e.At.UTC(), Passage: e.Passage()}
		if e.Problem != nil {
			out[i].Code = e.Problem.Code
		}
	}
	return out
}

// factsOf returns the facts with their times in UTC.
func factsOf(f migration.Facts) migration.Facts {
	for _, t := range []*time.Time{
		&f.ImportStarted, &f.ImportEnded, &f.MemberSeen, &f.CutOver, &f.Provisioned, &f.SuspectAt, &f.LinkOpen, &f.UsedSeen, &f.GoneSeen, &f.LostSeen, &f.FailedSeen, &f.Retried,
	} {
		*t = utc(*t)
	}
	return f
}

// utc converts a time to UTC; the zero time stays zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
