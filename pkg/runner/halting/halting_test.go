package halting

import (
	"maps"
	"strings"
	"testing"
	"time"

	"wave365/pkg/migration"
)

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
	got := threshold(migration.Halt{Share: 0.5, Floor: 3}, migration.Count(rows), rows)
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
		{"BegunFirst", []migration.Row{row(migration.Pending, 0, 9), row(migration.Failed, 2, 0), row(migration.Succeeded, 1, 0)}, 1, []int{2}},
		{"BegunFirstThenStartOrder", []migration.Row{row(migration.Pending, 0, 9), row(migration.Pending, 0, 0), row(migration.Succeeded, 1, 0)}, 2, []int{0, 2}},
		{"GivenUpAreNone", []migration.Row{row(migration.Skipped, 0, 9), row(migration.Cancelled, 1, 9), row(migration.Deferred, 1, 9), row(migration.Pending, 0, 0)}, 1, []int{3}},
		{"FewerThanAskedFor", []migration.Row{row(migration.Pending, 0, 0)}, 5, []int{0}},
	} {
		for i := range tc.rows {
			tc.rows[i].Index = i
		}
		want := map[int]bool{}
		for _, i := range tc.want {
			want[i] = true
		}
		if got := ChooseCanaries(tc.rows, tc.n); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", tc.name, got, want)
		}
	}
}
