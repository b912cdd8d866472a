// Package graphapi speaks HTTP as Microsoft Graph does, v1.0 and beta, over a tenant: routing, permissions, throttling,
// OData queries, paging, $batch and errors. It is not for the rules of Windows 365: those are the tenant's.
package graphapi

import (
	"context"
	"net/http"
	"time"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// Config is what a handler needs.
type Config struct {
	Tenant *tenant.Tenant
	// Now is service time.
	Now func() time.Time
	// Root is scheme://host for @odata.context and next links; nil: taken from the request.
	Root func(*http.Request) string
	// Self is the handler that inner $batch requests go through, so that faults and the request log see them; nil: this one.
	Self  func() http.Handler
	Knobs scenario.Knobs
	// Permissions are what the sign-in holds; empty: all that the product can need.
	Permissions []string
}

// Trace is what one request did, for a request log.
type Trace struct {
	// Effect is what it changed, such as "importSnapshot accepted"; empty: nothing.
	Effect string
	// User is the object id of the person concerned, where there is one.
	User string
	// Outcome is accepted, refused, unknown (no such route here) or empty.
	Outcome   string
	RequestID string
}

type traceKey struct{}

// WithTrace makes the handler fill tr for the request that carries the context.
func WithTrace(ctx context.Context, tr *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, tr)
}

// New makes the handler. It is safe for concurrent use.
func New(cfg Config) http.Handler {
	return http.NotFoundHandler()
}
