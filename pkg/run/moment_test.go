package run

import (
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 27, 17, 30, 0, 0, zone) // a Friday
	for text, want := range map[string]string{
		"18:00": "2026-11-27 18:00", "17:00": "2026-11-28 17:00", "fri 18:00": "2026-11-27 18:00", "Fri 17:00": "2026-12-04 17:00",
		"monday 09:15": "2026-11-30 09:15", "2026-12-04 18:00": "2026-12-04 18:00",
		"": "", "fri": "", "fr 18:00": "", "2026-11-27 17:00": "", "fri 25:00": "", "next fri 18:00": "", "none": "",
	} {
		at, err := Moment(text, now, zone)
		got := ""
		if err == nil {
			got = at.Format("2006-01-02 15:04")
		}
		if got != want {
			t.Errorf("%q: %q (%v), want %q", text, got, err, want)
		}
	}
}

// The night in which clocks go forward has no 02:30; the days after it do.
func TestMomentBehindAMissingHour(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2027, 3, 27, 12, 0, 0, 0, zone) // the Saturday before
	for text, want := range map[string]string{
		"02:30": "2027-03-28 03:30", "sun 02:30": "2027-03-28 03:30", "mon 02:30": "2027-03-29 02:30", "2027-03-30 02:30": "2027-03-30 02:30",
	} {
		if at, err := Moment(text, now, zone); err != nil || at.Format("2006-01-02 15:04") != want {
			t.Errorf("%q: %s, %v; want %s", text, at, err, want)
		}
	}
}
