package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/pace"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
)

var refused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

func TestRetryAfterHoldsEveryone(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]func() []string{
		"Seconds": func() []string { return []string{"Retry-After", "30"} },
		"Date": func() []string {
			return []string{"Retry-After", time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat)}
		},
		"Milliseconds": func() []string { return []string{"retry-after-ms", "30000"} },
		"DateByTheServersClock": func() []string {
			there := time.Now().Add(-5 * time.Hour).UTC()
			return []string{"Date", there.Format(http.TimeFormat), "Retry-After", there.Add(30 * time.Second).Format(http.TimeFormat)}
		},
	} {
		for _, code := range []int{429, 503, 403} {
			t.Run(fmt.Sprintf("%s/%d", name, code), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					s := &script{answer: func(n int, _ *http.Request) (*http.Response, error) {
						if n == 1 {
							return reply(code, `{}`, header()...)
						}
						return reply(200, `{}`)
					}}
					var told []pace.Throttle
					p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Notify = func(x pace.Throttle) { told = append(told, x) } })
					var wg sync.WaitGroup
					wg.Go(func() { _, _ = call(t.Context(), p, "GET", root+"/first", "") })
					synctest.Wait()
					for i := range 5 {
						wg.Go(func() {
							if _, err := call(t.Context(), p, "GET", fmt.Sprintf("%s/%d", root, i), ""); err != nil {
								t.Error(err)
							}
						})
					}
					wg.Wait()
					for _, r := range s.all()[1:] {
						if d := r.at.Sub(start); d < 30*time.Second || d > 31*time.Second {
							t.Errorf("%s was sent %s after the pause was asked for, want 30s", r.url, d)
						}
					}
					if len(told) != 1 || told[0].Service != "graph" || told[0].Wait != 30*time.Second || !told[0].Until.Equal(start.Add(30*time.Second)) {
						t.Errorf("told of %+v, want one pause of 30s", told)
					}
				})
			})
		}
	}
}

func TestPauseRunsInServiceTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		service := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		clock := cloud.FastClock(start, service, 600)
		s := &script{answer: inOrder(
			status(429, "Retry-After", service.Add(time.Minute).Format(http.TimeFormat)),
			status(503), status(200))}
		var told pace.Throttle
		p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Clock = clock; c.Notify = func(x pace.Throttle) { told = x } })
		resp, err := call(t.Context(), p, "GET", root+"/a", "")
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		all := s.all()
		if d := all[1].at.Sub(start); d < 100*time.Millisecond || d > 101*time.Millisecond {
			t.Errorf("a minute of service time took %s, want 100ms", d)
		}
		if d := all[2].at.Sub(all[1].at); d > 10*time.Millisecond {
			t.Errorf("the backoff took %s on the wall clock", d)
		}
		if told.Wait != time.Minute || !told.Until.Equal(service.Add(time.Minute)) {
			t.Errorf("told %+v, want service time", told)
		}
	})
}

func TestRetryAfterIsServiceTime(t *testing.T) {
	t.Parallel()
	s := &script{answer: inOrder(status(429, "Retry-After", "90"))}
	p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Clock = cloud.FastClock(time.Now(), time.Now(), 1e6) })
	resp, err := call(retry.Once(t.Context()), p, "POST", root+"/a", "x")
	if err != nil {
		t.Fatal(err)
	}
	if d := retry.After(resp.Header); d != 90*time.Second {
		t.Errorf("RetryAfter = %s, want 90s of service time", d)
	}
	if n := len(s.all()); n != 1 {
		t.Errorf("sent %d times: a long pause of a call that is sent once is left to the caller", n)
	}
}

// A pause of any length on what may be repeated is waited out, told once each time, and ends with the request's context or
// deadline; a service that asks again and again is given up in the end.
func TestLongPauses(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{"Minute": "61", "Fraction": "90.5", "Hours": "36000"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told []time.Duration
				s := &script{answer: inOrder(status(429, "Retry-After", after), status(503, "Retry-After", after), status(200))}
				p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Notify = func(th pace.Throttle) { told = append(told, th.Wait) } })
				pause, err := time.ParseDuration(after + "s")
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				resp, err := call(t.Context(), p, "PUT", root+"/a", "x")
				if err != nil || resp.StatusCode != 200 || time.Since(start) != 2*pause || len(told) != 2 || told[0] != pause {
					t.Errorf("%v after %s, told %v", err, time.Since(start), told)
				}
				for _, r := range s.all() {
					if r.body != `{"text":"x"}` {
						t.Errorf("sent again with body %q", r.body)
					}
				}
				late := newPipeline(t, &script{answer: inOrder(status(429, "Retry-After", after))})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				start = time.Now()
				if _, err := call(ctx, late, "GET", root+"/a", ""); !fault.Is(err, fault.Throttled) || time.Since(start) != 0 {
					t.Errorf("with a deadline before its end: %v after %s", err, time.Since(start))
				}
				endless := &script{answer: inOrder(status(429, "Retry-After", after))}
				if resp, err := call(t.Context(), newPipeline(t, endless), "GET", root+"/a", ""); err != nil || resp.StatusCode != 429 || len(endless.all()) > 100 {
					t.Errorf("endless: %v after %d", err, len(endless.all()))
				}
			})
		})
	}
}

// What is counted by itself is given back at once and holds nobody.
func TestMetered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				return reply(429, `{"error":{"code":"TooManyRequests"}}`, "Retry-After", "36000")
			}
			return reply(200, "{}")
		}}
		p, start := newPipeline(t, s), time.Now()
		ctx := retry.Metered(t.Context())
		resp, err := call(ctx, p, "POST", root+"/a", "x")
		if err != nil || resp.StatusCode != 429 || retry.After(resp.Header) != 10*time.Hour || retry.MayHaveActed(ctx) {
			t.Errorf("%v, %v", resp, err)
		}
		if _, err := call(t.Context(), p, "GET", root+"/b", ""); err != nil || time.Since(start) != 0 || len(s.all()) != 2 {
			t.Errorf("%v after %s and %d requests", err, time.Since(start), len(s.all()))
		}
	})
}

// Reads and writes stand in lines of their own, a batch in that of the reads with all its parts, and the directory's own
// count changes the pace.
func TestLanes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		header := []string{}
		s := &script{answer: func(int, *http.Request) (*http.Response, error) { return reply(200, "{}", header...) }}
		p := newPipeline(t, s, func(c *cloud.PipelineConfig) {
			c.Lanes = []pace.Lane{
				{Match: func(r *http.Request) bool { return r.URL.Path == "/free" }},
				{Reads: pace.Pace{PerSecond: 10, Burst: 20}, Writes: pace.Pace{PerSecond: 1, Burst: 1}},
			}
		})
		took := func(ctx context.Context, method, path string) time.Duration {
			start, body := time.Now(), ""
			if method != http.MethodGet {
				body = "x"
			}
			if _, err := call(ctx, p, method, root+path, body); err != nil {
				t.Fatal(err)
			}
			return time.Since(start).Round(10 * time.Millisecond)
		}
		batch := pace.WithReads(t.Context(), 20)
		for i, step := range []struct {
			ctx          context.Context
			method, path string
			want         time.Duration
			header       []string
		}{
			{t.Context(), "PUT", "/a", 0, nil},
			{t.Context(), "PUT", "/a", time.Second, nil},
			{batch, "POST", "/$batch", 0, nil},
			{batch, "POST", "/$batch", 2 * time.Second, nil},
			{pace.WithReads(t.Context(), 50), "POST", "/$batch", 5 * time.Second, nil},
			{t.Context(), "GET", "/a", 100 * time.Millisecond, []string{"x-ms-resource-unit", "5"}},
			{t.Context(), "GET", "/a", 500 * time.Millisecond, []string{"x-ms-throttle-limit-percentage", "0.9"}},
			{t.Context(), "GET", "/a", 200 * time.Millisecond, []string{"x-ms-throttle-limit-percentage", "1.2"}},
			{t.Context(), "GET", "/a", 400 * time.Millisecond, nil},
			{t.Context(), "GET", "/a", 100 * time.Millisecond, nil},
			{t.Context(), "PUT", "/free", 0, nil},
			{t.Context(), "PUT", "/free", 0, nil},
		} {
			header = step.header
			if got := took(step.ctx, step.method, step.path); got != step.want {
				t.Errorf("step %d took %s, want %s", i, got, step.want)
			}
		}
	})
}

func TestSafeCallsAreRepeated(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first func() (*http.Response, error)
		sent  int
	}{
		"429":   {status(429), 2},
		"502":   {status(502), 2},
		"503":   {status(503), 2},
		"504":   {status(504), 2},
		"Reset": {broken(syscall.ECONNRESET), 2},
		"Cut":   {cut(io.ErrUnexpectedEOF), 2},
		"CutBy": {cut(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), 2},
		"Long":  {func() (*http.Response, error) { return reply(200, strings.Repeat(" ", bound.MaxAnswer+1)) }, 1},
		"Dial":  {broken(refused), 2},
		"500":   {status(500), 1},
		"400":   {status(400), 1},
		"404":   {status(404), 1},
		"Quota": {func() (*http.Response, error) { return reply(429, `{"error":{"code":"importQuotaExceeded"}}`) }, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := &script{answer: inOrder(tt.first, status(200))}
				p := newPipeline(t, s)
				resp, err := call(t.Context(), p, "PATCH", root+"/a", "the body")
				if tt.sent > 1 && (err != nil || resp.StatusCode != 200) {
					t.Fatal(err)
				}
				all := s.all()
				if len(all) != tt.sent {
					t.Fatalf("sent %d times, want %d", len(all), tt.sent)
				}
				for _, r := range all {
					if r.body != `{"text":"the body"}` {
						t.Errorf("body %q was not rewound", r.body)
					}
				}
				if tt.sent > 1 && all[1].at.Sub(start) < 600*time.Millisecond {
					t.Errorf("repeated after %s, want a backoff", all[1].at.Sub(start))
				}
			})
		})
	}
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: inOrder(status(503))}
		resp, err := call(t.Context(), newPipeline(t, s), "GET", root+"/a", "")
		if err != nil || resp.StatusCode != 503 {
			t.Fatal(resp, err)
		}
		all := s.all()
		if len(all) != 6 {
			t.Fatalf("sent %d times, want 6", len(all))
		}
		for i := 2; i < len(all); i++ {
			if a, b := all[i-1].at.Sub(all[i-2].at), all[i].at.Sub(all[i-1].at); b <= a {
				t.Errorf("wait %d was %s after %s, want it to grow", i, b, a)
			}
		}
	})
}

// TestThrottledWithoutAWord: the service counts in windows of 20 seconds and does not always say how long to wait.
func TestThrottledWithoutAWord(t *testing.T) {
	t.Parallel()
	for range 20 { // the delays are spread at random
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			s := &script{answer: func(int, *http.Request) (*http.Response, error) {
				if time.Since(start) < 20*time.Second {
					return reply(429, "{}")
				}
				return reply(200, "{}")
			}}
			if resp, err := call(retry.Once(t.Context()), newPipeline(t, s), "POST", root+"/a", "x"); err != nil || resp.StatusCode != 200 {
				t.Errorf("%v, %v after %d tries in %s", resp.Status, err, len(s.all()), time.Since(start))
			}
		})
	}
}

func TestNoRetry(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first func() (*http.Response, error)
		sent  int
		acted bool // after the first answer stands as the last
	}{
		"429":             {status(429), 2, false},
		"429RetryAfter":   {status(429, "Retry-After", "5"), 2, false},
		"Refused":         {broken(refused), 2, false},
		"DNS":             {broken(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}}), 2, false},
		"500":             {status(500), 1, true},
		"502":             {status(502), 1, true},
		"503":             {status(503), 1, true},
		"503RetryAfter":   {status(503, "Retry-After", "5"), 1, true},
		"504":             {status(504), 1, true},
		"Reset":           {broken(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), 1, true},
		"EOF":             {broken(io.ErrUnexpectedEOF), 1, true},
		"Cut":             {cut(io.ErrUnexpectedEOF), 1, true},
		"CutBy":           {cut(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), 1, true},
		"400":             {status(400), 1, true},
		"200":             {status(200), 1, true},
		"ProxyCannotDial": {broken(&net.OpError{Op: "proxyconnect", Err: errors.New("no")}), 1, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: inOrder(tt.first, status(200))}
				ctx := retry.Once(t.Context())
				_, _ = call(ctx, newPipeline(t, s), "POST", root+"/a", "x")
				if n := len(s.all()); n != tt.sent {
					t.Errorf("sent %d times, want %d", n, tt.sent)
				}
				for _, r := range s.all() {
					if r.body != `{"text":"x"}` {
						t.Errorf("body %q", r.body)
					}
				}
				s = &script{answer: inOrder(tt.first)}
				ctx = retry.Once(t.Context())
				_, _ = call(ctx, newPipeline(t, s), "POST", root+"/a", "x")
				if retry.MayHaveActed(ctx) != tt.acted {
					t.Errorf("MayHaveActed = %v, want %v", !tt.acted, tt.acted)
				}
			})
		})
	}
	if retry.MayHaveActed(t.Context()) {
		t.Error("a context without NoRetry has acted")
	}
}

func TestATryEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n != 2 {
				return reply(200, "{}")
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		p := newPipeline(t, s)
		if _, err := call(t.Context(), p, "GET", root+"/a", ""); err != nil {
			t.Fatal(err)
		}
		p.Hold(10*time.Minute, "a long pause is not counted")
		if _, err := call(t.Context(), p, "GET", root+"/a", ""); err != nil {
			t.Fatal(err)
		}
		all := s.all()
		if all[1].at.Sub(start) != 10*time.Minute || len(all) != 3 || all[2].at.Sub(all[1].at) < 2*time.Minute {
			t.Errorf("sent at %s and %s", all[1].at.Sub(start), all[2].at.Sub(start))
		}
	})
}

// A host that has never answered is given up within 15 s, by whichever way it does not answer; one that has is not.
func TestFirstContact(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fail func(r *http.Request) error
		want string
	}{
		"NoSuchHost": {func(*http.Request) error {
			return &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
		}, "cannot reach graph.example.test: no such host"},
		"BlackHole": {func(*http.Request) error {
			time.Sleep(10 * time.Second)
			return &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
		}, "cannot reach graph.example.test: it did not respond in time"},
		"Silent": {func(r *http.Request) error { <-r.Context().Done(); return r.Context().Err() }, "cannot reach graph.example.test: it did not respond in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) { return nil, tt.fail(r) }}
				start := time.Now()
				_, err := call(t.Context(), newPipeline(t, s), "GET", root+"/a", "")
				if took := time.Since(start); took > 15*time.Second || err == nil || err.Error() != tt.want || fault.CodeOf(err) != contact.CodeUnreachable || !fault.Is(err, fault.Unavailable) {
					t.Errorf("%v after %s, %d tries", err, took, len(s.all()))
				}
				known := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n == 1 || n == 5 {
						return reply(200, "{}")
					}
					return nil, tt.fail(r)
				}}
				p := newPipeline(t, known)
				for range 2 {
					if _, err := call(t.Context(), p, "GET", root+"/a", ""); err != nil {
						t.Errorf("a host that was there: %v", err)
					}
				}
			})
		})
	}
}

// A token for storage does not leave the cloud's hosts, whoever signs the request.
func TestNoToken(t *testing.T) {
	t.Parallel()
	s := &script{answer: inOrder(status(200))}
	p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.NoToken = true })
	if _, err := call(t.Context(), p, "GET", root+"/a", ""); fault.CodeOf(err) != "cloud.foreign-host" || len(s.all()) != 0 {
		t.Errorf("%v after %d requests", err, len(s.all()))
	}
}

func TestWaitsEndWithTheContext(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, *script) *cloud.Pipeline{
		"Gate": func(t *testing.T, s *script) *cloud.Pipeline {
			p := newPipeline(t, s)
			p.Hold(time.Hour, "test")
			return p
		},
		"Limiter": func(t *testing.T, s *script) *cloud.Pipeline {
			p := newPipeline(t, s, func(c *cloud.PipelineConfig) {
				c.Lanes = []pace.Lane{{Reads: pace.Pace{PerSecond: 0.001}, Writes: pace.Pace{PerSecond: 0.001}}}
			})
			if _, err := call(t.Context(), p, "PUT", root+"/used", "x"); err != nil {
				t.Fatal(err)
			}
			return p
		},
		"Backoff": func(t *testing.T, s *script) *cloud.Pipeline {
			s.answer = inOrder(status(503, "Retry-After", "50"))
			return newPipeline(t, s)
		},
	}
	for name, setup := range tests {
		for _, once := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, once), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					if name == "Backoff" && once {
						return // it does not wait
					}
					s := &script{answer: inOrder(status(200))}
					p := setup(t, s)
					before := len(s.all())
					start := time.Now()
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(7*time.Second, cancel)
					if once {
						ctx = retry.Once(ctx)
					}
					_, err := call(ctx, p, "POST", root+"/a", "x")
					if !errors.Is(err, context.Canceled) || time.Since(start) != 7*time.Second {
						t.Errorf("got %v after %s, want cancellation after 7s", err, time.Since(start))
					}
					if name != "Backoff" && (len(s.all()) != before || retry.MayHaveActed(ctx)) {
						t.Error("it was sent")
					}
				})
			})
		}
	}
}

func TestDeadContextSendsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &script{answer: inOrder(status(200))}
	if _, err := call(ctx, newPipeline(t, s), "GET", root+"/a", ""); !errors.Is(err, context.Canceled) || len(s.all()) != 0 {
		t.Errorf("got %v and %d requests", err, len(s.all()))
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	for _, speed := range []float64{1, 100} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: inOrder(status(200))}
			p := newPipeline(t, s, func(c *cloud.PipelineConfig) {
				c.Lanes, c.Clock = []pace.Lane{{Reads: pace.Pace{PerSecond: 10, Burst: 2}}}, cloud.FastClock(time.Now(), time.Now(), speed)
			})
			start := time.Now()
			var wg sync.WaitGroup
			for range 22 {
				wg.Go(func() { _, _ = call(t.Context(), p, "GET", root+"/a", "") })
			}
			wg.Wait()
			want := time.Duration(float64(2*time.Second) / speed)
			if d := time.Since(start); d < want-time.Millisecond || d > want+time.Millisecond {
				t.Errorf("22 requests at 10/s and a burst of 2 took %s at speed %v, want %s", d, speed, want)
			}
		})
	}
}

func TestQuotaDelaysNoOtherRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return reply(429, `{"error":{"code":"quotaExceeded","message":"no more imports today"}}`, "Retry-After", "36000")
			}
			return reply(200, `{}`)
		}}
		p := newPipeline(t, s)
		resp, err := call(retry.Once(t.Context()), p, "POST", root+"/a", "x")
		if err != nil || retry.After(resp.Header) != 10*time.Hour {
			t.Fatal(resp, err)
		}
		start := time.Now()
		if _, err := call(t.Context(), p, "GET", root+"/poll", ""); err != nil || time.Since(start) > 0 {
			t.Errorf("polling waited %s (%v)", time.Since(start), err)
		}
	})
}
