package main

import (
	"testing"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/run/history"
	"wave365/pkg/tenantcare"
)

func TestSwitchedBy(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC)
	row := func(run, group string) migration.Row {
		return migration.Row{Run: run, Target: migration.Target{GroupID: group}}
	}
	closed := func(run, command string, after time.Duration, o *migration.Outcome) migration.Write {
		return migration.Write{Run: run, Command: command, Effect: tenantcare.SettingRestore, At: began.Add(after), Outcome: o}
	}
	done := &migration.Outcome{Status: migration.OutcomeDone}
	h := history.History{
		Rows: []migration.Row{row("r", "G"), row("r", ""), row("first", "g"), row("second", "h"), row("second", "g"), row("far", "h"), row("far", "")},
		Effects: []migration.Write{
			closed("first", "close", -time.Hour, done), // before the run began
			closed("first", "close", time.Hour, done),
			closed("second", "close", 2*time.Hour, &migration.Outcome{Status: migration.OutcomeRefused}),
			closed("second", "setting ensure", 2*time.Hour, done),
			closed("far", "close", 3*time.Hour, done), // of another group
			closed("r", "close", 4*time.Hour, &migration.Outcome{Status: migration.OutcomeDone, NoChange: true}),
		},
	}
	if by, at := switchedBy(h, migration.Run{ID: "r", CreatedAt: began}, h.Rows[:2]); by != "first" || !at.Equal(began.Add(time.Hour)) {
		t.Errorf("%q at %s", by, at)
	}
	if by, _ := switchedBy(h, migration.Run{ID: "r", CreatedAt: began.Add(90 * time.Minute)}, h.Rows[:2]); by != "" {
		t.Errorf("a close before the run: %q", by)
	}
}
