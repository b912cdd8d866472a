// Package call is one request to Graph in progress: the request, the sign-in, the answer or the refusal, and the pages of a list.
// The packages next to it answer the calls of one service each; this one knows none of their resources.
package call

import (
	"context"
	"net/http"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/permission"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// The areas, which differ in throttling and wording.
const (
	CloudPC   = "cloudpc"
	Directory = "directory"
	Mail      = "mail"
	Batch     = "batch"
)

// Route is one supported call.
type Route struct {
	Method string
	// Path is without the version; {} stands for a parameter.
	Path string
	Area string
	Cost int // resource units of the directory
	// Perms allow it; Beta: v1.0 does not have it.
	Perms permission.AnyOf
	Beta  bool
	// Name is its name in the request log and the audit log; Effect is what it changed, empty for reads. Creates: it creates
	// a Resource.
	Name, Effect, Resource string
	Creates                bool
	Do                     func(*Call) (Reply, error)
}

// Call is one request in progress. It is for one goroutine.
type Call struct {
	Asked
	Tenant *tenant.Tenant
	Knobs  scenario.Knobs
	// Held are the permissions of the sign-in.
	Held  permission.Set
	Route *Route
	// Head is the header of the answer.
	Head  http.Header
	Trace *Trace
	Deed
}

// Asked is the content of the request.
type Asked struct {
	Request      *http.Request
	Now          time.Time
	ID, ClientID string
	// Version is v1.0 or beta.
	Version string
	Params  []string
	Query   odata.Query
	// Raw is the body; nil: there is none.
	Raw []byte
}

// Beta reports whether the beta version is requested.
func (a Asked) Beta() bool { return a.Version == "beta" }

// Deed is what the handler of a call reports about what was done; resources are ids.
type Deed struct {
	Effect, User string
	Resources    []string
}

// Trace is what one request did, for a request log.
type Trace struct {
	// Effect is what it changed or tried to, such as "importSnapshot accepted"; empty: nothing.
	Effect string
	// User is the object id of the user concerned, if any.
	User string
	// Outcome is accepted or refused for writes, unknown for an unknown route, empty for reads.
	Outcome   string
	RequestID string
}

type traceKey struct{}

// WithTrace makes the handler fill tr for the request that carries the context.
func WithTrace(ctx context.Context, tr *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, tr)
}

// TraceOf returns the trace that a context carries, or a new one.
func TraceOf(ctx context.Context) *Trace {
	if tr, ok := ctx.Value(traceKey{}).(*Trace); ok {
		return tr
	}
	return &Trace{}
}
