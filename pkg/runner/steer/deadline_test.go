package steer

import (
	"testing"
	"time"

	"wave365/pkg/migration"
)

func TestMisses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	hour := func(migration.Row) time.Duration { return time.Hour }
	for _, tc := range []struct {
		name string
		d    Deadline
		want bool
	}{
		{"NoDeadline", Deadline{Forecast: hour}, false},
		{"NoForecast", Deadline{StopBy: now}, false},
		{"JustInTime", Deadline{StopBy: now.Add(time.Hour), Forecast: hour}, false},
		{"TooLate", Deadline{StopBy: now.Add(59 * time.Minute), Forecast: hour}, true},
	} {
		if got := tc.d.Misses(migration.Row{}, now); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func TestProblemSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	d := Deadline{StopBy: time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC), Forecast: func(migration.Row) time.Duration { return 95*time.Minute + 20*time.Second }}
	const want = "not started: it needs about 1 h 35 min and would not be done by 2026-11-20 22:00 UTC"
	if p := d.Problem(migration.Row{}); p.Message != want || p.Code != "row.deferred" {
		t.Errorf("%s: %q", p.Code, p.Message)
	}
}
