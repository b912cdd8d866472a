package page

import (
	"fmt"
	"strconv"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/groups"
	"wave365/pkg/summary/timeline"
)

// The size guard. Beyond the first bound plain successes carry short evidence, beyond the second none, and whoever neither
// failed nor is held carries short evidence too: run.json has it all.
const (
	fullEvidence = 400
	anyEvidence  = 2000
	// foldedPeople is beyond how many the table of people with a Cloud PC opens only when somebody asks, foldedWithout the
	// same for the others, who stand under their problems already.
	foldedPeople, foldedWithout = 50, 100
)

// list is one table of people.
type list struct {
	Title, Fourth string
	Rows          []personRow
	// Folded opens when somebody asks for it.
	Folded bool
}

type personRow struct {
	Line               int
	Class              summary.Class
	Short              string
	Name, UPN, Plain   string
	Department, Policy string
	PC, Why            string
	Seconds            int
	Took               string
	Evidence           *evidence
}

type evidence struct {
	Attempts []attempt
	Effects  []effect
	Facts    []fact
}

type attempt struct {
	Title string
	Steps []step
}

type step struct{ Step, From, To, Took, End, Note string }

type effect struct {
	Effect, At, Outcome, Subject, Remote, Detail, Client, Request string
}

// listsOf makes the two tables: people without a Cloud PC, the gravest first, and people with one.
func listsOf(rows []summary.RowRecord, a summary.Record, c clock) ([]list, string) {
	without := list{Title: "Without a Cloud PC", Fourth: "Why"}
	with := list{Title: "With a Cloud PC", Fourth: "Cloud PC"}
	for _, d := range groups.ByGravity(rows) {
		row := personOf(d, a, c)
		plain := d.Class == summary.Succeeded && d.Row.Attempt <= 1
		grave := d.Class == summary.Failed || d.Class == summary.Held
		switch {
		case grave || len(rows) <= fullEvidence || !plain && len(rows) <= anyEvidence:
			row.Evidence = evidenceOf(d, c, true)
		case !plain || len(rows) <= anyEvidence:
			row.Evidence = evidenceOf(d, c, false)
		}
		if d.Class.HasCloudPC() {
			with.Rows = append(with.Rows, row)
		} else {
			without.Rows = append(without.Rows, row)
		}
	}
	note := ""
	switch {
	case len(rows) > anyEvidence:
		note = "To keep this page quick, the evidence of plain successes is in run.json only, and so are the steps and requests of those who neither failed nor are held."
	case len(rows) > fullEvidence:
		note = "To keep this page quick, plain successes show their ids only; their steps and requests are in run.json."
	}
	with.Folded, without.Folded = len(with.Rows) > foldedPeople, len(without.Rows) > foldedWithout
	return []list{without, with}, note
}

func personOf(d summary.RowRecord, a summary.Record, c clock) personRow {
	t := d.Row.Target
	p := personRow{
		Line: t.Line, Class: d.Class, Short: d.Class.Short(), Name: nameOf(t), Plain: plain(nameOf(t)),
		Department: t.Department, Policy: t.PolicyName, PC: d.Row.Facts.CloudPCName, Why: d.Why.Text,
	}
	if !d.Class.HasCloudPC() {
		p.PC = ""
	}
	if p.Name != t.User {
		p.UPN = t.User
	}
	spent := summary.Took(*d.Row, a.At)
	p.Seconds, p.Took = int(spent.Seconds()), took(spent)
	return p
}

func nameOf(t migration.Target) string {
	if t.DisplayName != "" {
		return t.DisplayName
	}
	return t.User
}

func evidenceOf(d summary.RowRecord, c clock, full bool) *evidence {
	e := &evidence{Facts: factsOf(d)}
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
	e.Effects = effectsOf(d.Intents, c)
	return e
}

func stepOf(s timeline.StepLog, c clock) step {
	out := step{Step: string(s.Step), From: c.precise(s.From), End: s.End}
	if !s.To.IsZero() {
		if out.To = c.precise(s.To); out.To == out.From {
			out.To = ""
		}
		out.Took = took(s.To.Sub(s.From))
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

func effectsOf(intents []migration.Intent, c clock) []effect {
	var out []effect
	for _, in := range intents {
		e := effect{Effect: string(in.Effect), At: c.precise(in.At), Outcome: "no outcome recorded", Client: in.ClientRequestID, Subject: in.Subject}
		if o := in.Outcome; o != nil {
			e.Outcome, e.Remote, e.Detail, e.Request = string(o.Status), o.RemoteID, o.Detail, o.RequestID
		}
		out = append(out, e)
	}
	return out
}

func factsOf(d summary.RowRecord) []fact {
	t, f := d.Row.Target, d.Row.Facts
	var out []fact
	add := func(k, v string) {
		if v != "" {
			out = append(out, fact{k, v})
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
		disk += ", " + gib(t.Disk.Virtual)
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
	add("Import took", took(summary.ImportTook(f)))
	add("Cloud PC", joinWords(f.CloudPCName, f.CloudPCID, f.CloudPCStatus))
	add("Provisioning took", took(summary.ProvisionTook(f)))
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

func gib(bytes int64) string {
	return strconv.FormatFloat(float64(int64(float64(bytes)/(1<<30)*100+0.5))/100, 'f', -1, 64) + " GiB"
}
