package run

import (
	"testing"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/runner"
)

var thatFriday = time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)

func TestClockTime(t *testing.T) {
	t.Parallel()
	zurich := time.FixedZone("CET", 3600)
	for in, want := range map[string]time.Time{
		"22:00": time.Date(2026, 11, 20, 22, 0, 0, 0, zurich),
		"18:30": time.Date(2026, 11, 21, 18, 30, 0, 0, zurich), // it is 18:30 now
		"06:15": time.Date(2026, 11, 21, 6, 15, 0, 0, zurich),
		"none":  {},
	} {
		got, err := ClockTime(in, thatFriday, zurich)
		if err != nil || !got.Equal(want) {
			t.Errorf("ClockTime(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"22", "25:00", "10 pm", "22:00:00x"} {
		if got, err := ClockTime(in, thatFriday, zurich); err == nil {
			t.Errorf("ClockTime(%q) = %v", in, got)
		}
	}
}

func TestRowOf(t *testing.T) {
	t.Parallel()
	rows := []migration.Row{
		{State: migration.Skipped, Target: migration.Target{User: "ada@x.example"}},
		{State: migration.Failed, Target: migration.Target{User: "ADA@x.example", UserID: "0B"}},
		{State: migration.Pending, Target: migration.Target{User: "0c", UserID: "0c", UPN: "cyd@x.example"}},
	}
	for user, want := range map[string]int{"Ada@X.example": 1, "0b": 1, "CYD@x.example ": 2, "0C": 2} {
		if got, err := RowOf(rows, user); err != nil || got != want {
			t.Errorf("RowOf(%q) = %d, %v, want %d", user, got, err, want)
		}
	}
	if _, err := RowOf(rows, "bob@x.example"); err == nil {
		t.Error("a user of no row was found")
	}
}

func TestLastEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		want    runner.End
		reasons []migration.Reason
	}{
		{"", nil},
		{"", []migration.Reason{migration.RunStarted}},
		{runner.Halted, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunOrdered}},
		{runner.Reached, []migration.Reason{migration.RunStarted, migration.RunReached}},
		{"", []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunResumed}},
		{runner.Stopped, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunResumed, migration.RunStopped}},
	} {
		var events []migration.Event
		for _, r := range tc.reasons {
			events = append(events, migration.Event{Row: migration.WaveRow, Reason: r})
		}
		if got, _, ok := LastEnd(events); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%v: %q, %v, want %q", tc.reasons, got, ok, tc.want)
		}
	}
}
