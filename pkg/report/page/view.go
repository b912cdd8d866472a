package page

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/report/page/chart"
	"wave365/pkg/report/page/evidence"
	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/groups"
	"wave365/pkg/summary/wording"
)

// view is what the templates read: one part for each template, and what all of them need.
type view struct {
	head
	verdict
	Run      migration.Run
	Total    int
	Bar      []slice
	Groups   []groupTable
	Plan     []planRow
	Problems []problem
	people
	Chart         *chart.Chart
	FindingGroups []findingGroup
	Provenance    []evidence.Fact
	Effects       []evidence.Effect
	// Zone is the time zone of Effects.
	Zone string
}

// head is the top of the page and its frame. Live is as of when a page follows its run, Expected when the run is
// expected to end.
type head struct {
	Policy, Title       string
	Rehearsal, Redacted bool
	Live, Expected      string
}

// verdict is the outcome of the run, and what happens next.
type verdict struct {
	Unfinished     bool
	Tenant         string
	Headline, Rest string
	BarText        string
	// TakenBack counts those who got a Cloud PC in this run, are shown so in the bar, and no longer have it.
	TakenBack      int
	Started, Ended words.Moment
	Took, Pace     string
	Moves          []move
	Next           []string
}

// people is who was to be migrated.
type people struct {
	Huge         bool
	Lists        []list
	EvidenceNote string
}

// slice is one part of a stacked bar that is 1,000 units wide.
type slice struct {
	Class        summary.Class
	Label, Short string
	N, X, W      int
}

func viewOf(a summary.Record) *view {
	rows, run := summary.RowRecords(a)
	c := words.Clock{Zone: a.Location(), Start: a.Run.CreatedAt}
	v := &view{
		head: headOf(a, c), verdict: verdictOf(a, c), Run: a.Run, Total: len(rows), Bar: barOf(a.Tally(), len(rows)),
		Groups: groupsOf(rows), Plan: planOf(a, c), Problems: problemsOf(rows, a), Chart: chart.Of(rows, a, c),
		FindingGroups: findingGroupsOf(a), Provenance: evidence.OfRun(a, c), Effects: evidence.EffectsOf(run.Intents, c), Zone: c.Name(),
	}
	v.Huge = len(rows) > anyEvidence
	v.Lists, v.EvidenceNote = listsOf(rows, a, c)
	return v
}

func headOf(a summary.Record, c words.Clock) head {
	h := head{Rehearsal: a.Rehearsal(), Redacted: a.Redacted}
	h.Policy = "default-src 'none'; style-src '" + hash(css) + "'; script-src '" + hash(js) + "'; base-uri 'none'; form-action 'none'"
	if a.Live {
		h.Policy += "; connect-src 'self'"
		h.Live, h.Expected = c.At(a.At, "15:04:05 MST"), between(a.Expected, c)
	}
	said, _ := summary.Headline(a)
	h.Title = "Wave " + words.Short(a.Run.Wave, 40) + ": " + said
	if h.Rehearsal {
		h.Title = "Rehearsal of wave " + words.Short(a.Run.Wave, 40) + ": " + said
	}
	return h
}

func verdictOf(a summary.Record, c words.Clock) verdict {
	v := verdict{
		Unfinished: a.Run.FinishedAt.IsZero(), Tenant: cmp.Or(a.Run.TenantName, a.Run.Tenant), BarText: barText(a), TakenBack: a.MovedBack(),
		Started: words.MomentOf(a.Run.CreatedAt, c.Zone), Ended: words.MomentOf(a.End(), c.Zone), Took: clocks.Long(a.End().Sub(a.Run.CreatedAt)), Pace: paceOf(a),
		Moves: movesOf(a),
	}
	if !a.Redacted { // the commands and their paths are for the people who operate the run
		v.Next = a.Shell.Lines(fault.Remedy{Commands: advice.Next(a)})
	}
	v.Headline, v.Rest = summary.Headline(a)
	return v
}

// move is a next step with its outcome in words.
type move struct {
	advice.Move
	Label string
}

func movesOf(a summary.Record) []move {
	var out []move
	for _, m := range advice.Moves(a) {
		label := strings.ToLower(m.Class.Short())
		if m.Class == summary.Active {
			label = "not finished"
		}
		out = append(out, move{m, label})
	}
	return out
}

// barOf divides 1,000 units among the classes that occur, at least 6 for each.
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

// paceOf describes how much time the run took per finished row.
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
	return "a finished row took " + clocks.Long(sum/time.Duration(n)) + " on average"
}

// barText describes what the bar of a run shows.
func barText(a summary.Record) string {
	var parts []string
	for _, s := range barOf(a.Tally(), len(a.Rows)) {
		parts = append(parts, strconv.Itoa(s.N)+" "+strings.ToLower(s.Label))
	}
	if n := a.MovedBack(); n > 0 {
		parts = append(parts, strconv.Itoa(n)+" of the done taken back since")
	}
	return wording.Count(len(a.Rows), "row") + ": " + strings.Join(parts, ", ")
}

type groupTable struct {
	Title, Head string
	ShowOpen    bool
	Groups      []groupRow
}

type groupRow struct {
	groups.Group
	Bar []slice
}

func groupsOf(rows []summary.RowRecord) []groupTable {
	table := func(title, head string, groups []groups.Group) groupTable {
		t := groupTable{Title: title, Head: head}
		for _, g := range groups {
			t.ShowOpen = t.ShowOpen || g.Open() > 0
			t.Groups = append(t.Groups, groupRow{g, barOf(g.Tally, g.Total)})
		}
		return t
	}
	return []groupTable{
		table("By department", "Department", groups.ByDepartment(rows)),
		table("By policy", "Policy", groups.ByPolicy(rows)),
	}
}
