package advice_test

import (
	"testing"

	"wave365/pkg/migration"
	"wave365/pkg/summary/advice"
)

func TestResume(t *testing.T) {
	t.Parallel()
	event := func(reasons ...migration.Reason) (events []migration.Event) {
		for _, r := range reasons {
			events = append(events, migration.Event{Row: migration.WaveRow, Reason: r})
		}
		return events
	}
	rows := []migration.Row{{State: migration.Failed}, {State: migration.Pending}}
	canary, share := migration.Settings{Canary: 1}, migration.Settings{Halt: migration.Halt{Floor: 1}}
	for _, tc := range []struct {
		name     string
		settings migration.Settings
		events   []migration.Event
		want     string
	}{
		{"Drained", canary, event(migration.RunStarted, migration.RunDrained), "wave365 resume"},
		{"CanaryFailed", canary, event(migration.RunStarted, migration.RunHalted, migration.RunHalted), "wave365 resume --canary 0"},
		{"CanaryPassed", canary, event(migration.RunStarted, migration.RunCanary, migration.RunHalted), "wave365 resume"},
		{"ShareReached", share, event(migration.RunStarted, migration.RunHalted), "wave365 resume --halt-after none"},
		{"HaltedBeforeAndGoneOn", share, event(migration.RunHalted, migration.RunResumed), "wave365 resume"},
	} {
		if got := advice.Resume(migration.Run{ID: "r", Settings: tc.settings}, rows, tc.events).String(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
