package groups_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
	"wave365/pkg/summary/groups"
	"wave365/pkg/summary/wording"
)

func TestProblems_gravestFirst(t *testing.T) {
	t.Parallel()
	all, _ := summary.RowRecords(reporttest.Sample())
	var got []string
	for _, g := range groups.Problems(all) {
		got = append(got, string(g.Class)+" "+g.Code)
	}
	want := []string{
		"held import.unknown", "failed import.failed", "failed proof.not-from-snapshot", "failed provision.failed",
		"skipped user.duplicate", "skipped license.disk-too-small", "skipped vhd.dynamic", "deferred stop-by",
		"cancelled operator", "warned cloudpc.warnings",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Rows whose advice differs only in the name share it; a row with other advice has its own.
func TestProblems_advice(t *testing.T) {
	t.Parallel()
	held := func(user, hint string) migration.Row {
		r := migration.Row{State: migration.Held, Problem: &migration.Problem{Code: "import.unknown", Message: "no answer for " + user, Hint: hint,
			Commands: []fault.Command{fault.NewCommand("reconcile", "--row", user, "--no-effect")}}}
		r.Target.User = user
		return r
	}
	for _, tc := range []struct {
		name string
		rows []migration.Row
		want []string
	}{
		{"one", []migration.Row{held("ada", "ask ada")}, []string{"1 ask ada: wave365 reconcile r1 --row ada --no-effect true"}},
		{"two alike", []migration.Row{held("ada", "ask ada"), held("bob", "ask bob")}, []string{"2 ask USER: wave365 reconcile r1 --row USER --no-effect false"}},
		{"the most frequent first", []migration.Row{held("ada", "wait"), held("bob", "ask bob"), held("cyd", "ask cyd")},
			[]string{"2 ask USER: wave365 reconcile r1 --row USER --no-effect false", "1 wait: wave365 reconcile r1 --row ada --no-effect true"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for i := range tc.rows {
				tc.rows[i].Index = i
			}
			all, _ := summary.RowRecords(summary.Record{Rows: tc.rows})
			groups := groups.Problems(all)
			if len(groups) != 1 || groups[0].Len() != len(tc.rows) {
				t.Fatalf("%d groups, want one of %d rows", len(groups), len(tc.rows))
			}
			var got []string
			for _, a := range groups[0].Advice {
				got = append(got, fmt.Sprintf("%d %s %v", len(a.Rows), wording.Shell{Run: "r1"}.Remedy(a.Remedy), a.Same))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every class has its place in the one order of gravity.
func TestClass_Gravity(t *testing.T) {
	t.Parallel()
	seen := map[int]summary.Class{}
	for _, c := range summary.Classes() {
		g := c.Gravity()
		if other, ok := seen[g]; ok || g < 0 {
			t.Errorf("%s has gravity %d, as has %q", c, g, other)
		}
		seen[g] = c
	}
}
