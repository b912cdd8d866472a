package run_test

import (
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// Only a process that drives a run can be drained: one that acts aside of it, as undo does, is waited for.
func TestOnlyADriverIsDrained(t *testing.T) {
	t.Parallel()
	for _, aside := range []bool{false, true} {
		s, path, _ := begun(t, migration.Settings{})
		s.Close()
		o := run.Options{Ledger: strings.TrimSuffix(path, "friday.csv") + "ledger.db", Driver: run.ThisProcess("test"), Aside: aside}
		held, err := run.Open(t.Context(), o, "r1")
		if err != nil {
			t.Fatal(err)
		}
		_, err = run.Open(t.Context(), o, "r1")
		if fault.CodeOf(err) != "ledger.locked" {
			t.Fatalf("the second is not refused: %v", err)
		}
		drain := []fault.Command{fault.NewCommand("drain").For("r1")}
		hint, drives := "wait for it, or have it drained", true
		if aside {
			drain, hint, drives = nil, "wait for it", false
		}
		same(t, "commands", fault.RemedyOf(err).Commands, drain)
		same(t, "hint", fault.HintOf(err), hint)
		same(t, "drives", strings.Contains(err.Error(), "which drives the run r1"), drives)
		held.Close()
	}
}
