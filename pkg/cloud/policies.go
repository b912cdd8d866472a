package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/fault"
)

// identify gives the request the id of its operation, or one of its own.
func (p *Pipeline) identify(req *policy.Request) (*http.Response, error) {
	id := OperationOf(req.Raw().Context())
	if id == "" {
		id = NewOperationID()
	}
	h := req.Raw().Header
	if p.cfg.Service == "blob" {
		h.Set("x-ms-client-request-id", id)
	} else {
		h.Set("client-request-id", id)
		h.Set("return-client-request-id", "true")
	}
	return req.Next()
}

// classify picks the retry rules: those for calls that are not idempotent when the context says so.
func (p *Pipeline) classify(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	switch a := attemptOf(ctx); {
	case a == nil:
	case a.metered:
		req = req.WithContext(policy.WithRetryOptions(ctx, p.metered))
	default:
		req = req.WithContext(policy.WithRetryOptions(ctx, p.once))
	}
	return req.Next()
}

// patient sends what is safe to repeat again after a pause that is longer than azcore waits for, however long it is: the
// gate says it, and the request's own context ends it.
func (p *Pipeline) patient(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	for round := 1; ; round++ {
		resp, err := req.Next()
		if err != nil || round > maxPauses || attemptOf(ctx) != nil || !p.retry.ShouldRetry(resp, nil) || RetryAfter(resp.Header) <= maxDelay {
			return resp, err
		}
		runtime.Drain(resp)
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
		if err := p.gate.waitOpen(ctx); err != nil {
			return nil, err
		}
	}
}

// open waits out a pause, once for each call.
func (p *Pipeline) open(req *policy.Request) (*http.Response, error) {
	if err := p.gate.waitOpen(req.Raw().Context()); err != nil {
		return nil, err
	}
	return req.Next()
}

// pace lets a try through when the service's pace allows it, and hands what the answer asks for to everybody.
func (p *Pipeline) pace(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	line, n := p.lanes.limiterOf(req.Raw())
	if err := p.gate.wait(ctx, line, n); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	if resp == nil {
		return nil, err
	}
	if line != nil {
		line.learn(resp.Header)
	}
	wait := serviceWait(resp, p.cfg.Clock)
	if wait <= 0 {
		return resp, err
	}
	resp.Header.Set(headerServiceMS, strconv.FormatInt(max(1, wait.Milliseconds()), 10))
	wall := p.cfg.Clock.Wall(wait)
	if end, ok := ctx.Deadline(); ok && time.Until(end) < wall {
		// azcore gives back an answer that asks for more than it will wait; sitting the deadline out would lose it.
		wall = max(wall, p.cfg.Clock.Wall(maxDelay)+time.Second)
	}
	resp.Header.Set(headerRetryAfterMS, strconv.FormatInt(max(1, wall.Milliseconds()), 10))
	// What is counted by itself, such as the imports of a day, says nothing of the others.
	if a := attemptOf(ctx); !isQuota(resp) && (a == nil || !a.metered) {
		p.Hold(wait, p.cfg.Service+" answered "+strconv.Itoa(resp.StatusCode)+" and asked to wait "+wait.String()+whatLimit(resp.Header))
	}
	return resp, err
}

// rootOnly refuses a request to another host before it is signed.
func (p *Pipeline) rootOnly(req *policy.Request) (*http.Response, error) {
	if o := origin(req.Raw().URL); o != p.root {
		return nil, p.foreign(o)
	}
	return req.Next()
}

// guard refuses a request that was signed for another host, whoever signed it.
func (p *Pipeline) guard(req *policy.Request) (*http.Response, error) {
	auth := req.Raw().Header.Get("Authorization")
	if auth == "" {
		return req.Next()
	}
	if p.cfg.NoToken && strings.HasPrefix(strings.ToLower(auth), "bearer") {
		return nil, p.foreign(origin(req.Raw().URL))
	}
	return p.rootOnly(req)
}

func (p *Pipeline) foreign(host string) error {
	home := p.root
	if p.cfg.NoToken {
		home = "the cloud's own hosts"
	}
	return permanent(fault.New(fault.Invalid, "cloud.foreign-host",
		"refused to send a token to "+host+", it is for "+home+" only",
		"a service that points to another host is not the one that was configured: check the cloud and the root"))
}

// edge is the last policy before the wire: it writes the log line and remembers whether a call that must not be
// repeated may have had its effect.
func (p *Pipeline) edge(req *policy.Request) (*http.Response, error) {
	if err := req.Raw().Context().Err(); err != nil {
		return nil, err
	}
	knowSecrets(req)
	return timely(req, func() (*http.Response, error) { return p.send(req) })
}

// send sends it, once.
func (p *Pipeline) send(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	ctx := raw.Context()
	once := attemptOf(ctx)
	if once != nil {
		once.acted.Store(true)
	}
	start := time.Now()
	resp, err := p.try(req)
	if once == nil {
		err = brokenOff(err)
	}
	if once != nil && (err != nil && (notSent(err) || errors.Is(err, errTooLate)) || resp != nil && resp.StatusCode == http.StatusTooManyRequests) {
		once.acted.Store(false)
	}
	took := time.Since(start)
	logLine(p.cfg.Logger, p.cfg.Service, req, resp, err, took, serviceWait(resp, p.cfg.Clock))
	p.cfg.Recorder.keep(p.cfg.Service, req, resp, err, p.cfg.Clock.Now().Add(-p.cfg.Clock.Service(took)), took)
	return resp, p.reached(raw.URL.Hostname(), err)
}

// reached turns a connection that was never made into a fault that names host and cause, and ends the tries at a host that
// has never answered.
func (p *Pipeline) reached(host string, err error) error {
	switch {
	case err == nil:
		p.contacts.answered(host)
		return nil
	case !noConnection(err) && !errors.Is(err, errFirstTry):
		return err
	}
	f := unreachable(host, causeOf(err), err)
	if p.contacts.hopeless(host) {
		return permanent(f)
	}
	return f
}

// errFirstTry is a first request that nobody answered.
var errFirstTry = errors.New("no answer to the first request")

// try sends the request and gives up when no answer comes in time. azcore's own limit for a try would count the waits at
// the gate too.
func (p *Pipeline) try(req *policy.Request) (*http.Response, error) {
	parent, limit := req.Raw().Context(), tryTimeout
	known := p.contacts.knock(req.Raw().URL.Hostname())
	if !known {
		limit = firstTry
	}
	ctx, cancel := context.WithTimeout(parent, limit)
	resp, err := req.WithContext(ctx).Next()
	if err != nil {
		if parent.Err() == nil && ctx.Err() != nil {
			err = fmt.Errorf("no answer within %s: %w", limit, context.DeadlineExceeded)
			if !known && attemptOf(parent) == nil {
				err = fmt.Errorf("%w: %w", errFirstTry, err)
			}
		}
		cancel()
		return resp, err
	}
	if _, inMemory := resp.Body.(io.Seeker); inMemory || resp.Body == nil {
		cancel()
	} else {
		resp.Body = &cancelOnClose{resp.Body, cancel}
	}
	return resp, nil
}

// cancelOnClose keeps the context of a streamed answer alive until its body is closed.
type cancelOnClose struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close closes the body and ends its context.
func (c *cancelOnClose) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}
