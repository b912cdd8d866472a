package page

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// view is what the templates read.
type view struct {
	Policy, Title  string
	CSS            template.CSS
	JS             template.JS
	Run            migration.Run
	Rehearsal      bool
	Redacted       bool
	Live, Expected string
	Huge           bool
	Unfinished     bool
	Tenant         string
	Headline, Rest string
	Bar            []slice
	BarText        string
	Total          int
	Started, Ended moment
	Took, Pace     string
	Moves          []move
	Next           []string
	Groups         []groupTable
	Plan           []planRow
	Lists          []list
	EvidenceNote   string
	Chart          *chart
	Problems       []problem
	FindingGroups  []findingGroup
	Provenance     []fact
	Effects        []effect
}

// slice is one part of a stacked bar that is 1000 wide.
type slice struct {
	Class        summary.Class
	Label, Short string
	N, X, W      int
}

// fact is one labelled value.
type fact struct{ K, V string }

func viewOf(a summary.Record) *view {
	rows, run := summary.RowRecords(a)
	c := clock{zone: a.Location(), start: a.Run.CreatedAt}
	v := &view{
		Run: a.Run, Rehearsal: a.Rehearsal(), Redacted: a.Redacted, Huge: len(rows) > anyEvidence, Unfinished: a.Run.FinishedAt.IsZero(), Total: len(rows),
		Tenant: tenantOf(a.Run), Bar: barOf(a.Tally(), len(rows)),
		Started: momentOf(a.Run.CreatedAt, a.Location()), Ended: momentOf(a.End(), a.Location()),
		Took: took(a.End().Sub(a.Run.CreatedAt)), Pace: paceOf(a), Moves: movesOf(a), Next: a.Shell.Lines(fault.Remedy{Commands: summary.Next(a)}),
		Groups: groupsOf(rows), Plan: planOf(a, c), Provenance: provenanceOf(a, c), Effects: effectsOf(run.Intents, c),
	}
	if a.Live {
		v.Expected = between(a.Expected, c)
		v.Live = c.at(a.At, "15:04:05 MST")
	}
	v.Headline, v.Rest = summary.Headline(a)
	v.Title = "Wave " + short(a.Run.Wave, 40) + ": " + v.Headline
	if v.Rehearsal {
		v.Title = "Rehearsal of wave " + short(a.Run.Wave, 40) + ": " + v.Headline
	}
	v.BarText = barText(a)
	v.Lists, v.EvidenceNote = listsOf(rows, a, c)
	v.Chart = chartOf(rows, a, c)
	v.Problems = problemsOf(rows, a)
	v.FindingGroups = findingGroupsOf(a)
	return v
}

// move is a next step with its outcome in words.
type move struct {
	summary.Move
	Label string
}

func movesOf(a summary.Record) []move {
	var out []move
	for _, m := range summary.Moves(a) {
		label := strings.ToLower(m.Class.Short())
		if m.Class == summary.Active {
			label = "not finished"
		}
		out = append(out, move{m, label})
	}
	return out
}

func tenantOf(r migration.Run) string {
	if r.TenantName != "" {
		return r.TenantName
	}
	return r.Tenant
}

// barOf cuts 1000 units into the classes that occur; none that occurs is thinner than 6.
func barOf(tally map[summary.Class]int, total int) []slice {
	var out []slice
	if total == 0 {
		return nil
	}
	used, widest := 0, 0
	for _, class := range summary.Classes() {
		n := tally[class]
		if n == 0 {
			continue
		}
		s := slice{Class: class, Label: class.Label(), Short: class.Short(), N: n, W: max(6, n*1000/total)}
		out = append(out, s)
		used += s.W
		if s.W > out[widest].W {
			widest = len(out) - 1
		}
	}
	out[widest].W += 1000 - used
	x := 0
	for i := range out {
		out[i].X = x
		x += out[i].W
	}
	return out
}

// paceOf says what the run's time came to per finished row.
func paceOf(a summary.Record) string {
	n, sum := 0, time.Duration(0)
	for _, r := range a.Rows {
		if summary.ClassOf(r).HasCloudPC() {
			n++
			sum += summary.Took(r, a.At)
		}
	}
	if n == 0 {
		return ""
	}
	return "a finished row took " + took(sum/time.Duration(n)) + " on average"
}

// barText says in words what the bar of a run shows.
func barText(a summary.Record) string {
	var parts []string
	for _, s := range barOf(a.Tally(), len(a.Rows)) {
		parts = append(parts, strconv.Itoa(s.N)+" "+strings.ToLower(s.Label))
	}
	return summary.Count(len(a.Rows), "row") + ": " + strings.Join(parts, ", ")
}

type groupTable struct {
	Title, Head string
	ShowOpen    bool
	Groups      []groupRow
}

type groupRow struct {
	summary.Group
	Bar []slice
}

func groupsOf(rows []summary.RowRecord) []groupTable {
	table := func(title, head string, groups []summary.Group) groupTable {
		t := groupTable{Title: title, Head: head}
		for _, g := range groups {
			t.ShowOpen = t.ShowOpen || g.Open() > 0
			t.Groups = append(t.Groups, groupRow{g, barOf(g.Tally, g.Total)})
		}
		return t
	}
	return []groupTable{
		table("By department", "Department", summary.ByDepartment(rows)),
		table("By policy", "Policy", summary.ByPolicy(rows)),
	}
}

func provenanceOf(a summary.Record, c clock) []fact {
	r := a.Run
	facts := []fact{
		{"Run", r.ID}, {"Wave file", r.WavePath}, {"SHA-256 of the wave", r.WaveHash},
		{"Tenant", strings.TrimSpace(r.TenantName + " " + r.Tenant)}, {"Cloud", r.Cloud}, {"Graph", r.GraphRoot},
		{"Storage", r.BlobRoot}, {"Operator", r.Operator}, {"Program", "wave365 " + r.Version},
		{"Imports at once", strconv.Itoa(r.Slots)}, {"As of", momentOf(a.At, c.zone).Local + ", " + a.At.UTC().Format(time.RFC3339)},
		{"Exit code", strconv.Itoa(a.ExitCode)},
	}
	if r.Sandbox != "" {
		facts = append(facts, fact{"Sandbox scenario", r.Sandbox})
	}
	if r.SandboxSpeed > 0 {
		facts = append(facts, fact{"Sandbox speed", strconv.FormatFloat(r.SandboxSpeed, 'g', -1, 64) + " times"})
	}
	for _, chosen := range r.Settings.List() {
		facts = append(facts, fact{"--" + chosen.Name, chosen.Value})
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.V == "" })
}
