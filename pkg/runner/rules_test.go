package runner

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/migration"
)

func TestParseHalt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Halt{
		"10%,3": {0.1, 3}, " 10 %, 3 ": {}, "10%": {0.1, 1}, "3": {0, 3}, "0%,1": {0, 1}, "2.5%,4": {0.025, 4}, "100%,1": {1, 1}, "": {}, "none": {},
	} {
		got, err := ParseHalt(in)
		if in == " 10 %, 3 " {
			if err == nil {
				t.Errorf("%q was taken as %v", in, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("ParseHalt(%q) = %v, %v, want %v", in, got, err, want)
		}
		if again, err := ParseHalt(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %q, which reads as %v, %v", in, got, again, err)
		}
	}
	for _, in := range []string{"10", "ten%", "101%,3", "-1%,3", "10%,0", "10%,x", "10%,3,4", "10,3", "NaN%,1"} {
		if in == "10" {
			continue // a floor alone
		}
		if got, err := ParseHalt(in); err == nil {
			t.Errorf("ParseHalt(%q) = %v", in, got)
		}
	}
}

func TestHaltFires(t *testing.T) {
	t.Parallel()
	rule := Halt{0.1, 3}
	for _, tc := range []struct {
		name string
		rule Halt
		c    migration.Counts
		want bool
	}{
		{"NothingYet", rule, migration.Counts{Total: 100, Queued: 100}, false},
		{"UnderTheFloor", rule, migration.Counts{Total: 100, Failed: 2}, false},
		{"FloorAndShare", rule, migration.Counts{Total: 100, Failed: 3, Succeeded: 27}, true},
		{"UnderTheShare", rule, migration.Counts{Total: 100, Failed: 3, Succeeded: 28}, false},
		{"HeldCount", rule, migration.Counts{Total: 100, Failed: 1, Held: 2}, true},
		{"OnlyFinishedRowsCount", rule, migration.Counts{Total: 1000, Queued: 900, Skipped: 50, Cancelled: 20, Deferred: 20, Failed: 3, Warned: 7}, true},
		{"Never", Halt{}, migration.Counts{Failed: 50}, false},
		{"FloorAlone", Halt{0, 2}, migration.Counts{Failed: 2, Succeeded: 998}, true},
	} {
		if got := tc.rule.fires(tc.c); got != tc.want {
			t.Errorf("%s: fires = %v", tc.name, got)
		}
	}
}

func TestHaltSaysWhichRuleAndRows(t *testing.T) {
	t.Parallel()
	var rows []migration.Row
	for i := range 14 {
		r := migration.Row{Index: i, State: migration.Failed, Target: migration.Target{Line: i + 2, User: "u"}, Problem: &migration.Problem{Code: "import.failed"}}
		if i%7 == 0 {
			r.State, r.Problem = migration.Succeeded, nil
		}
		rows = append(rows, r)
	}
	got := Halt{0.5, 3}.why(migration.Count(rows), rows)
	for _, want := range []string{"12 of 14 finished rows", "86%", "--halt-after 50%,3", "line 3 u (import.failed)", "and 2 more"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}

func TestCanaries(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	row := func(s migration.State, began time.Duration, priority int) migration.Row {
		r := migration.Row{State: s, Step: migration.StepCheck, Target: migration.Target{Priority: priority}}
		if began > 0 {
			r.StartedAt = at.Add(began)
		}
		return r
	}
	for _, tc := range []struct {
		name string
		rows []migration.Row
		n    int
		want []int
	}{
		{"StartOrder", []migration.Row{row(migration.Pending, 0, 0), row(migration.Pending, 0, 5), row(migration.Pending, 0, 1)}, 2, []int{1, 2}},
		{"BegunFirst", []migration.Row{row(migration.Pending, 0, 9), row(migration.Failed, 2, 0), row(migration.Succeeded, 1, 0)}, 2, []int{2, 1}},
		{"GivenUpAreNone", []migration.Row{row(migration.Skipped, 0, 9), row(migration.Cancelled, 1, 9), row(migration.Deferred, 1, 9), row(migration.Pending, 0, 0)}, 1, []int{3}},
		{"FewerThanAskedFor", []migration.Row{row(migration.Pending, 0, 0)}, 5, []int{0}},
	} {
		for i := range tc.rows {
			tc.rows[i].Index = i
		}
		got := canaries(tc.rows, tc.n)
		if len(got) != len(tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
			continue
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
				break
			}
		}
	}
}
