package run_test

import (
	"slices"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// Only a held row is settled, and never by the import of another row.
func TestSession_HeldRow(t *testing.T) {
	t.Parallel()
	s := &run.Session{Rows: []migration.Row{
		{Run: "r1", Index: 0, State: migration.Held, Target: migration.Target{User: "ada@x.example"}},
		{Run: "r1", Index: 1, State: migration.Succeeded, Target: migration.Target{User: "bob@x.example"}, Facts: migration.Facts{SnapshotID: "bobs"}},
		{Run: "r1", Index: 2, State: migration.Failed, Target: migration.Target{User: "cyd@x.example"}, Problem: &migration.Problem{Code: "import.exists"}},
		{Run: "r1", Index: 3, State: migration.Held, Target: migration.Target{User: "dan@x.example"}, Facts: migration.Facts{SnapshotID: "dans"}},
	}}
	for name, tc := range map[string]struct{ user, snapshot, code string }{
		"by an import":                {"ada@x.example", "new", ""},
		"by a word":                   {"ada@x.example", "", ""},
		"by its own import":           {"dan@x.example", "dans", ""},
		"by another row's import":     {"ada@x.example", "bobs", "reconcile.taken"},
		"by that of a held one":       {"ada@x.example", "dans", "reconcile.taken"},
		"a row that is done":          {"bob@x.example", "", "reconcile.not-held"},
		"a row that failed":           {"cyd@x.example", "", "reconcile.not-held"},
		"a failed one, by an import":  {"cyd@x.example", "new", "reconcile.not-held"},
		"somebody who is not in it":   {"zoe@x.example", "", ""},
		"nobody, and an import of it": {"zoe@x.example", "new", ""},
	} {
		r, err := s.HeldRow(tc.user, tc.snapshot)
		switch {
		case tc.user == "zoe@x.example":
			if err == nil {
				t.Errorf("%s: %+v", name, r)
			}
		case fault.CodeOf(err) != tc.code || r.Target.User != tc.user || (err == nil) != (tc.code == ""):
			t.Errorf("%s: %s, %v", name, r.Target.User, err)
		}
	}
	// The service reports an import that cannot be taken over any more: the message says what to do.
	_, err := s.HeldRow("cyd@x.example", "new")
	var said []string
	for _, c := range fault.As(err).Commands {
		said = append(said, c.Name)
	}
	if !slices.Equal(said, []string{"purge", "retry"}) {
		t.Errorf("%v is offered", said)
	}
}

// Without a name the unfinished run is meant, and when all are finished, the newest.
func TestPick(t *testing.T) {
	t.Parallel()
	s, _, _ := begun(t, migration.Settings{})
	l := s.Ledger
	later := migration.Run{ID: "r2", Wave: "later", State: migration.RunActive, CreatedAt: evening.Add(1e9)}
	if err := l.CreateRun(t.Context(), later, []migration.Row{{Run: "r2", State: migration.Skipped, Step: migration.StepCheck, Attempt: 1}}, nil); err != nil {
		t.Fatal(err)
	}
	pick := func(id, want string) {
		t.Helper()
		if r, err := run.Pick(t.Context(), l, id); err != nil || r.ID != want {
			t.Errorf("%q: %s, %v; want %s", id, r.ID, err, want)
		}
	}
	pick("", "r2")
	pick("r1", "r1")
	if err := l.FinishRun(t.Context(), "r2", evening); err != nil {
		t.Fatal(err)
	}
	pick("", "r1")
	pick("r2", "r2")
	if _, err := s.Cancel(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	pick("", "r2")
	if _, err := run.Pick(t.Context(), l, "none"); fault.CodeOf(err) != "ledger.no-run" {
		t.Errorf("a run that is not there: %v", err)
	}
}
