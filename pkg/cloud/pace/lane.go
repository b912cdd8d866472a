package pace

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Pace is how many requests a second may be sent, in service time, and how many at once. A PerSecond of 0 is no limit; a
// Burst of 0 is 1.
type Pace struct {
	PerSecond float64
	Burst     int
}

// Lane is a part of a service that counts requests for itself, reads and writes apart.
type Lane struct {
	// Match reports which requests are in the lane; nil: all.
	Match func(*http.Request) bool
	// Reads limits GET and HEAD, and requests with [WithReads]; Writes all others.
	Reads, Writes Pace
}

type readsKey struct{}

// WithReads marks the request made with the returned context as holding n reads, whatever its method: a batch, of which
// the service counts each part.
func WithReads(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, readsKey{}, n)
}

// lane is a Lane at work.
type lane struct {
	match         func(*http.Request) bool
	reads, writes *Limiter
}

// Limiter keeps one pace. Safe for concurrent use.
type Limiter struct {
	*rate.Limiter
	full rate.Limit
}

// Lanes are the lanes of a service. Safe for concurrent use.
type Lanes []lane

// NewLanes puts lanes to work; speed is how many times faster than the wall clock the service's time runs.
func NewLanes(list []Lane, speed float64) Lanes {
	var all Lanes
	for _, l := range list {
		all = append(all, lane{match: l.Match, reads: newLimiter(l.Reads, speed), writes: newLimiter(l.Writes, speed)})
	}
	return all
}

func newLimiter(p Pace, speed float64) *Limiter {
	if p.PerSecond <= 0 {
		return nil
	}
	full := rate.Limit(p.PerSecond * speed)
	return &Limiter{rate.NewLimiter(full, max(1, p.Burst)), full}
}

// Of returns the limiter of a request, and how many calls the service counts for it; nil: there is none.
func (all Lanes) Of(req *http.Request) (*Limiter, int) {
	for _, l := range all {
		if l.match != nil && !l.match(req) {
			continue
		}
		if n, ok := req.Context().Value(readsKey{}).(int); ok {
			return l.reads, max(1, n)
		}
		if req.Method == http.MethodGet || req.Method == http.MethodHead {
			return l.reads, 1
		}
		return l.writes, 1
	}
	return nil, 0
}

// wait waits for n calls. More than may be sent at once wait in parts.
func (l *Limiter) wait(ctx context.Context, n int) error {
	for n > 0 {
		part := min(n, l.Burst())
		if err := l.WaitN(ctx, part); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

// Learn reads the directory's count from an answer: a call that cost more than one unit is paid for afterwards, and
// from four fifths of the allowance on the pace is lowered until the service no longer reports it.
func (l *Limiter) Learn(h http.Header) {
	now := time.Now()
	if units, err := strconv.ParseFloat(strings.TrimSpace(h.Get("x-ms-resource-unit")), 64); err == nil && units > 1 {
		_ = l.ReserveN(now, min(int(units)-1, l.Burst()))
	}
	share, err := strconv.ParseFloat(strings.TrimSpace(h.Get("x-ms-throttle-limit-percentage")), 64)
	switch {
	case err != nil || share < 0.8:
		l.SetLimitAt(now, l.full)
	case share < 1:
		l.SetLimitAt(now, l.full/2)
	default:
		l.SetLimitAt(now, l.full/4)
	}
}

// WhatLimit is the limit that a refusal names; "" when it names none.
func WhatLimit(h http.Header) string {
	var parts []string
	for _, name := range []string{"x-ms-throttle-information", "x-ms-throttle-scope"} {
		if v := h.Get(name); v != "" {
			parts = append(parts, v[:min(len(v), 200)])
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
