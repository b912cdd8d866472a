// Package call is one request to Graph on its way: what is asked, by whom, the answer or the refusal, and the pages of a list. The
// packages beside it answer the calls of one service each; it knows none of their things.
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

// The areas have their own throttling and wording.
const (
	CloudPC   = "cloudpc"
	Directory = "directory"
	Mail      = "mail"
	Batch     = "batch"
)

// Route is one call that is known here.
type Route struct {
	Method string
	// Path is without the version; {} stands for a parameter.
	Path string
	Area string
	Cost int // resource units of the directory
	// Perms allow it; Beta: v1.0 does not have it.
	Perms permission.AnyOf
	Beta  bool
	// Name is how the request log and the audit log call it; Effect is what it changed, empty for reads. Creates: it makes a
	// thing of the kind Resource.
	Name, Effect, Resource string
	Creates                bool
	Do                     func(*Call) (Reply, error)
}

// Call is one request on its way. It is for one goroutine.
type Call struct {
	Asked
	Tenant *tenant.Tenant
	Knobs  scenario.Knobs
	// Held is what the sign-in may do.
	Held  permission.Set
	Route *Route
	// Head is that of the answer.
	Head  http.Header
	Trace *Trace
	Deed
}

// Asked is what the request says.
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

// Beta says whether the beta version is asked.
func (a Asked) Beta() bool { return a.Version == "beta" }

// Deed is what the one who answers says about what was done; resources are ids.
type Deed struct {
	Effect, User string
	Resources    []string
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

// TraceOf is the trace that a context carries, or a new one.
func TraceOf(ctx context.Context) *Trace {
	if tr, ok := ctx.Value(traceKey{}).(*Trace); ok {
		return tr
	}
	return &Trace{}
}
