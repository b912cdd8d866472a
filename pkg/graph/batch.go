package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/pace"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// batched is the answer to one call within a batch.
type batched struct {
	answer answer
	err    error
}

const (
	// batchRounds is how often the rest of a batch is sent again when some of it was throttled.
	batchRounds = 5
	// batchPause is the first wait when the service names none, in service time; it doubles each round.
	batchPause = 2 * time.Second
)

// batchGet reads objects of v1.0 in batches and returns one answer for each call, which as makes of the object and the error.
// An object without an id is an error that names what lacks it.
func batchGet[W interface{ id() string }, A any](ctx context.Context, c *Client, doing string, calls []call, nameless string, of func(W, error) A) ([]A, error) {
	answers, err := c.batch(ctx, v1, doing, calls)
	if err != nil {
		return nil, err
	}
	out := make([]A, len(calls))
	for i, b := range answers {
		var w W
		err := b.err
		if err == nil {
			if bad := json.Unmarshal(b.answer.body, &w); bad != nil {
				err = c.malformed(calls[i], b.answer, bad)
			} else if w.id() == "" {
				err = c.unexpected(calls[i], nameless)
			}
		}
		out[i] = of(w, err)
	}
	return out, nil
}

// batch sends reads of one version, twenty at a time, and returns their answers in the order of the calls. Calls inside
// it that were throttled or unavailable are sent again, and only those, after the longest wait asked for. The error is
// for the whole.
func (c *Client) batch(ctx context.Context, version, doing string, calls []call) ([]batched, error) {
	ctx = operation(ctx)
	out := make([]batched, len(calls))
	todo := make([]int, 0, len(calls))
	for i, cl := range calls {
		if err := cl.check(); err != nil {
			out[i].err = err
			continue
		}
		todo = append(todo, i)
	}
	for round := 1; len(todo) > 0; round++ {
		var again []int
		var longest time.Duration
		for chunk := range slices.Chunk(todo, odata.MaxBatch) {
			more, wait, err := c.batchOnce(ctx, version, doing, calls, chunk, out)
			if err = c.apart(ctx, calls, chunk, out, err); err != nil {
				return nil, err
			}
			again = append(again, more...)
			longest = max(longest, wait)
		}
		if todo = again; len(todo) == 0 || round == batchRounds {
			break
		}
		if longest <= 0 {
			longest = batchPause << (round - 1)
			if err := sleep(ctx, c.opts.Clock.Wall(longest)); err != nil {
				return nil, c.lost(ctx, call{doing: doing}, err)
			}
		}
	}
	return out, nil
}

// batchOf is the request that carries the calls of a chunk, numbered from 1.
func batchOf(version string, calls []call, chunk []int) odata.Batch {
	req := odata.Batch{Requests: make([]odata.BatchRequest, len(chunk))}
	for n, i := range chunk {
		cl := calls[i]
		u := strings.TrimPrefix(cl.path, version)
		if cl.query != "" {
			u += "?" + cl.query
		}
		r := odata.BatchRequest{ID: strconv.Itoa(n + 1), Method: cl.method, URL: u, Headers: map[string]string{"Accept": "application/json"}}
		if strings.HasPrefix(cl.path, ve) {
			r.Headers["Prefer"] = preferUnknown
		}
		req.Requests[n] = r
	}
	return req
}

// batchOnce sends up to twenty calls and reports which are to be sent again and after how long a wait. The wait is for
// all callers of the service and has begun.
func (c *Client) batchOnce(ctx context.Context, version, doing string, calls []call, chunk []int, out []batched) (again []int, wait time.Duration, err error) {
	outer := call{doing: doing, method: http.MethodPost, path: version + "/$batch", body: batchOf(version, calls, chunk), needs: calls[chunk[0]].needs}
	a, err := c.do(pace.WithReads(ctx, len(chunk)), outer)
	if err != nil {
		return nil, 0, err
	}
	answers, err := odata.DecodeBatch(a.body)
	if err != nil {
		return nil, 0, c.malformed(outer, a, err)
	}
	for n, i := range chunk {
		in, ok := answers[strconv.Itoa(n+1)]
		if !ok || in.Status == 0 {
			out[i] = batched{err: fault.New(fault.Unavailable, CodeMalformed, calls[i].couldNot("the batch came back without an answer to it"), "try again")}
			again = append(again, i)
			continue
		}
		d := retry.ParseAfter(in.Header, c.opts.Clock.Now())
		if d > 0 {
			in.Header.Set("x-ms-retry-after-ms", strconv.FormatInt(d.Milliseconds(), 10))
		}
		out[i] = batched{answer: answer{status: in.Status, header: in.Header, body: in.Body}}
		if in.Status >= 200 && in.Status <= 299 {
			continue
		}
		f := c.refused(calls[i], out[i].answer, cloud.OperationOf(ctx))
		out[i].err = f
		if (f.Kind == fault.Throttled || f.Kind == fault.Unavailable) && f.Code != CodeQuota {
			again = append(again, i)
			wait = max(wait, d)
		}
	}
	if wait > 0 {
		c.p.Hold(wait, "graph throttled calls within a batch and asked to wait "+wait.String())
	}
	return again, wait, nil
}

// apart keeps one call that a batch cannot take from taking the others along: when the service refuses the batch itself as
// malformed, or its answer is too large, its calls are sent one by one; an outage during one batch is that of its calls. The
// error is one that would meet all: no connection, no sign-in, no permission, a pause.
func (c *Client) apart(ctx context.Context, calls []call, chunk []int, out []batched, err error) error {
	f := fault.As(err)
	if err == nil || f == nil || meetsAll(f) || f.Kind == fault.Denied || f.Kind == fault.Throttled {
		return err
	}
	if f.Kind == fault.Unavailable && f.Code != bound.CodeTooLarge {
		for _, i := range chunk {
			out[i] = batched{err: f}
		}
		return nil
	}
	for _, i := range chunk {
		out[i].answer, out[i].err = c.do(ctx, calls[i])
		if g := fault.As(out[i].err); g != nil && meetsAll(g) {
			return g
		}
	}
	return nil
}

// meetsAll reports whether a call failed before the service answered it.
func meetsAll(f *fault.Fault) bool {
	return f.Code != bound.CodeTooLarge && (f.Remote == nil || f.Remote.Status == 0)
}

// sleep waits on the wall clock, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
