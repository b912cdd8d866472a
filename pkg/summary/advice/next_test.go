package advice_test

import (
	"fmt"
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
)

// rows makes rows from words: one state each, "warned" means a success with warnings.
func rows(states ...string) []migration.Row {
	out := make([]migration.Row, len(states))
	for i, s := range states {
		out[i] = migration.Row{Index: i, State: migration.State(s)}
		if s == "warned" {
			out[i].State, out[i].Warned = migration.Succeeded, true
		}
		if s == "removed" { // its line was removed from the wave file
			out[i].State, out[i].Problem = migration.Cancelled, &migration.Problem{Code: "row.removed"}
		}
	}
	return out
}

// The first command is the most urgent one, each occurs once, and all are for this ledger and this tenant.
func TestNext(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		states  string
		sandbox string
		live    bool
		want    string
	}{
		{states: "succeeded", want: ""},
		{states: "running failed", want: "resume; retry"},
		{states: "failed held deferred", want: "reconcile --row u1 --snapshot-id ID; reconcile --row u1 --no-effect; retry; validate reports/friday-r1/failed.csv"},
		{states: "skipped", want: "validate reports/friday-r1/failed.csv"},
		{states: "skipped", sandbox: "/my waves/friday.tenant.yaml", want: "validate reports/friday-r1/failed.csv --sandbox=/my waves/friday.tenant.yaml"},
		{states: "cancelled", want: "retry"},
		{states: "removed", want: ""},
		{states: "running failed", live: true, want: ""},
	} {
		a := summary.Record{Rows: rows(strings.Fields(tc.states)...), Live: tc.live}
		a.Run = migration.Run{ID: "r1", Wave: "friday", ReportDir: "reports", Sandbox: tc.sandbox}
		for i := range a.Rows {
			a.Rows[i].Target.User = "u" + string(rune('0'+i))
		}
		var got []string
		for _, c := range advice.Next(a) {
			got = append(got, strings.TrimPrefix(c.String(), "wave365 "))
		}
		if all := strings.Join(got, "; "); all != tc.want {
			t.Errorf("%s: got %s, want %s", tc.states, all, tc.want)
		}
	}
}

// What is at the top of the page is not repeated in each card.
func TestBeyond(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	r := fault.Remedy{Commands: []fault.Command{fault.NewCommand("retry"), fault.NewCommand("status")}}
	if got := advice.Beyond(a, r); len(got) != 1 || got[0].Name != "status" {
		t.Errorf("got %v", got)
	}
	a.Live = true
	if got := advice.Beyond(a, r); len(got) != 0 {
		t.Errorf("while the run is in progress: %v", got)
	}
}

// The most urgent move comes first, in singular and plural, and nothing is listed that cannot be done now.
func TestMoves(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, states string
		sandbox      string
		live         bool
		want         []string
	}{
		{name: "one of each", states: "succeeded warned failed held skipped deferred running", want: []string{
			"Endpoint admin 1 Find out whether the held import happened", "Endpoint admin 1 Remove the cause of the failure", "Operator 1 One row is not finished",
			"Operator 1 Correct the row in failed.csv", "Operator 1 One row was deferred", "Endpoint admin 1 One Cloud PC works", "Helpdesk 2 Tell 2 people"}},
		{name: "many", states: "failed failed succeeded", want: []string{"Endpoint admin 2 Remove the causes of the 2 failures", "Helpdesk 1 Tell the person"}},
		{name: "rehearsed", states: "succeeded", sandbox: "x.yaml", want: []string{"Operator 1 The rehearsal worked for one row"}},
		{name: "live", states: "running", live: true, want: []string{"Operator 1 One row is being worked on or waits for its turn. Nothing needs to be done"}},
		{name: "cancelled only", states: "cancelled", want: []string{"Operator 1 One row was cancelled. Retry starts it"}},
		{name: "removed line", states: "removed skipped", want: []string{"Operator 1 Correct the row in failed.csv and run that file as a wave."}},
		{name: "removed line and cancelled", states: "removed cancelled", want: []string{"Operator 1 One row was cancelled. Retry starts it"}},
		{name: "skipped only", states: "skipped skipped", want: []string{"Operator 2 Correct the 2 rows in failed.csv and run that file as a wave."}},
		{name: "mixed file", states: "failed skipped", want: []string{"Endpoint admin 1 Remove the cause",
			"Operator 1 Correct the row in failed.csv and run that file as a wave. The other rows in it need retry: do that first."}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := summary.Record{Rows: rows(strings.Fields(tc.states)...), Live: tc.live}
			a.Run.Sandbox = tc.sandbox
			got := advice.Moves(a)
			for i, want := range tc.want {
				if i >= len(got) || !strings.HasPrefix(fmt.Sprintf("%s %d %s", got[i].Who, got[i].Count, got[i].What), want) {
					t.Errorf("move %d of %+v, want %q", i, got, want)
				}
			}
			if len(got) != len(tc.want) {
				t.Errorf("%d moves, want %d: %+v", len(got), len(tc.want), got)
			}
		})
	}
}
