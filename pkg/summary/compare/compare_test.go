package compare_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/compare"
)

// runOf makes a run from users and words for states.
func runOf(pairs ...string) summary.Record {
	var a summary.Record
	for i := 0; i < len(pairs); i += 2 {
		r := migration.Row{Index: i / 2, State: migration.State(pairs[i+1])}
		if r.State == "warned" {
			r.State, r.Warned = migration.Succeeded, true
		}
		r.Target.Line, r.Target.User = i/2+2, pairs[i]
		r.Problem = &migration.Problem{Code: "code." + pairs[i+1], Message: "because"}
		a.Rows = append(a.Rows, r)
	}
	return a
}

func TestCompare(t *testing.T) {
	t.Parallel()
	first := runOf("done@x", "succeeded", "mended@x", "failed", "still@x", "failed", "worse@x", "succeeded", "left@x", "succeeded", "gone@x", "skipped", "twice@x", "skipped", "TWICE@x", "succeeded", "moved@x", "failed", "kept@x", "warned")
	second := runOf("moved@x", "held", "Mended@X", "succeeded", "still@x", "failed", "worse@x", "failed", "left@x", "skipped", "new@x", "warned", "twice@x", "succeeded", "done@x", "succeeded")
	c := compare.Runs(first, second)
	var got []string
	for _, ch := range c.Changes {
		got = append(got, ch.Target.User+": "+string(ch.Before)+" > "+string(ch.After))
	}
	want := []string{
		"moved@x: failed > held", "worse@x: succeeded > failed", "new@x:  > warned", "Mended@X: failed > succeeded", "gone@x: skipped > ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.Same != 3 {
		t.Errorf("%d are the same, want 3", c.Same)
	}
	if c.Changes[1].Why.Code != "code.failed" || c.Changes[3].Why.Code != "" {
		t.Errorf("the reasons are not those of the later run: %+v", c.Changes)
	}
	const verdict = "Of the people in the two runs, 1 got a Cloud PC in the second run, 1 had a Cloud PC from the first run and got none in the second, " +
		"2 got no Cloud PC in either run, 2 had a Cloud PC from the first run already, 1 took part in the second run only and 1 took part in the first run only."
	if diff := cmp.Diff(verdict, c.Verdict()); diff != "" {
		t.Error(diff)
	}
	for want, pair := range map[string][2]summary.Record{
		"The second run changed nothing for its 1 person.":                   {runOf("a@x", "succeeded"), runOf("a@x", "succeeded")},
		"Nobody gained or lost a Cloud PC; 1 person ended in another state.": {runOf("a@x", "succeeded"), runOf("a@x", "warned")},
		"Of the people in the two runs, 1 took part in the first run only.":  {runOf("a@x", "failed"), {}},
		"Of the people in the two runs, 1 got no Cloud PC in either run.":    {runOf("a@x", "failed"), runOf("a@x", "failed")},
		"The second run changed nothing for its 0 people.":                   {},
	} {
		if diff := cmp.Diff(want, compare.Runs(pair[0], pair[1]).Verdict()); diff != "" {
			t.Error(diff)
		}
	}
}
