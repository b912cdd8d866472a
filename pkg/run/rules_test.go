package run

import (
	"testing"
	"time"

	"wave365/pkg/ledger"
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

func TestControlsOf(t *testing.T) {
	t.Parallel()
	order := func(holder, kind, arg string, obeyed bool) ledger.Order {
		o := ledger.Order{Holder: holder, Kind: kind, Arg: arg}
		if obeyed {
			o.ObeyedAt = thatFriday
		}
		return o
	}
	for _, tc := range []struct {
		name   string
		orders []ledger.Order
		want   Controls
	}{
		{"None", nil, Controls{Slots: 20}},
		{"PausedWithSlots", []ledger.Order{order("h", "pause", "", true), order("h", "slots", "5", true)}, Controls{Paused: true, Slots: 5}},
		{"Continued", []ledger.Order{order("h", "pause", "", true), order("h", "continue", "", true)}, Controls{Slots: 20}},
		{"NotObeyedYet", []ledger.Order{order("h", "pause", "", false)}, Controls{Slots: 20}},
		{"OfAnEarlierProcess", []ledger.Order{order("old", "pause", "", true), order("old", "slots", "1", true)}, Controls{Slots: 20}},
		{"Draining", []ledger.Order{order("h", "drain", "", true)}, Controls{Slots: 20, Draining: true}},
	} {
		if got := ControlsOf(tc.orders, "h", 20); got != tc.want {
			t.Errorf("%s: %+v", tc.name, got)
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
		{runner.Drained, nil},
		{runner.Drained, []migration.Reason{migration.RunStarted}},
		{runner.Halted, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunOrdered}},
		{runner.Reached, []migration.Reason{migration.RunStarted, migration.RunReached}},
		{runner.Drained, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunResumed}},
		{runner.Stopped, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunResumed, migration.RunStopped}},
	} {
		var events []migration.Event
		for _, r := range tc.reasons {
			events = append(events, migration.Event{Row: migration.WaveRow, Reason: r})
		}
		if got := LastEnd(events); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.reasons, got, tc.want)
		}
	}
}
