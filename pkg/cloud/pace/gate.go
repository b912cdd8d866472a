// Package pace keeps all requests to a service at the pace that it allows: a limit for each of its lanes, and the pause that it
// asked for.
package pace

import (
	"context"
	"sync"
	"time"

	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
)

// Throttle is a service's request for a pause.
type Throttle struct {
	// Service is the pipeline's service: "graph" or "blob".
	Service string
	// Until is when the pause ends, and Wait how long it is; both in service time.
	Until time.Time
	Wait  time.Duration
	// Why is what the service answered, in a few words.
	Why string
}

// serviceTime is how long a stretch of one time is in the other.
type serviceTime interface {
	Wall(service time.Duration) time.Duration
	Service(wall time.Duration) time.Duration
}

// Gate lets requests through at the service's pace: none before the requested pause is over, and no more a second than
// the limiter of its lane allows. All callers of a service share one.
type Gate struct {
	service string
	clock   serviceTime

	mu    sync.Mutex
	until time.Time // on the wall clock; zero: open
}

// NewGate makes an open one.
func NewGate(service string, clock serviceTime) *Gate { return &Gate{service: service, clock: clock} }

// Wait returns when a request that counts for n may be sent, or with the context's error; a nil limiter is no limit. With an ended context it lets nothing
// through. A deadline that comes before our turn is a fault of kind Throttled at once: waiting for it would gain nothing.
func (g *Gate) Wait(ctx context.Context, l *Limiter, n int) error {
	for {
		if err := g.WaitOpen(ctx); err != nil {
			return err
		}
		if l == nil {
			return nil
		}
		if err := l.wait(ctx, n); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			// The limiter fails at once when the deadline comes before our turn.
			return g.tooLate("the tool's own rate limit leaves no turn before the deadline", 0)
		}
		// The pause may have begun while we stood in line.
		if g.remaining() <= 0 {
			return nil
		}
	}
}

// WaitOpen waits out the pause only.
func (g *Gate) WaitOpen(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := g.remaining()
		if d <= 0 {
			return nil
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
			rest := g.clock.Service(d)
			return g.tooLate("the service requested a pause that lasts another "+clocks.Long(rest), rest)
		}
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// tooLate is a request that was not sent. It is not repeated: the answer would be the same.
func (g *Gate) tooLate(why string, rest time.Duration) error {
	f := fault.New(fault.Throttled, "cloud.paused", g.service+": "+why, "nothing was sent: try again when the pause is over")
	f.Remote = &fault.Remote{Service: g.service, RetryAfter: rest}
	return retry.Permanent(f)
}

func (g *Gate) remaining() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until.IsZero() {
		return 0
	}
	return time.Until(g.until)
}

// Hold closes the gate for d of service time from now, unless it is closed for longer already; it reports whether
// that made a difference.
func (g *Gate) Hold(d time.Duration) bool {
	if d <= 0 {
		return false
	}
	until := time.Now().Add(g.clock.Wall(d))
	g.mu.Lock()
	defer g.mu.Unlock()
	if !until.After(g.until) {
		return false
	}
	g.until = until
	return true
}
