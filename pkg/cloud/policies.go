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

	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/exchange"
	"wave365/pkg/cloud/pace"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/cloud/retry"
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
	switch a := retry.AttemptOf(ctx); {
	case a == nil:
	case a.Metered:
		req = req.WithContext(policy.WithRetryOptions(ctx, p.metered))
	default:
		req = req.WithContext(policy.WithRetryOptions(ctx, p.once))
	}
	return req.Next()
}

// patient repeats a request that is safe to repeat after a pause that is longer than azcore waits for, however long it
// is: the gate determines it, and the request's own context ends it.
func (p *Pipeline) patient(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	for round := 1; ; round++ {
		resp, err := req.Next()
		if err != nil || round > maxPauses || retry.AttemptOf(ctx) != nil || !p.retry.ShouldRetry(resp, nil) || retry.After(resp.Header) <= retry.MaxDelay {
			return resp, err
		}
		runtime.Drain(resp)
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
		if err := p.gate.WaitOpen(ctx); err != nil {
			return nil, err
		}
	}
}

// open waits out a pause, once for each call.
func (p *Pipeline) open(req *policy.Request) (*http.Response, error) {
	if err := p.gate.WaitOpen(req.Raw().Context()); err != nil {
		return nil, err
	}
	return req.Next()
}

// pace lets a try through when the service's pace allows it, and applies the pause that the answer asks for to all
// callers.
func (p *Pipeline) pace(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	line, n := p.lanes.Of(req.Raw())
	if err := p.gate.Wait(ctx, line, n); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	if resp == nil {
		return nil, err
	}
	if line != nil {
		line.Learn(resp.Header)
	}
	wait := serviceWait(resp, p.cfg.Clock)
	if wait <= 0 {
		return resp, err
	}
	resp.Header.Set(retry.HeaderServiceMS, strconv.FormatInt(max(1, wait.Milliseconds()), 10))
	wall := p.cfg.Clock.Wall(wait)
	if end, ok := ctx.Deadline(); ok && time.Until(end) < wall {
		// azcore returns an answer that asks for more than it will wait; waiting for the deadline would lose it.
		wall = max(wall, p.cfg.Clock.Wall(retry.MaxDelay)+time.Second)
	}
	resp.Header.Set(retry.HeaderRetryAfterMS, strconv.FormatInt(max(1, wall.Milliseconds()), 10))
	// What is counted separately, such as the imports of a day, does not concern the others.
	if a := retry.AttemptOf(ctx); !retry.IsQuota(resp) && (a == nil || !a.Metered) {
		p.Hold(wait, p.cfg.Service+" answered "+strconv.Itoa(resp.StatusCode)+" and asked to wait "+wait.String()+pace.WhatLimit(resp.Header))
	}
	return resp, err
}

// rootOnly refuses a request to another host before it is signed.
func (p *Pipeline) rootOnly(req *policy.Request) (*http.Response, error) {
	if o := clouds.Origin(req.Raw().URL); o != p.root {
		return nil, p.foreign(o)
	}
	return req.Next()
}

// guard refuses a request that was signed for another host, by any signer.
func (p *Pipeline) guard(req *policy.Request) (*http.Response, error) {
	auth := req.Raw().Header.Get("Authorization")
	if auth == "" {
		return req.Next()
	}
	if p.cfg.NoToken && strings.HasPrefix(strings.ToLower(auth), "bearer") {
		return nil, p.foreign(clouds.Origin(req.Raw().URL))
	}
	return p.rootOnly(req)
}

func (p *Pipeline) foreign(host string) error {
	home := p.root
	if p.cfg.NoToken {
		home = "the cloud's own hosts"
	}
	return retry.Permanent(fault.New(fault.Invalid, "cloud.foreign-host",
		"refused to send a token to "+host+", it is for "+home+" only",
		"a service that points to another host is not the one that was configured: check the cloud and the root"))
}

// edge is the last policy before the wire: it writes the log line and remembers whether a call that must not be
// repeated may have had its effect.
func (p *Pipeline) edge(req *policy.Request) (*http.Response, error) {
	if err := req.Raw().Context().Err(); err != nil {
		return nil, err
	}
	exchange.KnowSecrets(req)
	return permit.Timely(req, func() (*http.Response, error) { return p.send(req) })
}

// send sends it, once.
func (p *Pipeline) send(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	ctx := raw.Context()
	once := retry.AttemptOf(ctx)
	if once != nil {
		once.Acted.Store(true)
	}
	start := time.Now()
	resp, err := p.try(req)
	if once == nil {
		err = retry.BrokenOff(err)
	}
	if once != nil && (err != nil && (contact.NotSent(err) || errors.Is(err, permit.ErrTooLate)) || resp != nil && resp.StatusCode == http.StatusTooManyRequests) {
		once.Acted.Store(false)
	}
	took := time.Since(start)
	exchange.Log(p.cfg.Logger, p.cfg.Service, req, resp, err, took, serviceWait(resp, p.cfg.Clock))
	p.cfg.Recorder.Keep(p.cfg.Service, req, resp, err, p.cfg.Clock.Now().Add(-p.cfg.Clock.Service(took)), took)
	return resp, p.reached(raw.URL.Hostname(), err)
}

// reached turns a connection that was never made into a fault that names host and cause, and ends the tries at a host that
// has never answered.
func (p *Pipeline) reached(host string, err error) error {
	switch {
	case err == nil:
		p.contacts.Answered(host)
		return nil
	case !contact.NoConnection(err) && !errors.Is(err, errFirstTry):
		return err
	}
	f := contact.Unreachable(host, contact.Cause(err), err)
	if p.contacts.Hopeless(host) {
		return retry.Permanent(f)
	}
	return f
}

// errFirstTry is a first request without an answer.
var errFirstTry = errors.New("no answer to the first request")

// try sends the request and gives up when no answer comes in time. azcore's own limit for a try would count the waits at
// the gate too.
func (p *Pipeline) try(req *policy.Request) (*http.Response, error) {
	parent, limit := req.Raw().Context(), tryTimeout
	known := p.contacts.Knock(req.Raw().URL.Hostname())
	if !known {
		limit = contact.FirstTry
	}
	ctx, cancel := context.WithTimeout(parent, limit)
	resp, err := req.WithContext(ctx).Next()
	if err != nil {
		if parent.Err() == nil && ctx.Err() != nil {
			err = fmt.Errorf("no answer within %s: %w", limit, context.DeadlineExceeded)
			if !known && retry.AttemptOf(parent) == nil {
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

// serviceWait is the wait that resp asks for, in service time. A date is measured from the answer's own Date where the
// service's time is real time, so that a wrong clock on this machine does no harm.
func serviceWait(resp *http.Response, clock Clock) time.Duration {
	if resp == nil {
		return 0
	}
	now := clock.Now()
	if clock == (Clock{}) {
		if d, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			now = d
		}
	}
	return retry.ParseAfter(resp.Header, now)
}
