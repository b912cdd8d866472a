package graphapi

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/graphapi/odata"
)

// refusal is an answer with a Graph error in it.
type refusal struct {
	status        int
	code, message string
	inner         string
	retryAfter    time.Duration
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func status(code int, name, message string) error {
	return &refusal{status: code, code: name, message: message}
}

// segment is the refusal of a path that the service does not have.
func segment(name string) error {
	return status(404, "BadRequest", "Resource not found for the segment '"+name+"'.")
}

var statusOf = map[fault.Kind]int{
	fault.Invalid: 400, fault.NotFound: 404, fault.Conflict: 409, fault.Denied: 403, fault.Throttled: 429,
}

func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	f := fault.As(err)
	if f == nil || statusOf[f.Kind] == 0 {
		return &refusal{status: 500, code: "InternalServerError", message: "An internal server error has occurred."}
	}
	r := &refusal{status: statusOf[f.Kind], code: f.Code, message: f.Msg}
	if r.status == http.StatusTooManyRequests {
		r.inner = "429"
	}
	if f.Remote != nil {
		r.retryAfter = f.Remote.RetryAfter
	}
	return r
}

// failed is the answer that tells an error.
func (c *call) failed(err error) reply {
	r := asRefusal(err)
	if r.status == http.StatusTooManyRequests && r.retryAfter > 0 && !c.h.cfg.Knobs.NoRetryAfter {
		c.head.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	inner := odata.Object{
		{Name: "date", Value: c.now.UTC().Format("2006-01-02T15:04:05")},
		{Name: "request-id", Value: c.id},
		{Name: "client-request-id", Value: c.clientID},
	}
	if r.inner != "" {
		inner = append(odata.Object{{Name: "code", Value: r.inner}}, inner...)
	}
	body := odata.Object{{Name: "error", Value: odata.Object{
		{Name: "code", Value: r.code}, {Name: "message", Value: r.message}, {Name: "innerError", Value: inner},
	}}}
	return reply{status: r.status, raw: body.AppendJSON(nil, odata.Shape{})}
}

// forbidden is worded as the directory and the Cloud PC service word it.
func (c *call) forbidden(rt *route) error {
	if c.rt.effect != "" {
		c.trace.Outcome, c.trace.Effect = "refused", rt.name+" refused"
	}
	if rt.area != cloudPCArea {
		return status(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	return status(403, "Forbidden", "Application is not authorized to perform this operation. Application must have one of the following scopes: "+
		strings.Join(rt.perms, ", ")+" - Operation ID (for customer support): "+c.id)
}
