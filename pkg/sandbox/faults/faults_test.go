package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/sandbox/faults"
	"wave365/pkg/sandbox/scenario"
)

// kinds runs n matches and gives what each did.
func kinds(s *faults.Set, n int, method, path string, at time.Duration) []string {
	var out []string
	for range n {
		out = append(out, s.Match(faults.Request{Method: method, Path: path, Blob: strings.HasPrefix(path, "/acct"), At: at}).Kinds())
	}
	return out
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules []scenario.Fault
		path  string
		want  []string
	}{
		"none":               {nil, "/beta/x", []string{"", ""}},
		"every request":      {[]scenario.Fault{{Kind: "reset"}}, "/beta/x", []string{"reset", "reset"}},
		"another path":       {[]scenario.Fault{{Match: "importSnapshot", Kind: "reset"}}, "/beta/x", []string{"", ""}},
		"without case":       {[]scenario.Fault{{Match: "post /BETA/x", Kind: "reset"}}, "/beta/X", []string{"reset", "reset"}},
		"another method":     {[]scenario.Fault{{Match: "GET /beta", Kind: "reset"}}, "/beta/x", []string{"", ""}},
		"count":              {[]scenario.Fault{{Kind: "reset", Count: 2}}, "/x", []string{"reset", "reset", "", ""}},
		"after":              {[]scenario.Fault{{Kind: "reset", After: 2, Count: 1}}, "/x", []string{"", "", "reset", ""}},
		"first that hits":    {[]scenario.Fault{{Kind: "status", Count: 1}, {Kind: "reset"}}, "/x", []string{"status", "reset"}},
		"delay with another": {[]scenario.Fault{{Kind: "status"}, {Kind: "delay", Delay: "1s"}}, "/x", []string{"delay,status", "delay,status"}},
		"the tenant's own":   {[]scenario.Fault{{Kind: "quota"}, {Kind: "lag"}}, "/x", []string{"", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, kinds(faults.New(1, c.rules...), len(c.want), "POST", c.path, 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDelaysAddUp(t *testing.T) {
	t.Parallel()
	s := faults.New(1, scenario.Fault{Kind: "delay", Delay: "2s"}, scenario.Fault{Kind: "delay", Delay: "1m"})
	if got := s.Match(faults.Request{Method: "GET", Path: "/"}); got.Delay != 62*time.Second || got.Spoil != nil {
		t.Errorf("got %+v", got)
	}
}

func TestRateIsDeterministic(t *testing.T) {
	t.Parallel()
	rule := scenario.Fault{Kind: "reset", Rate: 0.1}
	one := kinds(faults.New(7, rule), 2000, "GET", "/", 0)
	if diff := cmp.Diff(one, kinds(faults.New(7, rule), 2000, "GET", "/", 0)); diff != "" {
		t.Error("the same seed hit other requests")
	}
	if cmp.Equal(one, kinds(faults.New(8, rule), 2000, "GET", "/", 0)) {
		t.Error("another seed hit the same requests")
	}
	hits := 0
	for _, k := range one {
		if k != "" {
			hits++
		}
	}
	if hits < 150 || hits > 250 {
		t.Errorf("a rate of 0.1 hit %d of 2000", hits)
	}
}

func TestRestoreGoesOn(t *testing.T) {
	t.Parallel()
	rule := scenario.Fault{Kind: "reset", Rate: 0.5, Count: 20}
	whole := kinds(faults.New(3, rule), 60, "GET", "/", 0)
	first := faults.New(3, rule)
	got := kinds(first, 25, "GET", "/", 0)
	second := faults.New(3)
	second.Restore(first.Rules())
	got = append(got, kinds(second, 35, "GET", "/", 0)...)
	if diff := cmp.Diff(whole, got); diff != "" {
		t.Error(diff)
	}
}

// A right that lapses at a time, and only at Graph.
func TestMatchKnowsServiceAndTime(t *testing.T) {
	t.Parallel()
	s := faults.New(1, scenario.Fault{Kind: "status", Status: 403, Service: "graph", From: "40m", Until: "1h"},
		scenario.Fault{Kind: "reset", Service: "blob", Until: "10m"})
	for _, c := range []struct {
		path string
		at   time.Duration
		want string
	}{
		{"/beta/x", 39 * time.Minute, ""}, {"/beta/x", 40 * time.Minute, "status"}, {"/beta/x", 59 * time.Minute, "status"}, {"/beta/x", time.Hour, ""},
		{"/acct/x", 50 * time.Minute, ""}, {"/acct/x", 9 * time.Minute, "reset"}, {"/beta/x", 9 * time.Minute, ""},
	} {
		if got := kinds(s, 1, "GET", c.path, c.at)[0]; got != c.want {
			t.Errorf("%s after %s: %q, want %q", c.path, c.at, got, c.want)
		}
	}
}
