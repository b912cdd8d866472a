package clocks_test

import (
	"testing"
	"time"

	"wave365/pkg/fault/clocks"
)

var cet = time.FixedZone("CET", 3600)

func TestRange(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 21, 45, 0, 0, cet)
	for _, tc := range []struct{ got, want string }{
		{clocks.Range(at, at.UTC()), "20:45 UTC"},
		{clocks.Range(at, at.In(time.FixedZone("GMT", 0))), "20:45 GMT"},
		{clocks.Range(at, at), "21:45 CET, 20:45 UTC"},
		{clocks.Range(at, at, at.Add(time.Hour)), "21:45 to 22:45 CET, 20:45 to 21:45 UTC"},
		{clocks.Range(at.Add(-10*time.Hour), at.Add(3*time.Hour)), "Sat 00:45 CET, Fri 23:45 UTC"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59*time.Second + 400*time.Millisecond: "59s", 59*time.Second + 900*time.Millisecond: "1m00s", time.Minute: "1m00s",
		59*time.Minute + 59*time.Second: "59m59s", time.Hour + 5*time.Minute: "1h05m", 6633 * time.Second: "1h51m", 51 * time.Hour: "2d03h",
	} {
		if got := clocks.Short(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 21, 45, 7, 0, cet)
	late := at.Add(3 * time.Hour)
	for _, tc := range []struct{ got, want string }{
		{clocks.Moment(at), "2026-11-27 21:45 CET (20:45 UTC)"},
		{clocks.Moment(at.UTC()), "2026-11-27 20:45 UTC"},
		{clocks.Moment(late), "2026-11-28 00:45 CET (2026-11-27 23:45 UTC)"},
		{clocks.Second(at), "2026-11-27 21:45:07 CET (20:45:07 UTC)"},
		{clocks.OfDay(at, at.Add(-time.Hour).UTC()), "21:45 CET (20:45 UTC)"},
		{clocks.OfDay(late, at), "2026-11-28 00:45 CET (2026-11-27 23:45 UTC)"},
		{clocks.OfDay(late, late.UTC()), "00:45 CET (23:45 UTC)"}, // the same day here, which UTC's clock alone does not show
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
	}
}

func TestLong(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "", 0: "", time.Millisecond: "under 1 s", 59 * time.Second: "59 s", time.Minute: "1 min",
		90 * time.Second: "1 min 30 s", 10*time.Minute + 29*time.Second: "10 min", 59*time.Minute + 29*time.Second: "59 min",
		time.Hour: "1 h 00 min", 3*time.Hour + 20*time.Minute: "3 h 20 min", 49*time.Hour + 5*time.Minute: "2 d 1 h 05 min",
	} {
		if got := clocks.Long(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

func TestRough(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 34 * time.Second: "30s", 90 * time.Second: "2m", 59*time.Minute + 20*time.Second: "59m", 65 * time.Minute: "1h05m",
	} {
		if got := clocks.Rough(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}
