// Package evidence returns what backs up the statements of the page: a row's steps, the changes requested for it and its
// facts, and the facts of the run.
package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
	"wave365/pkg/summary/timeline"
)

// Evidence is what the page shows of one row on demand.
type Evidence struct {
	// Zone is the time zone of the steps and changes.
	Zone     string
	Attempts []attempt
	Effects  []Effect
	Facts    []Fact
}

type attempt struct {
	Title string
	Steps []step
}

type step struct{ Step, From, To, Took, End, Note string }

// Effect is one change that was requested from the service, in words.
type Effect struct {
	Effect, At, Outcome, Subject, Remote, Detail, Client, Request string
}

// Fact is one labelled value.
type Fact struct{ K, V string }

// Of returns a row's evidence; only its facts unless full is set.
func Of(d summary.RowRecord, c words.Clock, full bool) *Evidence {
	e := &Evidence{Zone: c.Name(), Facts: factsOf(d)}
	if !full {
		return e
	}
	attempts := timeline.Attempts(d)
	for _, at := range attempts {
		v := attempt{}
		if len(attempts) > 1 {
			v.Title = fmt.Sprintf("Attempt %d", at.N)
		}
		for _, s := range at.Steps {
			v.Steps = append(v.Steps, stepOf(s, c))
		}
		e.Attempts = append(e.Attempts, v)
	}
	e.Effects = EffectsOf(d.Intents, c)
	return e
}

func stepOf(s timeline.StepLog, c words.Clock) step {
	out := step{Step: string(s.Step), From: c.Precise(s.From), End: s.End}
	if !s.To.IsZero() {
		if out.To = c.Precise(s.To); out.To == out.From {
			out.To = ""
		}
		out.Took = clocks.Long(s.To.Sub(s.From))
	}
	if s.End == "" {
		out.End = "in progress"
	}
	switch {
	case s.Tries == 1:
		out.Note = "tried again once"
	case s.Tries > 1:
		out.Note = fmt.Sprintf("tried again %d times", s.Tries)
	}
	if s.Tries > 0 && s.Trouble != "" {
		out.Note += ": " + s.Trouble
	}
	if s.Stops > 0 {
		if out.Note != "" {
			out.Note += "; "
		}
		out.Note += "interrupted and resumed"
	}
	return out
}

// EffectsOf describes intents in words.
func EffectsOf(intents []migration.Intent, c words.Clock) []Effect {
	var out []Effect
	for _, in := range intents {
		e := Effect{Effect: string(in.Effect), At: c.Precise(in.At), Outcome: "no outcome recorded", Client: in.ClientRequestID, Subject: in.Subject}
		if o := in.Outcome; o != nil {
			e.Outcome, e.Remote, e.Detail, e.Request = string(o.Status), o.RemoteID, o.Detail, o.RequestID
		}
		out = append(out, e)
	}
	return out
}

func factsOf(d summary.RowRecord) []Fact {
	t, f := d.Row.Target, d.Row.Facts
	var out []Fact
	add := func(k, v string) {
		if v != "" {
			out = append(out, Fact{k, v})
		}
	}
	add("Line", strconv.Itoa(t.Line))
	add("User id", t.UserID)
	if t.DisplayName != "" && t.UPN != "" && t.UPN != t.User {
		add("UPN in the tenant", t.UPN)
	}
	disk := t.Disk.Name
	if t.Disk.Container != "" {
		disk = t.Disk.Container + "/" + disk
	}
	if t.Disk.Virtual > 0 {
		disk += ", " + words.GiB(t.Disk.Virtual)
	}
	add("Disk", disk)
	if t.GuestState != nil {
		add("Guest state", t.GuestState.Container+"/"+t.GuestState.Name)
	}
	plan := t.PlanName
	if t.PlanGiB > 0 {
		plan += fmt.Sprintf(", %d GiB", t.PlanGiB)
	}
	add("Plan", plan)
	switch t.Trigger {
	case migration.TriggerLicense:
		add("Started by", "license "+t.SKUName)
	case migration.TriggerRelicense:
		add("Started by", "giving "+t.SKUName+" back")
	case migration.TriggerMembership:
		add("Started by", "joining "+t.GroupName)
	}
	add("Snapshot", f.SnapshotID)
	add("Import", joinWords(f.ImportStatus, f.UsageStatus))
	add("Import took", clocks.Long(summary.ImportTook(f)))
	add("Cloud PC", joinWords(f.CloudPCName, f.CloudPCID, f.CloudPCStatus))
	add("Provisioning took", clocks.Long(summary.ProvisionTook(f)))
	add("Proof", f.Proof)
	if p := d.Row.Problem; p != nil {
		add("Code", p.Code)
		switch {
		case p.Service == "":
		case p.Status == 0:
			add("Answer", "none came from "+p.Service)
		default:
			add("Answer", strings.TrimSpace(fmt.Sprintf("%s %d %s", p.Service, p.Status, p.ServiceCode)))
		}
		add("request-id", p.RequestID)
		add("client-request-id", p.ClientRequestID)
	}
	add("Notes", t.Notes)
	return out
}

func joinWords(words ...string) string {
	out := ""
	for _, w := range words {
		if w == "" {
			continue
		}
		if out != "" {
			out += ", "
		}
		out += w
	}
	return out
}

// OfRun returns the facts of the run: what was run, where, by whom and with which settings.
func OfRun(a summary.Record, c words.Clock) []Fact {
	r := a.Run
	facts := []Fact{
		{"Run", r.ID}, {"Wave file", r.WavePath}, {"SHA-256 of the wave", r.WaveHash},
		{"Tenant", strings.TrimSpace(r.TenantName + " " + r.Tenant)}, {"Cloud", r.Cloud}, {"Graph", r.GraphRoot},
		{"Storage", r.BlobRoot}, {"Operator", r.Operator}, {"Program", "wave365 " + r.Version},
		{"Imports at once", strconv.Itoa(r.Slots)}, {"Read from the ledger", clocks.Second(a.At.In(c.Zone))},
		{"Exit code", strconv.Itoa(a.ExitCode)},
	}
	if r.Sandbox != "" {
		facts = append(facts, Fact{"Sandbox scenario", r.Sandbox})
	}
	if r.SandboxSpeed > 0 {
		facts = append(facts, Fact{"Sandbox speed", strconv.FormatFloat(r.SandboxSpeed, 'g', -1, 64) + " times"})
	}
	for _, chosen := range r.Settings.List() {
		v := chosen.Value
		if v == "true" {
			v = "yes"
		}
		facts = append(facts, Fact{"--" + chosen.Name, v})
	}
	return slices.DeleteFunc(facts, func(f Fact) bool { return f.V == "" })
}
