package simtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"wave365/pkg/cloud/retry"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/blobapi"
)

// moments gives everything that a process does an instant of its own. In virtual time nothing else runs until that
// instant comes, so what comes first is in the seed and not in the scheduler's hands. Safe for concurrent use.
type moments struct {
	seed uint64
	mu   sync.Mutex
	seen map[uint64]uint64 // how often each thing was done
	// tries are the ends of each call's tries; held is until when a service lets nothing through.
	tries map[string]try
	held  map[string]time.Time
}

type try struct {
	n   int
	end time.Time
}

func newMoments(seed uint64) *moments {
	return &moments{seed: seed, seen: map[uint64]uint64{}, tries: map[string]try{}, held: map[string]time.Time{}}
}

// wait waits until the moment of this doing of a thing: less than a millisecond. It ends with an error when the context does.
func (m *moments) wait(ctx context.Context, what ...string) error {
	h := fnv.New64a()
	for _, w := range what {
		_, _ = h.Write([]byte(w))
		_, _ = h.Write([]byte{0})
	}
	name := h.Sum64()
	m.mu.Lock()
	m.seen[name]++
	n := m.seen[name]
	m.mu.Unlock()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], m.seed)
	binary.LittleEndian.PutUint64(b[8:], n)
	_, _ = h.Write(b[:])
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return until(ctx, time.Now().Add(time.Duration(x%uint64(time.Millisecond))))
}

// until waits for a moment. When the context ends before, the error is that of a connection that was never made: nothing was
// sent.
func until(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}
}

// inTurn is a network on which no two requests are sent at the same instant.
type inTurn struct {
	http.RoundTripper
	*moments
}

func (w inTurn) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	ctx, cancel, err := w.settle(req)
	if err != nil {
		return nil, err
	}
	defer cancel()
	who, _ := ctx.Value(worker{}).(string)
	if err := w.wait(ctx, who, req.Method, req.URL.String(), string(body)); err != nil {
		return nil, err
	}
	resp, err := w.RoundTripper.RoundTrip(req.WithContext(ctx))
	w.answered(req, resp)
	return resp, err
}

// worker is the context's key for who makes a request.
type worker struct{}

// stepsInTurn lets the workers that begin at one instant begin one after the other.
func stepsInTurn(m *moments, works []migration.Work) []migration.Work {
	for i := range works {
		do, step := works[i].Do, works[i].Step
		works[i].Do = func(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
			who := fmt.Sprint(step, rows[0].Index, rows[0].Version)
			_ = m.wait(ctx, who) // the step itself sees to a stop
			return do(context.WithValue(ctx, worker{}, who), rows)
		}
	}
	return works
}

// settle makes a further try of a call begin at the latest moment at which azcore's own dice could have sent it, not
// while the service holds everyone, and end at the earliest moment at which it could be given up: those dice are not in
// the seed.
func (m *moments) settle(req *http.Request) (context.Context, context.CancelFunc, error) {
	m.mu.Lock()
	t, held := m.tries[call(req)], m.held[service(req)]
	m.mu.Unlock()
	if t.n == 0 || t.n > 5 {
		return req.Context(), func() {}, nil
	}
	const firstDelay, tryTimeout = 800 * time.Millisecond, 2 * time.Minute
	delay := firstDelay * time.Duration(int(1)<<t.n-1)
	earliest, latest := t.end.Add(delay*8/10), t.end.Add(delay*13/10)
	if err := until(req.Context(), later(latest, held)); err != nil {
		return nil, nil, err
	}
	if time.Now().After(latest) {
		return req.Context(), func() {}, nil // it was sent when the service had said, not when the dice did
	}
	ctx, cancel := context.WithDeadline(req.Context(), earliest.Add(tryTimeout))
	return ctx, cancel, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// answered notes the end of a try.
func (m *moments) answered(req *http.Request, resp *http.Response) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if resp != nil && resp.StatusCode < 400 {
		delete(m.tries, call(req))
		return
	}
	m.tries[call(req)] = try{m.tries[call(req)].n + 1, now}
	if resp == nil {
		return
	}
	wait := retry.ParseAfter(resp.Header, now)
	if until := now.Add(wait); wait < time.Hour && until.After(m.held[service(req)]) { // a quota holds nobody else
		m.held[service(req)] = until
	}
}

func service(req *http.Request) string {
	if strings.HasPrefix(req.URL.Path, "/"+blobapi.DevelopmentAccount) {
		return "blob"
	}
	return "graph"
}

// call names the call that a request is a try of.
func call(req *http.Request) string {
	return req.Header.Get("client-request-id") + req.Header.Get("x-ms-client-request-id") + req.Method + req.URL.String()
}
