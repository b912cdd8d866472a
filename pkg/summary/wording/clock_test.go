package wording_test

import (
	"testing"
	"time"

	"wave365/pkg/summary/wording"
)

func TestClocks(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 20, 45, 0, 0, time.UTC)
	cet := time.FixedZone("CET", 3600)
	for _, tc := range []struct {
		zone   *time.Location
		layout string
		times  []time.Time
		want   string
	}{
		{time.UTC, "15:04", []time.Time{at}, "20:45 UTC"},
		{time.FixedZone("GMT", 0), "15:04", []time.Time{at}, "20:45 GMT"},
		{cet, "15:04", []time.Time{at}, "21:45 CET, 20:45 UTC"},
		{cet, "15:04", []time.Time{at, at.Add(time.Hour)}, "21:45 to 22:45 CET, 20:45 to 21:45 UTC"},
		{cet, "Mon 15:04", []time.Time{at.Add(3 * time.Hour)}, "Sat 00:45 CET, Fri 23:45 UTC"},
	} {
		if got := wording.Clocks(tc.zone, tc.layout, tc.times...); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}
