package chart

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/report/page/words"
)

func TestTicksOf(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 6, 18, 37, 0, 0, time.UTC)
	cet := time.FixedZone("CET", 3600)
	for _, c := range []struct {
		whole time.Duration
		want  string
	}{
		{0, ""}, {3 * time.Second, "19:37:00 19:37:01 19:37:02 19:37:03"}, {20 * time.Minute, "19:40 19:45 19:50 19:55"},
		{3 * time.Hour, "20:00 20:30 21:00 21:30 22:00 22:30"}, {40 * time.Hour, "Sat 00:00 Sat 06:00 Sat 12:00 Sat 18:00 Sun 00:00 Sun 06:00"},
	} {
		var got []string
		for _, k := range ticksOf(axis{start, start.Add(c.whole)}, words.Clock{Zone: cet, Start: start}) {
			got = append(got, k.Label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.whole, s, c.want)
		}
	}
	if n := len(ticksOf(axis{start, start.Add(900 * 24 * time.Hour)}, words.Clock{Zone: cet, Start: start})); n > 9 {
		t.Errorf("900 days make %d ticks", n)
	}
}
