package preflight_test

import (
	"testing"

	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

func TestSuppose(t *testing.T) {
	t.Parallel()
	none := func(line int) wave.Finding {
		return wave.Finding{Severity: wave.Error, Code: "policy.not-assigned", Line: line}
	}
	rows := []wave.Row{{Line: 2}, {Line: 3, Group: "grp"}, {Line: 4}, {Line: 5}}
	res := preflight.Result{
		Findings: []wave.Finding{none(2), none(3), none(4), {Severity: wave.Error, Code: "blob.not-found", Line: 4}, {Severity: wave.Warning, Code: "blob.leased", Line: 5}},
		Targets:  []migration.Target{{PolicyID: "p"}, {PolicyID: "p"}, {PolicyID: "p"}, {PolicyID: "q", GroupName: "own"}},
		Bad:      []bool{true, true, true, false},
	}
	if got := res.Unassigned(false); len(got) != 0 {
		t.Errorf("something else is wrong, and yet %v", got)
	}
	if got := res.Unassigned(true); len(got) != 3 || !got[2] || !got[3] || !got[4] {
		t.Errorf("lines %v", got)
	}
	res.AssumeGroups(rows, map[string]preflight.Group{"p": {ID: "g1", Name: "W365 p"}})
	for i, want := range []struct {
		group string
		bad   bool
	}{{"W365 p", false}, {"", true}, {"W365 p", true}, {"own", false}} {
		if res.Targets[i].GroupName != want.group || res.Bad[i] != want.bad {
			t.Errorf("line %d: group %q, bad %t, want %+v", rows[i].Line, res.Targets[i].GroupName, res.Bad[i], want)
		}
	}
	if res.Targets[0].GroupID != "g1" || len(res.Findings) != 3 {
		t.Errorf("%+v", res)
	}
}
