package sandbox

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/sandbox/admin"
	"wave365/pkg/sandbox/answer"
	"wave365/pkg/sandbox/change"
	"wave365/pkg/sandbox/faults"
	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/sandbox/reqlog"
)

// handler serves Graph at /v1.0 and /beta, blobs at /devstoreaccount1 and the sandbox's own endpoints at /sandbox.
func (s *Sandbox) handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request) {
	if !loopback.Meant(r) {
		admin.Complain(w, http.StatusForbidden, "a sandbox is for programs of this machine that call it by a loopback address, and not for web pages")
		return
	}
	if r.URL.Path == "/sandbox" || strings.HasPrefix(r.URL.Path, "/sandbox/") {
		s.admin.ServeHTTP(w, r)
		return
	}
	rec := s.answer(w, r, false)
	if rec.Cut != "" {
		answer.HangUp(w, rec.Cut)
		return
	}
	rec.Send(w)
}

// serveInner answers a request inside a $batch.
func (s *Sandbox) serveInner(w http.ResponseWriter, r *http.Request) { s.answer(nil, r, true).Send(w) }

// answer makes the answer to one request, spoils it as the faults say, and logs it.
func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request, batch bool) *answer.Recorder {
	entry := reqlog.Of(r, batch)
	rec := answer.New(nil)
	if f := s.broken.Load(); f != nil {
		answer.Spoiled(rec, r, s.toBlobs(r), s.spoiledID(), http.StatusServiceUnavailable, f.Code, f.Msg, s.now())
		return rec
	}
	plan := s.faults.Match(faults.Request{Method: r.Method, Path: r.URL.Path, Blob: s.toBlobs(r), At: s.now().Sub(s.origin)})
	if plan.Changed {
		s.keepFaults()
	}
	entry.Fault = plan.Kinds()
	if !s.sleep(r.Context(), plan.Delay) {
		rec.Cut = "reset"
	} else {
		rec = s.spoil(w, r, rec, plan, &entry)
	}
	entry.Time = s.now()
	if batch && rec.Cut != "" {
		// There is no connection to close: the batch reports a gateway error for this request.
		answer.Spoiled(rec, r, s.toBlobs(r), s.spoiledID(), http.StatusGatewayTimeout, "", "the service did not answer", entry.Time)
		rec.Cut = ""
	}
	rec.Header().Set("Date", entry.Time.Format(http.TimeFormat))
	if rec.Cut == "" {
		entry.Status = rec.Status()
	}
	if entry.Outcome == "unknown" {
		s.log.Warn("the sandbox does not know this request", "method", entry.Method, "path", entry.Path, "query", entry.Query, "batch", batch)
	}
	if err := s.requests.Add(entry); err != nil {
		_ = s.breakDown(err)
		rec.Cut = "reset"
	}
	return rec
}

// spoiledID returns ids for answers that no handler made, from a counter, so that a replayed story has the same ids;
// the time is part of it because a restart counts from the beginning.
func (s *Sandbox) spoiledID() string {
	name := fmt.Sprint("spoiled ", s.seed, s.spoils.Add(1), s.now().UnixNano())
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}

// spoil runs the handler, before it or instead of it the fault of the plan.
func (s *Sandbox) spoil(w http.ResponseWriter, r *http.Request, rec *answer.Recorder, plan faults.Plan, entry *reqlog.Entry) *answer.Recorder {
	f := plan.Spoil
	if f == nil {
		return s.handle(w, r, entry)
	}
	instead := f.Kind == "reset" || (!slices.Contains([]string{"drop-reply", "malformed", "next-link"}, f.Kind) && !f.Applied)
	if !instead {
		if rec = s.handle(nil, r, entry); rec.Cut != "" {
			return rec
		}
	}
	switch f.Kind {
	case "reset", "drop-reply":
		rec.Cut = f.Kind
	case "malformed":
		answer.Mangle(rec)
	case "next-link":
		answer.Relink(rec, r, f.Link)
	default:
		answer.Refuse(rec, r, s.toBlobs(r), s.spoiledID(), *f, s.now())
	}
	if instead {
		entry.RequestID = rec.Header().Get("request-id")
	}
	return rec
}

// handle calls the handler of the path. w, when given, may be used to stream the body of a blob.
func (s *Sandbox) handle(w http.ResponseWriter, r *http.Request, entry *reqlog.Entry) *answer.Recorder {
	if s.toBlobs(r) {
		return s.handleBlob(w, r, entry)
	}
	var tr call.Trace
	rec := answer.New(nil)
	traced := func(r *http.Request) *http.Request { return r.WithContext(call.WithTrace(r.Context(), &tr)) }
	switch {
	case strings.HasSuffix(strings.ToLower(r.URL.Path), "/$batch"):
		s.graph.ServeHTTP(rec, traced(r)) // the requests inside take the lock themselves
	case reads(r.Method):
		func() {
			s.order.RLock()
			defer s.order.RUnlock()
			s.graph.ServeHTTP(rec, traced(r))
		}()
	default:
		body, err := call.Body(r)
		if err != nil && !errors.Is(err, gzip.ErrHeader) { // the handler reports that error itself
			rec.Cut = "reset"
			return rec
		}
		s.change(rec, traced(r), body, &tr)
	}
	entry.Effect, entry.User, entry.Outcome, entry.RequestID = tr.Effect, tr.User, tr.Outcome, tr.RequestID
	return rec
}

// change runs a request that may change the tenant at one moment of service time, and makes the change durable.
func (s *Sandbox) change(rec *answer.Recorder, r *http.Request, body []byte, tr *call.Trace) {
	s.order.Lock()
	defer s.order.Unlock()
	now := s.clock.Now()
	s.pinned.Store(&now)
	defer s.pinned.Store(nil)
	s.storage.Heard()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	s.graph.ServeHTTP(rec, r)
	if tr.Effect == "" {
		return
	}
	if err := s.record(change.Of(r, body, now, tr.Effect, s.storage.Heard())); err != nil {
		rec.Cut = "reset"
	}
}

func reads(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func (s *Sandbox) toBlobs(r *http.Request) bool {
	_, ok := s.storage.Of(r.URL.Path)
	return ok
}

// keepFaults makes the counts of the fault rules durable.
func (s *Sandbox) keepFaults() {
	s.order.Lock()
	defer s.order.Unlock()
	if s.journal != nil {
		_ = s.record(change.Change{Rules: true, Faults: s.faults.Rules()})
	}
}

// sleep waits for a duration of service time; false: the client went away.
func (s *Sandbox) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(s.clock.Wall(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// handleBlob lets the storage account answer. Large bodies are streamed to w when there is one.
func (s *Sandbox) handleBlob(w http.ResponseWriter, r *http.Request, entry *reqlog.Entry) *answer.Recorder {
	rec := answer.New(w)
	rec.Header().Set("Date", s.now().Format(http.TimeFormat))
	account, _ := s.storage.Of(r.URL.Path)
	s.tenant.Pass(s.now()) // others may have written to the blob
	if r.Method == http.MethodDelete {
		s.order.Lock()
		defer s.order.Unlock()
	}
	s.storage.Serve(account, rec, r)
	entry.RequestID = rec.Header().Get("x-ms-request-id")
	switch {
	case rec.Status() == http.StatusNotImplemented:
		entry.Outcome = "unknown"
	case r.Method == http.MethodDelete && rec.Status() < 300:
		entry.Outcome, entry.Effect = "accepted", "blob deleted"
		container, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"+account+"/"), "/")
		if err := s.record(change.Change{Deleted: []string{account, container, name}}); err != nil {
			rec.Cut = "reset"
		}
	case r.Method == http.MethodDelete:
		entry.Outcome = "refused"
	}
	return rec
}
