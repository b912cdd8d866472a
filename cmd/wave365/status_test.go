package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fleet/queue"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/run"
	"wave365/pkg/summary"
)

// Status counts the time in a step from where it began, not from the last look, and says when the next look is due.
func TestPrintAtWork_since(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)
	now := began.Add(40 * time.Minute)
	wait := func(index int, step migration.Step) migration.Row {
		return migration.Row{Index: index, State: migration.Waiting, Step: step, UpdatedAt: now.Add(-5 * time.Minute), NotBefore: now,
			Target: migration.Target{Line: index + 2, User: "u"}}
	}
	s := run.Standing{Rows: []migration.Row{wait(0, migration.StepImportWait), wait(1, migration.StepCutover)}}
	s.Rows[0].Facts.ImportStarted = began
	s.Events = []migration.Event{{Row: 1, At: began.Add(10 * time.Minute), Step: migration.StepImportWait, NextStep: migration.StepCutover},
		{Row: 1, At: now.Add(-5 * time.Minute), Step: migration.StepCutover, NextStep: migration.StepCutover}}
	var b strings.Builder
	printAtWork(&b, s, now, time.UTC, 0)
	lines := strings.Split(b.String(), "\n")
	for i, want := range []string{"40m00s", "30m00s"} {
		if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], "next look now") {
			t.Errorf("got %q, want %s", lines[i], want)
		}
	}
}

// What is listed leaves the counts above it in sight.
func TestAtWorkRows(t *testing.T) {
	t.Parallel()
	for height, want := range map[int]int{math.MaxInt: 10, 50: 10, 24: 3, 28: 7, 5: 3} {
		if got := atWorkRows(height); got != want {
			t.Errorf("a terminal of %d lines lists %d rows, want %d", height, got, want)
		}
	}
}

// Workers write no report: one that is there is named as what it is, with the command for a new one when the run has moved on.
func TestPrintReport_ofSubmittedRun(t *testing.T) {
	t.Parallel()
	seen := time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC)
	s := standing{Standing: run.Standing{Run: migration.Run{ID: "r1", Wave: "friday", ReportDir: t.TempDir()}, Seen: seen}, Job: &queue.Job{}}
	dir := summary.Dir(s.Run.ReportDir, s.Run)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ document, want, not string }{
		{"", "Write a report with: wave365 report r1", "Report"},
		{`{"schema": "x", "as_of": "2026-11-27T18:00:00Z", "rows": [`, "Report: " + filepath.Join(dir, report.FilePage), "wave365 report"},
		{`{"schema": "x", "as_of": "2026-11-27T17:30:00Z", "rows": []}`, "Report of an earlier state, of 2026-11-27 17:30 UTC", "Report: "},
		{`{"schema": "x"`, "Write a report with: wave365 report r1", "Report"},
	} {
		if tc.document != "" {
			if err := os.WriteFile(filepath.Join(dir, report.FileRun), []byte(tc.document), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var out strings.Builder
		(&app{out: &out, zone: time.UTC}).printReport(&globals{}, s)
		if got := out.String(); !strings.Contains(got, tc.want) || strings.Contains(got, tc.not) {
			t.Errorf("%s: %s", tc.document, got)
		}
		if earlier := strings.Contains(tc.want, "earlier"); earlier && !strings.Contains(out.String(), "Write a new one with: wave365 report r1") {
			t.Errorf("no command for a new one: %s", out.String())
		}
	}
}

// A time that is past is not waited for, and a worker that is gone does not drive.
func TestHandsText(t *testing.T) {
	t.Parallel()
	past, ahead := time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	a := &app{zone: time.UTC}
	for _, tc := range []struct {
		job       queue.Job
		want, not string
	}{
		{queue.Job{State: queue.Scheduled, Worker: "w1", Due: ahead}, "waits for the service, until ", "due since"},
		{queue.Job{State: queue.Scheduled, Worker: "w1", Due: past}, "waits for a worker", "until"},
		{queue.Job{State: queue.Scheduled, Due: ahead}, "waits for its start at ", "worker"},
		{queue.Job{State: queue.Scheduled, Due: past}, "waits for a worker", "start at"},
		{queue.Job{State: queue.Running, Worker: "w1", Since: past}, "driven by w1 (since ", "connected"},
		{queue.Job{State: queue.Running, Worker: "w1", Since: past, Gone: true}, "w1, which is not connected any more", "(since"},
	} {
		if got := a.queueText(tc.job); !strings.Contains(got, tc.want) || strings.Contains(got, tc.not) {
			t.Errorf("%+v: %s", tc.job, got)
		}
	}
}
