package words

import (
	"testing"
	"time"
)

func TestMomentOf(t *testing.T) {
	t.Parallel()
	cet := time.FixedZone("CET", 3600)
	at := time.Date(2026, 3, 6, 23, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		t    time.Time
		zone *time.Location
		want Moment
	}{
		{time.Time{}, cet, Moment{Local: "not yet"}},
		{at, time.UTC, Moment{ISO: "2026-03-06T23:30:00Z", Local: "Fri 6 Mar 2026, 23:30 UTC"}},
		{at, cet, Moment{ISO: "2026-03-06T23:30:00Z", Local: "Sat 7 Mar 2026, 00:30 CET", UTC: "6 Mar 2026, 23:30 UTC"}},
		{at.Add(-2 * time.Hour), cet, Moment{ISO: "2026-03-06T21:30:00Z", Local: "Fri 6 Mar 2026, 22:30 CET", UTC: "21:30 UTC"}},
	} {
		if got := MomentOf(c.t, c.zone); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	start := time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC)
	for _, tc := range []struct {
		zone *time.Location
		want string
	}{
		{berlin, "CEST (UTC+2)"}, {time.UTC, "UTC"}, {time.FixedZone("IST", 19800), "IST (UTC+05:30)"},
		{time.FixedZone("-03", -3*3600), "UTC-3"}, {time.FixedZone("X", 10*3600), "X (UTC+10)"},
	} {
		if got := (Clock{tc.zone, start}).Name(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
	c := Clock{berlin, start} // the clocks go back at 01:00 UTC
	if got := c.Precise(start.Add(time.Second)); got != "01:30:01" {
		t.Error(got)
	}
	if got := c.Precise(start.Add(2 * time.Hour)); got != "02:30:00 CET" {
		t.Error("a time of another zone than the heading's: ", got)
	}
}

func TestProse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"the disk is dynamic":     "<bdi>The disk is dynamic</bdi>",
		"importSnapshot was sent": "<bdi>importSnapshot was sent</bdi>",
		"run `wave365 retry` now": "<bdi>Run <code>wave365 retry</code> now</bdi>",
		"an odd ` tick":           "<bdi>An odd ` tick</bdi>",
		"`<b>` is <b>":            "<bdi><code>&lt;b&gt;</code> is &lt;b&gt;</bdi>",
		"":                        "<bdi></bdi>",
		"ärger with a name":       "<bdi>ärger with a name</bdi>",
		"provisioned, but not so": "<bdi>Provisioned, but not so</bdi>",
	} {
		if got := Prose(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestCommand_keepsWordsWhole(t *testing.T) {
	t.Parallel()
	in, want := `wave365 retry run-1  --ledger "my<l>/x.db"`, `wave365 retry <bdi>run-1</bdi>  <bdi>--ledger</bdi> <bdi>&quot;my&lt;l&gt;/x.db&quot;</bdi>`
	if got := Command(in); got != want {
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
