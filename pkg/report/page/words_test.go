package page

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"wave365/pkg/summary"
)

func TestTook(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "", 0: "", time.Millisecond: "under 1 s", 59 * time.Second: "59 s", time.Minute: "1 min",
		90 * time.Second: "1 min 30 s", 10*time.Minute + 29*time.Second: "10 min", 59*time.Minute + 29*time.Second: "59 min",
		time.Hour: "1 h 00 min", 3*time.Hour + 20*time.Minute: "3 h 20 min", 49*time.Hour + 5*time.Minute: "2 d 1 h 05 min",
	} {
		if got := took(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

func TestMomentOf(t *testing.T) {
	t.Parallel()
	cet := time.FixedZone("CET", 3600)
	at := time.Date(2026, 3, 6, 23, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		t    time.Time
		zone *time.Location
		want moment
	}{
		{time.Time{}, cet, moment{Local: "not yet"}},
		{at, time.UTC, moment{ISO: "2026-03-06T23:30:00Z", Local: "Fri 6 Mar 2026, 23:30 UTC"}},
		{at, cet, moment{ISO: "2026-03-06T23:30:00Z", Local: "Sat 7 Mar 2026, 00:30 CET", UTC: "6 Mar 2026, 23:30 UTC"}},
		{at.Add(-2 * time.Hour), cet, moment{ISO: "2026-03-06T21:30:00Z", Local: "Fri 6 Mar 2026, 22:30 CET", UTC: "21:30 UTC"}},
	} {
		if got := momentOf(c.t, c.zone); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}

func TestProse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]template.HTML{
		"the disk is dynamic":     "<bdi>The disk is dynamic</bdi>",
		"importSnapshot was sent": "<bdi>importSnapshot was sent</bdi>",
		"run `wave365 retry` now": "<bdi>Run <code>wave365 retry</code> now</bdi>",
		"an odd ` tick":           "<bdi>An odd ` tick</bdi>",
		"`<b>` is <b>":            "<bdi><code>&lt;b&gt;</code> is &lt;b&gt;</bdi>",
		"":                        "<bdi></bdi>",
		"ärger with a name":       "<bdi>ärger with a name</bdi>",
		"provisioned, but not so": "<bdi>Provisioned, but not so</bdi>",
	} {
		if got := prose(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestCommand_keepsWordsWhole(t *testing.T) {
	t.Parallel()
	in, want := `wave365 retry run-1  --ledger "my<l>/x.db"`, template.HTML(`wave365 retry <bdi>run-1</bdi>  <bdi>--ledger</bdi> <bdi>&#34;my&lt;l&gt;/x.db&#34;</bdi>`)
	if got := command(in); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCut_keepsComposedCharactersWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 10, "short"}, {"abcdef", 3, "abc"}, {"abe\u0301f", 3, "ab"}, {"ab👩\u200d💻", 3, "ab"}, {"ab👍🏽c", 3, "ab"},
	} {
		if got := cut(c.in, c.n); got != c.want {
			t.Errorf("%q at %d: got %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

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
		for _, k := range ticksOf(axis{start, start.Add(c.whole)}, clock{cet, start}) {
			got = append(got, k.Label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.whole, s, c.want)
		}
	}
	if n := len(ticksOf(axis{start, start.Add(900 * 24 * time.Hour)}, clock{cet, start})); n > 9 {
		t.Errorf("900 days make %d ticks", n)
	}
}

func TestBarOf_fillsTheBar(t *testing.T) {
	t.Parallel()
	for _, tally := range []map[summary.Class]int{
		{summary.Succeeded: 1}, {summary.Succeeded: 9999, summary.Failed: 1}, {summary.Failed: 1, summary.Held: 1, summary.Skipped: 1},
		{summary.Succeeded: 3, summary.Warned: 1, summary.Failed: 1, summary.Held: 1, summary.Skipped: 1, summary.Deferred: 1, summary.Cancelled: 1, summary.Queued: 9000},
	} {
		total := 0
		for _, n := range tally {
			total += n
		}
		x := 0
		for _, s := range barOf(tally, total) {
			if s.X != x || s.W < 6 {
				t.Errorf("%v: %s begins at %d (want %d) and is %d wide", tally, s.Class, s.X, x, s.W)
			}
			x += s.W
		}
		if x != 1000 {
			t.Errorf("%v: the bar ends at %d", tally, x)
		}
	}
	if barOf(nil, 0) != nil {
		t.Error("an empty wave has a bar")
	}
}
