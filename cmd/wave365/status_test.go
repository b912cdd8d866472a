package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/run"
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
