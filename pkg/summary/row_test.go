package summary_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

var evening = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// What is recorded is assigned to its row by the row's index, wherever that row is in the list; what belongs to no row,
// or happened after a row ended, belongs to the run.
func TestRowRecords(t *testing.T) {
	t.Parallel()
	of := func(row int, note string) migration.Event { return migration.Event{Row: row, Note: note} }
	a := summary.Record{
		Rows: []migration.Row{{Index: 7, State: migration.Failed, Note: "no seat"}, {Index: 3, State: migration.Succeeded}},
		Events: []migration.Event{
			of(3, "three begins"), of(migration.WaveRow, "the run begins"), of(7, "seven begins"), of(99, "of nobody"), of(3, "three ends"),
			{Row: 3, Reason: migration.RowTakenBack, Note: "license removed"},
		},
		Intents: []migration.Intent{{ID: 1, Row: 7}, {ID: 2, Row: migration.WaveRow}, {ID: 3, Row: 3}, {ID: 4, Row: 7}},
	}
	rows, run := summary.RowRecords(a)
	told := func(r summary.RowRecord) (out []string) {
		for _, e := range r.Events {
			out = append(out, e.Note)
		}
		for _, in := range r.Intents {
			out = append(out, "intent "+string(rune('0'+in.ID)))
		}
		return out
	}
	got := map[string][]string{"first": told(rows[0]), "second": told(rows[1]), "run": told(run)}
	want := map[string][]string{
		"first":  {"seven begins", "intent 1", "intent 4"},
		"second": {"three begins", "three ends", "intent 3"},
		"run":    {"the run begins", "of nobody", "license removed", "intent 2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rows[0].Class != summary.Failed || rows[0].Why.Text != "no seat" || rows[1].Why.Text != "Taken back since: license removed" {
		t.Errorf("%+v", rows)
	}
}

// A row that was undone and then started again does not count as undone; one that was undone does not count as migrated.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	back := func(row int, note string) migration.Event {
		return migration.Event{Row: row, Reason: migration.RowTakenBack, Note: note}
	}
	events := []migration.Event{back(0, "license removed"), back(1, "license removed"), back(1, "Cloud PC gone"), {Row: 0, To: migration.Pending}}
	if diff := cmp.Diff(map[int]string{1: "Cloud PC gone"}, summary.TakenBack(events)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a := summary.Record{Rows: rows("succeeded", "succeeded", "warned", "failed"), Events: events}
	if all, done := a.People(); all != 4 || done != 2 {
		t.Errorf("%d of %d people are moved, want 2 of 4", done, all)
	}
}

func TestWhyOf(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		row        migration.Row
		code, text string
	}{
		"a success":                {migration.Row{State: migration.Succeeded, Note: "proved"}, "", ""},
		"a success with warnings":  {migration.Row{State: migration.Succeeded, Warned: true, Facts: migration.Facts{Warning: "late"}}, "cloudpc.warnings", "late"},
		"a problem":                {migration.Row{State: migration.Failed, Note: "n", Problem: &migration.Problem{Code: "import.failed", Message: "m"}}, "import.failed", "m"},
		"put off":                  {migration.Row{State: migration.Deferred, Reason: migration.ReasonStopBy}, string(migration.ReasonStopBy), "it would not have finished before the time of --stop-by"},
		"cancelled":                {migration.Row{State: migration.Cancelled, Reason: migration.ReasonOperator}, string(migration.ReasonOperator), "the operator cancelled it"},
		"cancelled, with a reason": {migration.Row{State: migration.Cancelled, Reason: migration.ReasonOperator, Note: "by ada"}, string(migration.ReasonOperator), "by ada"},
		"under way":                {migration.Row{State: migration.Waiting, Reason: migration.ReasonCreated, Note: "at 40 %"}, "", "at 40 %"},
	} {
		if why := summary.WhyOf(tc.row); why.Code != tc.code || why.Text != tc.text {
			t.Errorf("%s: %q, %q", name, why.Code, why.Text)
		}
	}
}

func TestTook(t *testing.T) {
	t.Parallel()
	began, now := evening, evening.Add(time.Hour)
	for name, tc := range map[string]struct {
		row  migration.Row
		want time.Duration
	}{
		"not started":                     {migration.Row{}, 0},
		"under way":                       {migration.Row{StartedAt: began}, time.Hour},
		"ended":                           {migration.Row{StartedAt: began, FinishedAt: began.Add(time.Minute)}, time.Minute},
		"by a clock that was put back":    {migration.Row{StartedAt: began, FinishedAt: began.Add(-time.Minute)}, 0},
		"ended, and looked at much later": {migration.Row{StartedAt: began.Add(-9 * time.Hour), FinishedAt: began}, 9 * time.Hour},
	} {
		if got := summary.Took(tc.row, now); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	f := migration.Facts{ImportStarted: began, CutOver: began, Provisioned: now}
	if summary.ImportTook(f) != 0 || summary.ProvisionTook(f) != time.Hour {
		t.Errorf("import %s, provisioning %s", summary.ImportTook(f), summary.ProvisionTook(f))
	}
}

// The failed call's id comes before the import's, and of several imports the last one's is quoted.
func TestRequestID(t *testing.T) {
	t.Parallel()
	done := func(effect migration.Effect, id string) migration.Intent {
		return migration.Intent{Effect: effect, Outcome: &migration.Outcome{RequestID: id}}
	}
	intents := []migration.Intent{done(migration.EffectImport, "first"), done(migration.EffectImport, "last"), {Effect: migration.EffectImport}, done("license.assign", "other")}
	if got := summary.RequestID(migration.Row{Problem: &migration.Problem{}}, intents); got != "last" {
		t.Errorf("without one of the problem: %q", got)
	}
	if got := summary.RequestID(migration.Row{Problem: &migration.Problem{RequestID: "failed"}}, intents); got != "failed" {
		t.Errorf("with one of the problem: %q", got)
	}
}

// The folder of a report is in the right place, whatever the names of wave and run.
func TestDir(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"friday": "friday-r1", `../a\b`: "_a_b-r1", `c:<d>|"e"*?`: "c__d___e___-r1", " x. ": "x-r1", "a\nb": "a_b-r1",
	} {
		if got := summary.Dir("base", migration.Run{Wave: name, ID: "r1"}); got != filepath.Join("base", want) {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	if got := summary.FailedFile(migration.Run{Wave: "friday", ID: "r1", ReportDir: filepath.Join("my", "reports")}); got != "my/reports/friday-r1/failed.csv" {
		t.Errorf("failed.csv is %s", got)
	}
}

// Rows to correct and run again are in failed.csv; rows that may have an import, or were removed on purpose, are not.
func TestRerunnable(t *testing.T) {
	t.Parallel()
	var again []summary.Class
	for _, c := range summary.Classes() {
		if summary.Rerunnable(rows(string(c))[0]) {
			again = append(again, c)
		}
	}
	if diff := cmp.Diff([]summary.Class{summary.Failed, summary.Skipped, summary.Deferred, summary.Cancelled}, again); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
