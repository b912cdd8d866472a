package undoing

import (
	"testing"

	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/imports"
)

// However many attempts imported the disk, that it is used up is told once, and only of a row that has its Cloud PC.
func TestTheUsedImportIsToldOnce(t *testing.T) {
	t.Parallel()
	gone := Step{Did: migration.Write{Effect: migration.EffectImport}, Import: imports.Verdict{Fate: imports.Gone}}
	for state, want := range map[migration.State]int{migration.Succeeded: 1, migration.Failed: 0} {
		p := Plan{Row: migration.Row{State: state}, Steps: []Step{gone, gone}}
		p.cloudPC(nil, false)
		if len(p.Lasting) != want {
			t.Errorf("%s: told %d times: %v", state, len(p.Lasting), p.Lasting)
		}
	}
}
