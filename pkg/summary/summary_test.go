package summary_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
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
		{"nothing rehearsed", nil, true, "Rehearsal on a sandbox tenant, no user was migrated: the wave has no rows; nothing was done."},
		{"of each", []string{"failed", "held", "skipped"}, false, "None of the 3 people have their Cloud PC. 1 is held until a person decides, 1 failed and 1 was not started because of errors in the wave."},
		{"all", many(24, "succeeded"), false, "All 24 people have their Cloud PC."},
		{"one of one", []string{"succeeded"}, false, "The only person of this wave has their Cloud PC."},
		{"none of one", []string{"failed"}, false, "The only person of this wave has no Cloud PC. 1 failed."},
		{"none of one rehearsed", []string{"failed"}, true, "Rehearsal on a sandbox tenant, no user was migrated: the only person of this wave would have no Cloud PC. 1 failed."},
		{"one of one rehearsed", []string{"succeeded"}, true, "Rehearsal on a sandbox tenant, no user was migrated: the only person of this wave would have their Cloud PC."},
		{"all with warnings", append(many(3, "succeeded"), "warned"), false, "All 4 people have their Cloud PC, 1 with warnings."},
		{"some", slices.Concat(many(17, "succeeded"), many(3, "failed"), many(4, "skipped")), false,
			"17 of 24 people have their Cloud PC. 3 failed and 4 were not started because of errors in the wave."},
		{"some rehearsed", slices.Concat(many(17, "succeeded"), many(3, "failed"), many(4, "skipped")), true,
			"Rehearsal on a sandbox tenant, no user was migrated: 17 of 24 people would have their Cloud PC. 3 failed and 4 were not started because of errors in the wave."},
		{"one", []string{"succeeded", "failed"}, false, "1 of 2 people has their Cloud PC. 1 failed."},
		{"none", []string{"failed", "held"}, false, "None of the 2 people have their Cloud PC. 1 is held until a person decides and 1 failed."},
		{"going on", []string{"succeeded", "pending", "running", "waiting", "deferred"}, false,
			"1 of 5 people has their Cloud PC so far. 1 was deferred and 3 are not finished yet."},
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
