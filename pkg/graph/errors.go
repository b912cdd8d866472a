package graph

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// The codes of this package's faults. What the service called it is in fault.Remote.Code.
const (
	CodeRequest           = "graph.request"            // refused before it was sent
	CodeRefused           = "graph.refused"            // 400 and its kin
	CodeUsageLocation     = "graph.usage-location"     // a license cannot be assigned yet: no usage location, or not replicated
	CodeDenied            = "graph.denied"             // 403
	CodeSignIn            = "graph.sign-in"            // 401
	CodeConditionalAccess = "graph.conditional-access" // 401, 403 with insufficient_claims
	CodeNotFound          = "graph.not-found"
	CodeConflict          = "graph.conflict"
	CodeThrottled         = "graph.throttled"
	CodeQuota             = "graph.quota" // an allowance is used up: waiting some seconds does not help
	CodeUnavailable       = "graph.unavailable"
	CodeOutcomeUnknown    = "graph.outcome-unknown"
	CodeInterrupted       = "graph.interrupted"
	CodeMalformed         = "graph.malformed"
	CodePaging            = "graph.paging"
	CodeForeignLink       = "graph.foreign-link"
	CodeRedirect          = "graph.redirect"
)

// refused turns an answer that is not 2xx into a fault.
func (c *Client) refused(cl call, a answer, operation string) *fault.Fault {
	e := odata.DecodeError(a.body)
	kind, code := classify(cl, a, e)
	f := &fault.Fault{Kind: kind, Code: code, Remote: c.remote(a, e, operation), Hint: remedy(e, kind, code, cl.needs)}
	f.Msg = cl.couldNot(describe(f.Remote, e))
	return f
}

// remote is the service's answer, for people. Only secrets are removed.
func (c *Client) remote(a answer, e odata.Error, operation string) *fault.Remote {
	return &fault.Remote{
		Service: c.p.Service(), Status: a.status,
		Code: redact.String(e.Code), Message: redact.String(e.Message),
		// A proxy in front of the service may write anything into these.
		RequestID:       redact.String(cmp.Or(a.header.Get("request-id"), e.RequestID)),
		ClientRequestID: redact.String(cmp.Or(a.header.Get("client-request-id"), e.ClientRequestID, operation)),
		RetryAfter:      retry.After(a.header),
	}
}

func describe(r *fault.Remote, e odata.Error) string {
	return strconv.Itoa(r.Status) + " " + cmp.Or(redact.String(e.Inside), r.Message, http.StatusText(r.Status))
}

// classify maps status and code to a kind and a code of ours.
func classify(cl call, a answer, e odata.Error) (fault.Kind, string) {
	switch s := a.status; {
	case cl.reads() && isPage(a):
		return fault.Unavailable, CodeMalformed
	case lacksClaims(a, e):
		return fault.Denied, CodeConditionalAccess
	case s == http.StatusUnauthorized:
		return fault.Denied, CodeSignIn
	case usedUp(cl, a, e):
		return fault.Throttled, CodeQuota
	case throttled(s):
		return fault.Throttled, CodeThrottled
	case s >= 500 && s != http.StatusNotImplemented, s == http.StatusRequestTimeout:
		return classifyFailure(cl, s)
	}
	return classifyStatus(a.status, e)
}

// lacksClaims reports a refusal by conditional access, which requires claims that the token lacks.
func lacksClaims(a answer, e odata.Error) bool {
	return (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden) && (e.Mentions("insufficient_claims") || mentionsClaims(a.header))
}

func throttled(status int) bool {
	return status == http.StatusTooManyRequests || status == statusBandwidth
}

// usedUp reports that an allowance is used up: the service reports it, or asks for a pause that only an allowance explains.
func usedUp(cl call, a answer, e odata.Error) bool {
	if throttled(a.status) && cl.metered && retry.After(a.header) > quotaPause {
		return true
	}
	return (a.status >= 400 && a.status < 500 || a.status == statusBandwidth) && isQuota(e)
}

// statusBandwidth is what the service also throttles with; it is not registered.
const statusBandwidth = 509

// reads reports whether a call changes nothing.
func (cl call) reads() bool {
	return !cl.once && (cl.method == http.MethodGet || strings.HasSuffix(cl.path, "/$batch"))
}

// isPage reports whether a refusal is a web page: the service answers in JSON, so it comes from a proxy or the like, and proves
// nothing about permissions or existence. Only for a malformed address (400) does the service's own front end answer so.
func isPage(a answer) bool {
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired, http.StatusGone:
		return bytes.HasPrefix(bytes.TrimLeft(a.body, " \t\r\n\uFEFF\""), []byte("<"))
	}
	return false
}

// classifyFailure classifies an answer after which it is not known what the service did.
func classifyFailure(cl call, status int) (fault.Kind, string) {
	switch {
	case cl.once:
		return fault.OutcomeUnknown, CodeOutcomeUnknown
	case status == http.StatusInsufficientStorage:
		return fault.Throttled, CodeQuota
	default:
		return fault.Unavailable, CodeUnavailable
	}
}

// classifyStatus classifies an answer by its status alone, where that is enough.
func classifyStatus(status int, e odata.Error) (fault.Kind, string) {
	switch status {
	case http.StatusForbidden, http.StatusPaymentRequired:
		return fault.Denied, CodeDenied
	case http.StatusNotFound, http.StatusGone:
		return fault.NotFound, CodeNotFound
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return fault.Conflict, CodeConflict
	case http.StatusFailedDependency:
		return fault.Unavailable, CodeUnavailable
	case http.StatusNotImplemented:
		return fault.Invalid, CodeRefused
	}
	switch {
	case status >= 300 && status < 400:
		return fault.Invalid, CodeRedirect
	case mentionsUsageLocation(e):
		return fault.Invalid, CodeUsageLocation
	default:
		return fault.Invalid, CodeRefused
	}
}

// quotaPause is the longest pause that is one of pace, in a call that is counted by itself; a longer one is an allowance
// that is used up.
const quotaPause = 2 * time.Minute

// isQuota checks codes only: ordinary throttling may mention quotas in its message.
func isQuota(e odata.Error) bool {
	return slices.ContainsFunc(append([]string{e.Code}, e.Codes...), func(c string) bool { return containsFold(c, "quota") })
}

func mentionsUsageLocation(e odata.Error) bool {
	return e.Mentions("usage location") || e.Mentions("usagelocation")
}

func mentionsClaims(h http.Header) bool {
	return slices.ContainsFunc(h.Values("WWW-Authenticate"), func(v string) bool { return containsFold(v, "insufficient_claims") })
}

// lost turns the absence of an answer into a fault.
func (c *Client) lost(ctx context.Context, cl call, err error) *fault.Fault {
	remote := &fault.Remote{Service: c.p.Service(), ClientRequestID: cloud.OperationOf(ctx)}
	acted := cl.once && retry.MayHaveActed(ctx)
	if f := fault.As(err); f != nil && !acted {
		if f.Remote != nil {
			remote.RetryAfter = f.Remote.RetryAfter
		}
		return &fault.Fault{Kind: f.Kind, Code: f.Code, Msg: cl.couldNot(f.Msg), Hint: f.Hint, Remote: remote, Err: err}
	}
	f := &fault.Fault{Kind: fault.Unavailable, Code: CodeUnavailable, Remote: remote, Err: redact.Error(err),
		Msg: cl.couldNot("no answer came: " + redact.String(rootCause(err))), Hint: "nothing is known to have happened: try again"}
	switch {
	case acted:
		f.Kind, f.Code = fault.OutcomeUnknown, CodeOutcomeUnknown
		f.Hint = hintOutcomeUnknown
	case errors.Is(err, context.Canceled):
		f.Kind, f.Code = fault.Interrupted, CodeInterrupted
		f.Msg, f.Hint = cl.couldNot("interrupted"), "nothing was done: try again when ready"
	case errors.Is(err, context.DeadlineExceeded):
		f.Msg = cl.couldNot("it did not respond in time")
	}
	return f
}

// malformed is for a 2xx whose body cannot be read. A call that is sent once has had its effect all the same.
func (c *Client) malformed(cl call, a answer, err error) *fault.Fault {
	f := &fault.Fault{Kind: fault.Unavailable, Code: CodeMalformed, Remote: c.remote(a, odata.Error{Message: shorten(a.body)}, ""),
		Msg: cl.couldNot("the answer is not what was requested"), Hint: "try again; a proxy may have answered", Err: redact.Error(err)}
	if cl.once {
		f.Kind, f.Code, f.Hint = fault.OutcomeUnknown, CodeOutcomeUnknown, hintOutcomeUnknown
	}
	return f
}

// unexpected is for an answer that can be read but cannot be true.
func (c *Client) unexpected(cl call, why string) *fault.Fault {
	return fault.New(fault.Unavailable, CodeMalformed, cl.couldNot(why), "try again; give the service's support the request id when it happens again")
}

// rootCause is the innermost error's text: the outer ones repeat the address.
func rootCause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
