package simtest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
)

// calm is a small wave on a good evening.
func calm(seed uint64) *story {
	s := draw(seed)
	s.faults, s.ends = nil, nil
	s.scenario.Knobs.UnauditedImports = false
	s.scenario.Knobs.WritesPer20s, s.scenario.Knobs.RequestsPer20s = 0, 0
	return s
}

// inWorld plays in a world of its own.
func inWorld(t *testing.T, s *story, do func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(t, s)
		if w != nil {
			defer func() { _ = w.close() }()
		}
		if err != nil {
			t.Fatal(err)
		}
		do(t, w)
	})
}

// outage is a network that is gone between two moments: names do not resolve, and no byte leaves.
type outage struct {
	http.RoundTripper
	from, to time.Time
	refused  int
	mu       sync.Mutex
}

func (o *outage) RoundTrip(req *http.Request) (*http.Response, error) {
	if now := time.Now(); now.After(o.from) && now.Before(o.to) {
		o.mu.Lock()
		o.refused++
		o.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "graph.microsoft.com", IsNotFound: true}}
	}
	return o.RoundTripper.RoundTrip(req)
}

// The network goes at any moment and is back after half an hour: the wave ends as if nothing had been, in one process,
// and meanwhile each row says what is wrong.
func TestNetworkGoneForHalfAnHour(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 20 * time.Second, 2 * time.Minute, 12 * time.Minute, 40 * time.Minute} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			inWorld(t, calm(7), func(t *testing.T, w *world) {
				o := &outage{RoundTripper: w.wire, from: time.Now().Add(after - 1), to: time.Now().Add(after + 30*time.Minute)}
				w.wire = o
				rows, err := w.store.Rows(t.Context(), w.run.ID)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.process(0, ending{}, rows, maxTime); err != nil {
					t.Fatal(err)
				}
				w.wire = o.RoundTripper
				if err := w.check(); err != nil {
					t.Fatal(err)
				}
				events, err := w.store.Events(t.Context(), w.run.ID)
				if err != nil {
					t.Fatal(err)
				}
				said := false
				for _, e := range events {
					said = said || e.Problem != nil && e.Reason == migration.ReasonRetry && strings.Contains(e.Problem.Message, "no such host")
				}
				if o.refused == 0 || after > 0 && !said {
					t.Errorf("%d requests met the outage; said so: %t", o.refused, said)
				}
			})
		})
	}
}

// leap is a clock that was set forward or back while a run is in progress.
type leap struct {
	at time.Time
	by time.Duration
}

func (l leap) Now() time.Time {
	now := time.Now().UTC()
	if now.After(l.at) {
		now = now.Add(l.by)
	}
	return now
}

func (leap) Wall(d time.Duration) time.Duration { return d }

// The operator's clock jumps in the middle of the wave. Nothing is done twice or too early, no row is stuck, and none
// fails for it.
func TestClockThatJumps(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{3 * time.Hour, 26 * time.Hour, -3 * time.Hour, -40 * time.Minute} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			inWorld(t, calm(3), func(t *testing.T, w *world) {
				w.clock = leap{time.Now().Add(15 * time.Minute), by}
				rows, err := w.store.Rows(t.Context(), w.run.ID)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if err := w.process(0, ending{}, rows, maxTime); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > 24*time.Hour {
					t.Errorf("it took %s", took)
				}
				if err := w.check(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// staleCredential gives tokens that the service takes for expired until it is asked again, at most once or for ever.
type staleCredential struct {
	mu     sync.Mutex
	issued int
}

func (s *staleCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	return azcore.AccessToken{Token: "token-" + string(rune('0'+s.issued%10)), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// refusals answers 401 from a moment on.
type refusals struct {
	http.RoundTripper
	from time.Time
	left int // below zero: for ever
	mu   sync.Mutex
}

func (r *refusals) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	hit := !strings.HasPrefix(req.URL.Path, "/devstoreaccount1") && time.Now().After(r.from) && r.left != 0
	if hit {
		r.left--
	}
	r.mu.Unlock()
	if !hit {
		return r.RoundTripper.RoundTrip(req)
	}
	return &http.Response{StatusCode: http.StatusUnauthorized, Status: "401 Unauthorized", Request: req, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired or is not yet valid."}}`))}, nil
}

// withToken runs one process whose token is refused from a moment on, so often.
func withToken(t *testing.T, w *world, left int) ([]migration.Row, error) {
	t.Helper()
	wire := &refusals{RoundTripper: w.wire, from: time.Now().Add(10 * time.Minute), left: left}
	web := &http.Client{Transport: wire}
	pipe, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: origin, Credential: &staleCredential{}, Transport: web})
	if err != nil {
		t.Fatal(err)
	}
	_, b, err := clients(wire)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.store.Rows(t.Context(), w.run.ID)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{left: -1, kill: func() {}, drain: make(chan struct{}), moments: newMoments(1)}
	mortal := mortalLedger{w.store, l, w.truth}
	steps := playbook.New(w.run, graph.New(pipe, origin, graph.Options{}), b, mortal, cloud.Clock{}, func(_ int, _ bool, s migration.Source) (bloburl.Ref, error) {
		return bloburl.Parse(s.URL, b.Root())
	})
	r, err := runner.New(mortal, runner.Config{State: steer.State{Slots: w.story.slots}, Steps: steps.Steps(), Clock: cloud.Clock{}, Roll: func() float64 { return 0.5 }})
	if err != nil {
		t.Fatal(err)
	}
	if err := steps.Prepare(t.Context(), rows); err != nil {
		return rows, err
	}
	rows, _, err = r.Run(t.Context(), nil, rows)
	return rows, err
}

// A token that the service refuses in the middle of the run: the row it hit tries again and the wave ends well.
func TestTokenExpiresOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, calm(5), func(t *testing.T, w *world) {
		rows, err := withToken(t, w, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Problem != nil && r.Problem.Status == http.StatusUnauthorized {
				t.Errorf("row %d ended with %+v", r.Index, r.Problem)
			}
		}
	})
}

// A token that the service goes on refusing ends the run with what to do; no row fails for it, and after the sign-in the
// wave goes on to its end.
func TestTokenIsRefusedForGood(t *testing.T) {
	t.Parallel()
	inWorld(t, calm(5), func(t *testing.T, w *world) {
		began := time.Now()
		rows, err := withToken(t, w, -1)
		if fault.CodeOf(err) != "cloud.sign-in" || fault.As(err).Remote.Status != http.StatusUnauthorized || !slices.ContainsFunc(fault.RemedyOf(err).Commands, fault.NewCommand("resume").Equal) {
			t.Fatalf("the run ended with %v", err)
		}
		if took := time.Since(began); took > 40*time.Minute {
			t.Errorf("it took %s to notice", took)
		}
		for _, r := range rows {
			if r.State.Final() && r.State != migration.Succeeded {
				t.Errorf("row %d is %s: %+v", r.Index, r.State, r.Problem)
			}
		}
		if err := errors.Join(w.play(), w.check()); err != nil {
			t.Error(err)
		}
	})
}

// smallDisk mounts a disk of its own; only root may.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := mountSmall(dir); err != nil {
		t.Skipf("needs the right to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = unmount(dir) })
	return dir
}

// namesFullDisk reports an error that names the full disk, with what to do.
func namesFullDisk(err error) bool {
	return fault.CodeOf(err) == "ledger.full" && strings.Contains(err.Error(), "the disk is full") && strings.Contains(fault.HintOf(err), "make room")
}

// The ledger's disk fills up in the middle of the wave: the run ends, says so, and does nothing that it could not record;
// when there is room again a new process goes on, and nothing was done twice.
func TestDiskFullMidRun(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	s := calm(11)
	inWorld(t, s, func(t *testing.T, w *world) {
		rows, err := w.store.Rows(t.Context(), w.run.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.path = filepath.Join(dir, "ledger.db")
		if err := w.openLedger(); err != nil {
			t.Fatal(err)
		}
		if err := w.store.(*ledger.Ledger).CreateRun(t.Context(), w.run, rows, nil); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		ballast := filepath.Join(dir, "ballast")
		wg.Go(func() {
			time.Sleep(6 * time.Minute)
			fill(t, ballast)
		})
		err = w.process(0, ending{}, rows, maxTime)
		wg.Wait()
		if !namesFullDisk(err) {
			t.Fatalf("the run ended with %v", err)
		}
		if err := remove(ballast); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.store.(*ledger.Ledger).Close(), w.openLedger()); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.play(), w.check()); err != nil {
			t.Error(err)
		}
	})
}

// A ledger that may only be read: nothing is asked of the tenant's writes, and the message says what to allow.
func TestReadOnlyLedgerChangesNothing(t *testing.T) {
	t.Parallel()
	s := calm(13)
	s.onDisk = true
	inWorld(t, s, func(t *testing.T, w *world) {
		if err := w.store.(*ledger.Ledger).Close(); err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(t.Context(), w.path, ledger.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		w.store = l
		rows, err := l.Rows(t.Context(), w.run.ID)
		if err != nil {
			t.Fatal(err)
		}
		err = w.process(0, ending{}, rows, maxTime)
		if fault.CodeOf(err) != "ledger.readonly" {
			t.Errorf("the run ended with %v", err)
		}
		log, err := w.requests()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range log {
			if e.Effect != "" {
				t.Errorf("%s %s had the effect %q, and nothing of it could be recorded", e.Method, e.Path, e.Effect)
			}
		}
	})
}
