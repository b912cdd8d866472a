package imports_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/imports"
)

func mine(state migration.State) *migration.Row {
	return &migration.Row{Run: "r", State: state, Target: migration.Target{User: "anna", UserID: "u1", UPN: "anna@x"}, Facts: migration.Facts{SnapshotID: "s1"}}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	im := func(status, usage string) graph.Import {
		return graph.Import{SnapshotID: "s1", Status: status, Usage: usage, AssignedUser: "anna@x"}
	}
	stranger := im(graph.ImportSucceeded, graph.UsageNotUsed)
	stranger.AssignedUser = "somebody else"
	for name, tc := range map[string]struct {
		row  *migration.Row
		im   graph.Import
		want imports.Fate
	}{
		"NeverUsed":      {mine(migration.Failed), im(graph.ImportSucceeded, graph.UsageNotUsed), imports.Purge},
		"Failed":         {mine(migration.Failed), im(graph.ImportFailed, graph.UsageNotUsed), imports.Purge},
		"Expired":        {mine(migration.Cancelled), im(graph.ImportSucceeded, graph.UsageExpired), imports.Purge},
		"InUse":          {mine(migration.Succeeded), im(graph.ImportSucceeded, graph.UsageInUse), imports.Keep},
		"FailedButInUse": {mine(migration.Failed), im(graph.ImportFailed, graph.UsageInUse), imports.Keep},
		"UnderWay":       {mine(migration.Cancelled), im(graph.ImportInProgress, graph.UsageNotUsed), imports.Keep},
		"YoungerStatus":  {mine(migration.Failed), im("copying", graph.UsageNotUsed), imports.Keep},
		"YoungerUsage":   {mine(migration.Failed), im(graph.ImportSucceeded, "reserved"), imports.Keep},
		"RowGoesOn":      {mine(migration.Waiting), im(graph.ImportSucceeded, graph.UsageNotUsed), imports.Keep},
		"Held":           {mine(migration.Held), im(graph.ImportSucceeded, graph.UsageNotUsed), imports.Keep},
		"Stranger":       {mine(migration.Failed), stranger, imports.Keep},
		"Foreign":        {nil, im(graph.ImportSucceeded, graph.UsageNotUsed), imports.Purge},
	} {
		v, err := imports.Judge(imports.Candidate{ID: "s1", Row: tc.row}, graph.ImportAnswer{Import: tc.im})
		if err != nil || v.Fate != tc.want || v.Why == "" {
			t.Errorf("%s: %s (%s), %v, want %s", name, v.Fate, v.Why, err, tc.want)
		}
	}
	gone, err := imports.Judge(imports.Candidate{ID: "s1"}, graph.ImportAnswer{Err: fault.New(fault.NotFound, "", "gone", "")})
	if err != nil || gone.Fate != imports.Gone {
		t.Errorf("gone: %+v, %v", gone, err)
	}
	if _, err := imports.Judge(imports.Candidate{ID: "s1"}, graph.ImportAnswer{Err: errors.New("no network")}); err == nil {
		t.Error("an answer that did not come was judged")
	}
	older := *mine(migration.Waiting)
	older.Facts.SnapshotID = "s2" // the row goes on with another import: this one is of an attempt before
	if v, _ := imports.Judge(imports.Candidate{ID: "s1", Row: &older}, graph.ImportAnswer{Import: im(graph.ImportFailed, graph.UsageNotUsed)}); v.Fate != imports.Purge {
		t.Errorf("an earlier attempt's: %+v", v)
	}
}

// flip answers differently the second time: what was unused is in use, and the other way round; the last never changes.
type flip struct {
	imports.Tenant
	n int
}

func (f *flip) ImportResults(_ context.Context, ids []string) ([]graph.ImportAnswer, error) {
	f.n++
	usages := []string{graph.UsageNotUsed, graph.UsageInUse, graph.UsageNotUsed}
	if f.n > 1 {
		usages = []string{graph.UsageInUse, graph.UsageNotUsed, graph.UsageNotUsed}
	}
	out := make([]graph.ImportAnswer, len(ids))
	for i := range ids {
		out[i].Import = graph.Import{Status: graph.ImportSucceeded, Usage: usages[i]}
	}
	return out, nil
}

func TestTwoReadsMustAgree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		v, err := imports.Look(t.Context(), cloud.Clock{}, &flip{}, []imports.Candidate{{ID: "s1"}, {ID: "s2"}, {ID: "s3"}})
		if err != nil || v[0].Fate != imports.Keep || v[1].Fate != imports.Keep || v[2].Fate != imports.Purge || time.Since(began) < time.Minute {
			t.Errorf("%+v, %v, after %s", v, err, time.Since(began))
		}
	})
}

func TestOfListsEachOnce(t *testing.T) {
	t.Parallel()
	r := *mine(migration.Failed)
	w := func(row int, id string) migration.Write {
		return migration.Write{Run: "r", Row: row, Effect: migration.EffectImport, Outcome: &migration.Outcome{Status: migration.OutcomeDone, RemoteID: id}}
	}
	got := imports.Of([]migration.Row{r}, []migration.Write{w(0, "s0"), w(0, "S1"), w(1, "other"), {Run: "r", Effect: migration.EffectImport}})
	if len(got) != 2 || got[0].ID != "s0" || got[1].ID != "S1" {
		t.Errorf("%+v", got)
	}
}
