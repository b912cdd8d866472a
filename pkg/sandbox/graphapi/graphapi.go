// Package graphapi speaks HTTP as Microsoft Graph does, v1.0 and beta, over a tenant: routing, permissions, throttling,
// OData queries, paging, $batch and errors. It is not for the rules of Windows 365: those are the tenant's.
package graphapi

import (
	"cmp"
	"context"
	"encoding/binary"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

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
	// Permissions are what the sign-in holds; empty: all that the product can need.
	Permissions []string
}

// Trace is what one request did, for a request log.
type Trace struct {
	// Effect is what it changed or tried to, such as "importSnapshot accepted"; empty: nothing.
	Effect string
	// User is the object id of the person concerned, where there is one.
	User string
	// Outcome is accepted or refused for writes, unknown for a route that is not here, empty for reads.
	Outcome   string
	RequestID string
}

type traceKey struct{}

// WithTrace makes the handler fill tr for the request that carries the context.
func WithTrace(ctx context.Context, tr *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, tr)
}

type handler struct {
	cfg     Config
	t       *tenant.Tenant
	routes  *node
	perms   permissions
	limits  *limits
	space   uuid.UUID
	counter atomic.Uint64
}

// New makes the handler for /v1.0/... and /beta/.... It is safe for concurrent use.
func New(cfg Config) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	h := &handler{cfg: cfg, t: cfg.Tenant, perms: grantedTo(cfg.Permissions)}
	h.space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(h.t.Organization().ID))
	h.limits = newLimits(cfg.Knobs, h.t.UserCount())
	h.routes = table(h)
	if cfg.Self == nil {
		h.cfg.Self = func() http.Handler { return h }
	}
	return h
}

// requestID numbers the requests, so that a story told again in virtual time has the same ids. The time is in it
// because another handler of the same tenant, after a restart, counts from the beginning.
func (h *handler) requestID(now time.Time) string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], h.counter.Add(1))
	binary.LittleEndian.PutUint64(b[8:], uint64(now.UnixNano()))
	return uuid.NewSHA1(h.space, b[:]).String()
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := h.cfg.Now()
	c := &call{h: h, t: h.t, r: r, now: now, id: h.requestID(now)}
	c.clientID = cmp.Or(r.Header.Get("client-request-id"), c.id)
	if c.trace, _ = r.Context().Value(traceKey{}).(*Trace); c.trace == nil {
		c.trace = &Trace{}
	}
	c.trace.RequestID = c.id
	c.head = w.Header()
	c.head.Set("request-id", c.id)
	c.head.Set("client-request-id", c.clientID)
	c.head.Set("Date", c.now.UTC().Format(http.TimeFormat))
	rep, err := c.serve()
	if err != nil {
		rep = c.failed(err)
	}
	c.write(w, rep)
}

func (c *call) serve() (reply, error) {
	version, segments, err := c.h.split(c.r.URL.EscapedPath())
	if err != nil {
		return reply{}, err
	}
	c.version = version
	if token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); !ok || strings.TrimSpace(token) == "" {
		c.head.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`)
		return reply{}, status(401, "InvalidAuthenticationToken", "Access token is empty.")
	}
	rt, params, err := c.h.route(c, segments)
	if err != nil {
		return reply{}, err
	}
	c.params, c.rt = params, rt
	if !c.h.perms.allow(rt.perms) {
		return reply{}, c.forbidden(rt)
	}
	if err := c.h.limits.take(c); err != nil {
		return reply{}, err
	}
	if err := c.read(); err != nil {
		return reply{}, err
	}
	rep, err := rt.do(c)
	c.record(rt, err)
	return rep, err
}

// record fills the trace and, for writes to the Cloud PC service, the audit log.
func (c *call) record(rt *route, err error) {
	if rt.effect == "" {
		return
	}
	c.trace.Outcome = "accepted"
	if err != nil {
		c.trace.Outcome = "refused"
	}
	c.trace.User = c.user
	switch done := cmp.Or(c.effect, rt.effect); {
	case err == nil && done != "importSnapshot":
		c.trace.Effect = done
	case err == nil:
		c.trace.Effect = done + " accepted"
	default:
		c.trace.Effect = rt.name + " refused"
	}
	if rt.area != cloudPCArea || rt.name == "importSnapshot" && c.h.cfg.Knobs.UnauditedImports {
		return
	}
	e := tenant.AuditEvent{Activity: rt.name, Operation: "patch", Result: "success", Correlation: c.clientID,
		Resources: c.resources, ResourceType: rt.resource}
	switch {
	case rt.method == http.MethodDelete:
		e.Operation = "delete"
	case rt.creates:
		e.Operation = "create"
	}
	if err != nil {
		e.Result = "clientError"
	}
	if len(e.Resources) == 0 && len(c.params) > 0 {
		e.Resources = c.params[:1]
	}
	c.t.Audit(c.now, e)
}
