package playbook_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
)

// forbidding answers 403 between two moments, to every Graph request whose address holds one of the words.
type forbidding struct {
	next     http.RoundTripper
	from, to time.Time
	words    []string
}

// RoundTrip implements [http.RoundTripper].
func (f forbidding) RoundTrip(r *http.Request) (*http.Response, error) {
	now := time.Now()
	for _, w := range f.words {
		if strings.Contains(r.URL.Path, w) && now.After(f.from) && now.Before(f.to) {
			body := `{"error":{"code":"Forbidden","message":"Insufficient privileges to complete the operation."}}`
			return &http.Response{StatusCode: http.StatusForbidden, Status: "403 Forbidden", Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
		}
	}
	return f.next.RoundTrip(r)
}

// A role that lapses in mid run stops it: no row fails for it, and the next process goes on.
func TestARightThatLapses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		after time.Duration
		words []string
	}{
		{"everything, while imports run", 12 * time.Minute, []string{"/v1.0/", "/beta/"}},
		{"Windows 365, while imports run", 12 * time.Minute, []string{"/beta/", "virtualEndpoint"}},
		{"everything, at the beginning", 30 * time.Second, []string{"/v1.0/", "/beta/"}},
		{"everything, while Cloud PCs are built", 40 * time.Minute, []string{"/v1.0/", "/beta/"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				from := time.Now().Add(tc.after)
				s := newStageBehind(t, story(), func(next http.RoundTripper) http.RoundTripper {
					return forbidding{next: next, from: from, to: from.Add(6 * time.Hour), words: tc.words}
				})
				defer s.close()
				book := s.book()
				if err := book.Prepare(t.Context(), s.rows); err != nil {
					t.Fatal(err)
				}
				r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 10}, Steps: book.Steps(), Clock: cloud.Clock{}})
				if err != nil {
					t.Fatal(err)
				}
				_, _, err = r.Run(t.Context(), nil, s.rows)
				if fault.CodeOf(err) != "permission.lapsed" || !fault.Is(err, fault.Denied) || fault.As(err).Remote.Status != 403 {
					t.Fatalf("the run ended with %v", err)
				}
				if took := time.Since(from); took > 40*time.Minute {
					t.Errorf("the run went on for %s", took)
				}
				time.Sleep(time.Until(from.Add(6*time.Hour + time.Minute)))
				s.reopen(s.path)
				for _, row := range s.rows {
					if row.State.Final() && row.State != migration.Succeeded {
						t.Errorf("%s is %s: %+v", row.Target.User, row.State, row.Problem)
					}
				}
				s.play()
				if got := states(s.rows); got != allSucceeded {
					t.Error(got)
				}
				if n := accepted(s); n != 4 {
					t.Errorf("%d imports were accepted", n)
				}
			})
		})
	}
}

// One user whom we may not ask about is that row's matter.
func TestOneUserWhoMayNotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		s.over = &altered{Client: s.graph, at: s.rows[0].Target.UserID, licenses: nil, user: nil}
		forbidden := fault.New(fault.Denied, "graph.denied", "not this one", "")
		forbidden.Remote = &fault.Remote{Service: "graph", Status: 403}
		s.over.(*altered).user = func(a *graph.UserAnswer) { *a = graph.UserAnswer{Err: forbidden} }
		s.play()
		if got := states(s.rows); got != "failed:check.failed succeeded succeeded succeeded" {
			t.Error(got)
		}
	})
}
