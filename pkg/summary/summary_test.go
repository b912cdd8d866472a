package summary_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
)

// rows makes rows from words: one state each, "warned" being a success with warnings.
func rows(states ...string) []migration.Row {
	out := make([]migration.Row, len(states))
	for i, s := range states {
		out[i] = migration.Row{Index: i, State: migration.State(s)}
		if s == "warned" {
			out[i].State, out[i].Warned = migration.Succeeded, true
		}
	}
	return out
}

func many(n int, state string) []string { return slices.Repeat([]string{state}, n) }

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		states  []string
		sandbox bool
		want    string
	}{
		{"nothing", nil, false, "The wave has no rows; nothing was done."},
		{"nothing rehearsed", nil, true, "Rehearsal on a sandbox tenant, nobody was moved: the wave has no rows; nothing was done."},
		{"of each", []string{"failed", "held", "skipped"}, false, "None of the 3 people have their Cloud PC. 1 is held until a person decides, 1 failed and 1 was not started because of errors in the wave."},
		{"all", many(24, "succeeded"), false, "All 24 people have their Cloud PC."},
		{"one of one", []string{"succeeded"}, false, "The only person of this wave has their Cloud PC."},
		{"none of one", []string{"failed"}, false, "The only person of this wave has no Cloud PC. 1 failed."},
		{"none of one rehearsed", []string{"failed"}, true, "Rehearsal on a sandbox tenant, nobody was moved: the only person of this wave would have no Cloud PC. 1 failed."},
		{"one of one rehearsed", []string{"succeeded"}, true, "Rehearsal on a sandbox tenant, nobody was moved: the only person of this wave would have their Cloud PC."},
		{"all with warnings", append(many(3, "succeeded"), "warned"), false, "All 4 people have their Cloud PC, 1 with warnings."},
		{"some", slices.Concat(many(17, "succeeded"), many(3, "failed"), many(4, "skipped")), false,
			"17 of 24 people have their Cloud PC. 3 failed and 4 were not started because of errors in the wave."},
		{"some rehearsed", slices.Concat(many(17, "succeeded"), many(3, "failed"), many(4, "skipped")), true,
			"Rehearsal on a sandbox tenant, nobody was moved: 17 of 24 people would have their Cloud PC. 3 failed and 4 were not started because of errors in the wave."},
		{"one", []string{"succeeded", "failed"}, false, "1 of 2 people has their Cloud PC. 1 failed."},
		{"none", []string{"failed", "held"}, false, "None of the 2 people have their Cloud PC. 1 is held until a person decides and 1 failed."},
		{"going on", []string{"succeeded", "pending", "running", "waiting", "deferred"}, false,
			"1 of 5 people has their Cloud PC so far. 1 was put off to another evening and 3 are not finished yet."},
		{"barely begun", []string{"pending", "running"}, false, "0 of 2 people have their Cloud PC so far. 2 are not finished yet."},
		{"cancelled", []string{"succeeded", "cancelled"}, false, "1 of 2 people has their Cloud PC. 1 was cancelled."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := summary.Record{Rows: rows(c.states...)}
			if c.sandbox {
				a.Run.Sandbox = "waves/friday.tenant.yaml"
			}
			if diff := cmp.Diff(c.want, summary.Verdict(a)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerdict_oneInTwoRowsIsOnePerson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ states, users, want string }{
		{"succeeded skipped failed", "a@x A@X b@x", "1 of 2 people has their Cloud PC. Of the 3 rows, 1 failed and 1 was not started because of errors in the wave."},
		{"succeeded skipped", "a@x A@X", "The only person of this wave has their Cloud PC. Of the 2 rows, 1 was not started because of errors in the wave."},
		{"succeeded pending", "a@x A@X", "1 of 1 person has their Cloud PC so far. Of the 2 rows, 1 is not finished yet."},
	} {
		a := summary.Record{Rows: rows(strings.Fields(c.states)...)}
		for i, u := range strings.Fields(c.users) {
			a.Rows[i].Target.User = u
		}
		if diff := cmp.Diff(c.want, summary.Verdict(a)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestClassOf_coversEveryState(t *testing.T) {
	t.Parallel()
	for _, s := range migration.States() {
		c := summary.ClassOf(migration.Row{State: s})
		if !slices.Contains(summary.Classes(), c) || c.Label() == string(c) {
			t.Errorf("state %s has class %q, which has no words", s, c)
		}
	}
}

func find(t *testing.T, a summary.Record, index int) summary.RowRecord {
	t.Helper()
	all, _ := summary.RowRecords(a)
	return all[index]
}

func TestSegments(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	for _, c := range []struct {
		name string
		row  int
		want []summary.Phase
	}{
		{"license trigger", 0, []summary.Phase{"turn", "prepare", "import", "provision"}},
		{"membership trigger", 1, []summary.Phase{"turn", "prepare", "import", "provision"}},
		{"second attempt", 3, []summary.Phase{"turn", "prepare", "import", "turn", "import", "provision"}},
		{"skipped", 5, nil},
		{"failed import", 8, []summary.Phase{"turn", "prepare", "import"}},
		{"throttled", 12, []summary.Phase{"turn", "prepare", "retry", "import", "provision"}},
		{"deferred", 23, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := find(t, a, c.row)
			segments := summary.Segments(d, a.Run.CreatedAt, a.At)
			var got []summary.Phase
			for i, s := range segments {
				got = append(got, s.Phase)
				if !s.To.After(s.From) || i > 0 && s.From.Before(segments[i-1].To) {
					t.Errorf("segment %d runs from %s to %s", i, s.From, s.To)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if len(segments) > 0 && !segments[len(segments)-1].To.Equal(d.Row.FinishedAt) {
				t.Errorf("the last segment ends at %s, the row at %s", segments[len(segments)-1].To, d.Row.FinishedAt)
			}
		})
	}
}

func TestSegments_openRowsEndNow(t *testing.T) {
	t.Parallel()
	a := reporttest.Running()
	for _, r := range a.Rows {
		segments := summary.Segments(find(t, a, r.Index), a.Run.CreatedAt, a.At)
		if !r.StartedAt.IsZero() && !r.State.Final() && !segments[len(segments)-1].To.Equal(a.At) {
			t.Errorf("row %d ends at %s, now is %s", r.Index, segments[len(segments)-1].To, a.At)
		}
	}
}

func TestAttempts_areKeptApart(t *testing.T) {
	t.Parallel()
	attempts := summary.Attempts(find(t, reporttest.Sample(), 3))
	var got []string
	for _, a := range attempts {
		for _, s := range a.Steps {
			got = append(got, string(rune('0'+a.N))+" "+string(s.Step)+" "+s.End)
			if s.To.Before(s.From) {
				t.Errorf("%s ends before it begins", s.Step)
			}
		}
	}
	want := []string{
		"1 check done", "1 join done", "1 import done", "1 import-wait failed",
		"2 import done", "2 import-wait done", "2 cutover done", "2 provision-wait done", "2 prove done",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	throttled := summary.Attempts(find(t, reporttest.Sample(), 12))
	if s := throttled[0].Steps[1]; s.Step != migration.StepImport || s.Tries != 1 || !strings.Contains(s.Trouble, "busy") {
		t.Errorf("the throttled try reads %+v", s)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	start := reporttest.Start()
	at := func(m int, why migration.Reason) migration.Event {
		return migration.Event{Row: migration.WaveRow, At: start.Add(time.Duration(m) * time.Minute), Reason: why}
	}
	row := migration.Event{Row: 1, At: start.Add(7 * time.Minute), From: migration.Pending, To: migration.Running}
	gap := func(from, to int) summary.Gap {
		return summary.Gap{From: start.Add(time.Duration(from) * time.Minute), To: start.Add(time.Duration(to) * time.Minute)}
	}
	for _, c := range []struct {
		name     string
		events   []migration.Event
		finished bool
		want     []summary.Gap
	}{
		{"never down", []migration.Event{at(0, migration.RunStarted), row, at(9, migration.RunEnded)}, true, nil},
		{"drained and resumed", []migration.Event{at(0, migration.RunStarted), row, at(10, migration.RunDrained), at(30, migration.RunResumed)}, true, []summary.Gap{gap(10, 30)}},
		{"halted and resumed", []migration.Event{at(0, migration.RunStarted), at(10, migration.RunHalted), at(20, migration.RunResumed)}, true, []summary.Gap{gap(10, 20)}},
		{"killed", []migration.Event{at(0, migration.RunStarted), row, at(30, migration.RunResumed)}, true, []summary.Gap{gap(7, 30)}},
		{"still down", []migration.Event{at(0, migration.RunStarted), at(10, migration.RunStopped)}, false, []summary.Gap{gap(10, 60)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := summary.Record{Events: c.events, At: start.Add(time.Hour)}
			if c.finished {
				a.Run.FinishedAt = a.At
			}
			_, gaps := summary.Marks(a)
			if diff := cmp.Diff(c.want, gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlanOf(t *testing.T) {
	t.Parallel()
	p := summary.PlanOf(reporttest.Sample())
	if p.Rows != 20 || p.LeftOut != 4 || p.Done != 14 || !p.StopBy.Equal(reporttest.Start().Add(5*time.Hour)) || p.Imported != 16 || p.ImportsEnded.IsZero() || p.Ended.IsZero() {
		t.Errorf("finished: %+v", p)
	}
	p = summary.PlanOf(reporttest.Running())
	if p.Rows != 20 || p.Done != 1 || p.Imported == 0 || !p.ImportsEnded.IsZero() || !p.Ended.IsZero() {
		t.Errorf("running: %+v", p)
	}
}

func TestGroups_addUp(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	a.Rows[4].Target.Department = ""
	all, _ := summary.RowRecords(a)
	for _, groups := range [][]summary.Group{summary.ByDepartment(all), summary.ByPolicy(all)} {
		total := 0
		for _, g := range groups {
			total += g.Total
			if sum := g.Done() + g.Warned() + g.NotDone() + g.NotStarted() + g.Open(); sum != g.Total {
				t.Errorf("%q: %d in parts, %d in all", g.Name, sum, g.Total)
			}
		}
		if total != len(a.Rows) {
			t.Errorf("%d rows in groups, %d in the wave", total, len(a.Rows))
		}
	}
	var names []string
	for _, g := range summary.ByDepartment(all) {
		names = append(names, g.Name)
	}
	if diff := cmp.Diff([]string{"Engineering", "Finance", "Sales", ""}, names); diff != "" {
		t.Error(diff)
	}
}

func TestLevels_neverMoreThanRows(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	all, _ := summary.RowRecords(a)
	var segments [][]summary.Segment
	for _, d := range all {
		segments = append(segments, summary.Segments(d, a.Run.CreatedAt, a.At))
	}
	levels := summary.Levels(segments)
	for _, l := range levels {
		if l.Import < 0 || l.Provision < 0 || l.Import > a.Run.Slots+1 || l.Import+l.Provision > len(a.Rows) {
			t.Errorf("%s: %d importing, %d provisioning", l.From, l.Import, l.Provision)
		}
	}
	if end := levels[len(levels)-1]; end.Import != 0 || end.Provision != 0 {
		t.Errorf("it ends with %+v", end)
	}
}
