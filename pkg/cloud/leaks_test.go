package cloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/pace"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
)

// shown is all that a program may do to show an error: every verb, every link of its chain, both handlers of slog, JSON.
func shown(err error) string {
	var b bytes.Buffer
	var walk func(error)
	walk = func(err error) {
		if err == nil {
			return
		}
		fmt.Fprintf(&b, "%v\n%+v\n%#v\n%s\n%q\n", err, err, err, err, err)
		_ = json.NewEncoder(&b).Encode(err)
		slog.New(slog.NewJSONHandler(&b, nil)).Error("x", "err", err, slog.Group("g", slog.Any("err", err)))
		slog.New(slog.NewTextHandler(&b, nil)).Error("x", "err", err)
		walk(errors.Unwrap(err))
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				walk(e)
			}
		}
	}
	walk(err)
	return b.String()
}

// plantedError is what a transport may say: the whole address, a token, a signature, one inside the other.
func plantedError() error {
	inner := fmt.Errorf("proxy refused Authorization: Bearer %s for %s: %w", plantedToken, plantedURL(), syscall.ECONNRESET)
	return &url.Error{Op: "Get", URL: plantedURL(), Err: &net.OpError{Op: "read", Err: inner}}
}

func TestNoSecretInAnyErrorOfThePipeline(t *testing.T) {
	t.Parallel()
	for name, ctx := range map[string]func(context.Context) context.Context{
		"Safe": func(ctx context.Context) context.Context { return ctx }, "Once": retry.Once,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: inOrder(broken(plantedError()))}
				_, err := call(ctx(t.Context()), newPipeline(t, s), "GET", plantedURL(), "")
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("what it was can no longer be asked: %v", err)
				}
				if e, ok := errors.AsType[*net.OpError](err); !ok || e.Op != "read" {
					t.Errorf("its type can no longer be asked: %v", err)
				}
				noSecret(t, shown(err))

				p := newPipeline(t, &script{answer: inOrder(broken(plantedError()))}, func(c *cloud.PipelineConfig) { c.Credential = noToken{plantedError()} })
				_, err = call(ctx(t.Context()), p, "GET", root+"/a", "")
				if !fault.Is(err, fault.Unavailable) {
					t.Errorf("sign-in: %v", err)
				}
				noSecret(t, shown(err))
			})
		})
	}
	joined := errors.Join(redact.Error(plantedError()), fault.Wrap(fault.Internal, "x", "y", "", redact.Error(plantedError())))
	noSecret(t, shown(fmt.Errorf("more: %w", joined)))
}

// TestPauseBeforeTheDeadline: nobody sits out a deadline to learn what is known already.
func TestPauseBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		clock func() cloud.Clock
		pause time.Duration
	}{
		"RealTime": {func() cloud.Clock { return cloud.Clock{} }, 10 * time.Minute},
		"Fast":     {func() cloud.Clock { return cloud.FastClock(time.Now(), time.Now(), 60) }, 10 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: inOrder(status(200))}
				p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Clock = tc.clock() })
				p.Hold(tc.pause, "test")
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				once := retry.Once(ctx)
				for _, ctx := range []context.Context{ctx, once} {
					_, err := call(ctx, p, "POST", root+"/a", "x")
					f := fault.As(err)
					if !fault.Is(err, fault.Throttled) || f.Code != "cloud.paused" || f.Remote == nil || f.Remote.RetryAfter != tc.pause || f.Remote.Service != "graph" {
						t.Errorf("got %+v, want throttled for %s", f, tc.pause)
					}
				}
				if time.Since(start) != 0 || len(s.all()) != 0 || retry.MayHaveActed(once) {
					t.Errorf("after %s, %d sent", time.Since(start), len(s.all()))
				}
				long, cancel := context.WithTimeout(t.Context(), 11*time.Minute)
				defer cancel()
				if _, err := call(long, p, "GET", root+"/a", ""); err != nil || time.Since(start) != 10*time.Minute {
					t.Errorf("a deadline behind the pause: %v after %s", err, time.Since(start))
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: inOrder(status(200))}
		p := newPipeline(t, s, func(c *cloud.PipelineConfig) {
			c.Lanes = []pace.Lane{{Reads: pace.Pace{PerSecond: 0.001}, Writes: pace.Pace{PerSecond: 0.001}}}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, first := call(ctx, p, "GET", root+"/a", "")
		if _, err := call(ctx, p, "GET", root+"/b", ""); first != nil || !fault.Is(err, fault.Throttled) || len(s.all()) != 1 {
			t.Errorf("the tool's own pace: %v, %v", first, err)
		}
	})
	// An answer that asks for more than the deadline leaves comes back as it is, with what it asks for.
	synctest.Test(t, func(t *testing.T) {
		for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			s := &script{answer: inOrder(status(code, "Retry-After", "40"), status(200))}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			start := time.Now()
			resp, err := call(ctx, newPipeline(t, s), "GET", root+"/a", "")
			cancel()
			if err != nil || resp.StatusCode != code || retry.After(resp.Header) != 40*time.Second || time.Since(start) != 0 {
				t.Errorf("%d: %v, %v after %s", code, resp, err, time.Since(start))
			}
		}
	})
}
