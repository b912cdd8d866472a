// Package graphapi serves a tenant over HTTP as Microsoft Graph does, v1.0 and beta: it takes a request through route, permission,
// quota, body, answer and audit log, and handles $batch. The answers are in the packages below it, and the rules of Windows 365 in
// the tenant.
package graphapi

import (
	"cmp"
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/cloudpc"
	"wave365/pkg/sandbox/graphapi/directory"
	"wave365/pkg/sandbox/graphapi/permission"
	"wave365/pkg/sandbox/graphapi/route"
	"wave365/pkg/sandbox/graphapi/throttle"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// Config is what a handler needs.
type Config struct {
	Tenant *tenant.Tenant
	// Now is service time; nil: the wall clock.
	Now func() time.Time
	// Self is the handler that inner $batch requests go through, so that faults and the request log see them; nil: this one.
	Self  func() http.Handler
	Knobs scenario.Knobs
	// Permissions are those of the sign-in; empty: all that the product can need.
	Permissions []string
}

type handler struct {
	cfg     Config
	t       *tenant.Tenant
	routes  route.Table
	held    permission.Set
	limits  *throttle.Limits
	space   uuid.UUID
	counter atomic.Uint64
}

// New returns the handler for /v1.0/... and /beta/.... It is safe for concurrent use.
func New(cfg Config) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	h := &handler{cfg: cfg, t: cfg.Tenant, held: permission.Held(cfg.Permissions)}
	h.space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(h.t.Organization().ID))
	h.limits = throttle.New(cfg.Knobs, h.t.UserCount())
	routes := append(directory.Routes(), cloudpc.Routes(cfg.Knobs)...)
	h.routes = route.New(append(routes, &call.Route{Method: http.MethodPost, Path: "$batch", Area: call.Batch, Do: h.batch}))
	if cfg.Self == nil {
		h.cfg.Self = func() http.Handler { return h }
	}
	return h
}

// requestID returns an id from a counter, so that a story replayed in virtual time has the same ids. The time is part
// of it because another handler of the same tenant, after a restart, counts from the beginning.
func (h *handler) requestID(now time.Time) string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], h.counter.Add(1))
	binary.LittleEndian.PutUint64(b[8:], uint64(now.UnixNano()))
	return uuid.NewSHA1(h.space, b[:]).String()
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := h.cfg.Now()
	c := &call.Call{Asked: call.Asked{Request: r, Now: now, ID: h.requestID(now)}, Tenant: h.t, Knobs: h.cfg.Knobs, Held: h.held,
		Head: w.Header(), Trace: call.TraceOf(r.Context())}
	c.ClientID = cmp.Or(r.Header.Get("client-request-id"), c.ID)
	c.Trace.RequestID = c.ID
	c.Head.Set("request-id", c.ID)
	c.Head.Set("client-request-id", c.ClientID)
	c.Head.Set("Date", c.Now.UTC().Format(http.TimeFormat))
	rep, err := h.serve(c)
	if err != nil {
		rep = c.Failed(err)
	}
	c.Write(w, rep)
}

func (h *handler) serve(c *call.Call) (call.Reply, error) {
	version, segments, err := route.Split(c.Request.URL.EscapedPath())
	if err != nil {
		return call.Reply{}, err
	}
	c.Version = version
	if token, ok := strings.CutPrefix(c.Request.Header.Get("Authorization"), "Bearer "); !ok || strings.TrimSpace(token) == "" {
		c.Head.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`)
		return call.Reply{}, call.Status(401, "InvalidAuthenticationToken", "Access token is empty.")
	}
	if err := h.find(c, segments); err != nil {
		return call.Reply{}, err
	}
	if !c.Held.Allow(c.Route.Perms) {
		return call.Reply{}, c.Forbidden()
	}
	if err := h.limits.Take(c); err != nil {
		return call.Reply{}, err
	}
	if err := c.Read(); err != nil {
		return call.Reply{}, err
	}
	rep, err := c.Route.Do(c)
	record(c, err)
	return rep, err
}

// find finds the call. An unknown path is a 501 that names it, because an empty answer would look like success.
func (h *handler) find(c *call.Call, segs []string) error {
	rt, params := h.routes.Find(c.Request.Method, segs)
	if rt == nil {
		c.Trace.Outcome = "unknown"
		return call.Status(http.StatusNotImplemented, "NotImplemented", "The sandbox does not know "+c.Request.Method+" "+c.Request.URL.Path+".")
	}
	if rt.Beta && c.Version != "beta" {
		i := slices.IndexFunc(segs, func(s string) bool { return strings.EqualFold(s, "virtualEndpoint") })
		return call.Segment(segs[i+1])
	}
	c.Route, c.Params = rt, params
	return nil
}

// record fills the trace and, for writes to the Cloud PC service, the audit log.
func record(c *call.Call, err error) {
	rt := c.Route
	if rt.Effect == "" {
		return
	}
	c.Trace.Outcome = "accepted"
	if err != nil {
		c.Trace.Outcome = "refused"
	}
	c.Trace.User = c.User
	switch done := cmp.Or(c.Effect, rt.Effect); {
	case err == nil && done != "importSnapshot":
		c.Trace.Effect = done
	case err == nil:
		c.Trace.Effect = done + " accepted"
	default:
		c.Trace.Effect = rt.Name + " refused"
	}
	if rt.Area != call.CloudPC || rt.Name == "importSnapshot" && c.Knobs.UnauditedImports {
		return
	}
	e := tenant.AuditEvent{Activity: rt.Name, Operation: "patch", Result: "success", Correlation: c.ClientID,
		Resources: c.Resources, ResourceType: rt.Resource}
	switch {
	case rt.Method == http.MethodDelete:
		e.Operation = "delete"
	case rt.Creates:
		e.Operation = "create"
	}
	if err != nil {
		e.Result = "clientError"
	}
	if len(e.Resources) == 0 && len(c.Params) > 0 {
		e.Resources = c.Params[:1]
	}
	c.Tenant.Audit(c.Now, e)
}
