package migration_test

import (
	"slices"
	"testing"

	"wave365/pkg/migration"
)

// A step that lacks an entry in the table, or that no journey contains, is found here.
func TestSteps(t *testing.T) {
	t.Parallel()
	ranks, walked := map[int]migration.Step{}, map[migration.Step]bool{}
	for _, tr := range migration.Triggers() {
		steps := migration.Journey(tr)
		if steps[0] != migration.StepCheck || steps[len(steps)-1] != migration.StepProve {
			t.Errorf("%s: %v", tr, steps)
		}
		imported, slot := false, false
		for i, s := range steps {
			walked[s] = true
			info := s.Info()
			if imported && !info.Imported {
				t.Errorf("%s: %s comes after the import and does not say so", tr, s)
			}
			imported, slot = info.Imported, slot || info.Slot
			want := migration.Step("")
			if i+1 < len(steps) {
				want = steps[i+1]
			}
			if next := migration.Next(tr, s); next != want {
				t.Errorf("%s: after %s comes %s, not %s", tr, s, next, want)
			}
		}
		if !imported || !slot {
			t.Errorf("%s: no import in %v", tr, steps)
		}
	}
	phases := []migration.Phase{migration.PhasePrepare, migration.PhaseImport, migration.PhaseProvision}
	at := 0
	for _, s := range migration.Steps() {
		if !walked[s.Step] {
			t.Errorf("no row walks %s", s.Step)
		}
		if other, taken := ranks[s.Rank]; taken || s.Rank < 1 || s.Rank > len(migration.Steps()) {
			t.Errorf("%s and %s have rank %d", s.Step, other, s.Rank)
		}
		ranks[s.Rank] = s.Step
		i := slices.Index(phases, s.Phase)
		if i < at {
			t.Errorf("%s: phase %q", s.Step, s.Phase)
		}
		at = max(at, i)
		if s.Fate == "" {
			t.Errorf("%s: no fate", s.Step)
		}
	}
}
