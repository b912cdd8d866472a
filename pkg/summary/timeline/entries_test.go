package timeline_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/summary/timeline"
)

// Changes, calls and what was done after the run are in the order of their times, without those of other rows.
func TestEntries(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 11, 27, 18, minute, 0, 0, time.UTC) }
	done := func(status migration.OutcomeStatus, detail string) *migration.Outcome {
		return &migration.Outcome{Status: status, RequestID: "r-1", Detail: detail}
	}
	r := migration.Row{Index: 3}
	entries := timeline.Entries(r, []migration.Event{
		{Row: 3, At: at(4), NextStep: migration.StepImport, To: migration.Failed, Problem: &migration.Problem{Code: "import.failed", Message: "no disk"}},
		{Row: 2, At: at(1), NextStep: migration.StepCheck, To: migration.Running},
		{Row: 3, At: at(1), NextStep: migration.StepCheck, To: migration.Running, Note: "again"},
	}, []migration.Intent{
		{At: at(3), Effect: migration.EffectImport, ClientRequestID: "c-2"},
		{At: at(2), Effect: migration.EffectJoin, ClientRequestID: "c-1", Outcome: done(migration.OutcomeDone, "a member already")},
	}, []migration.Write{
		{Command: migration.CommandRun, At: at(0), Effect: migration.EffectImport},
		{Command: "undo", At: at(5), Effect: migration.EffectPurge, Outcome: done(migration.OutcomeDone, "")},
	})
	var got []string
	for _, e := range entries {
		got = append(got, e.At.Format("04 ")+e.What)
	}
	want := []string{
		"01 check: running, again", "02 " + string(migration.EffectJoin) + ": " + string(migration.OutcomeDone) + ", a member already",
		"03 " + string(migration.EffectImport) + ": its outcome is not known", "04 import: failed, import.failed: no disk",
		"05 wave365 undo: " + string(migration.EffectPurge) + ": " + string(migration.OutcomeDone),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
