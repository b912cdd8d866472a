package call

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/answer"
)

// Refusal is an answer with a Graph error in it. Inner is the code of the inner error, if any.
type Refusal struct {
	Status               int
	Code, Message, Inner string
	RetryAfter           time.Duration
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Status returns a refusal.
func Status(code int, name, message string) error {
	return &Refusal{Status: code, Code: name, Message: message}
}

// Segment returns the refusal of a path that the service does not have.
func Segment(name string) error {
	return Status(404, "BadRequest", "Resource not found for the segment '"+name+"'.")
}

var statusOf = map[fault.Kind]int{
	fault.Invalid: 400, fault.NotFound: 404, fault.Conflict: 409, fault.Denied: 403, fault.Throttled: 429,
}

func asRefusal(err error) *Refusal {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r
	}
	f := fault.As(err)
	if f == nil || statusOf[f.Kind] == 0 {
		return &Refusal{Status: 500, Code: "InternalServerError", Message: "An internal server error has occurred."}
	}
	r := &Refusal{Status: statusOf[f.Kind], Code: f.Code, Message: f.Msg}
	if r.Status == http.StatusTooManyRequests {
		r.Inner = "429"
	}
	if f.Remote != nil {
		r.RetryAfter = f.Remote.RetryAfter
	}
	return r
}

// Failed returns the answer for an error.
func (c *Call) Failed(err error) Reply {
	r := asRefusal(err)
	if r.Status == http.StatusTooManyRequests && r.RetryAfter > 0 && !c.Knobs.NoRetryAfter {
		c.Head.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.RetryAfter.Seconds()))))
	}
	inner := answer.InnerError{Code: r.Inner, RequestID: c.ID, ClientRequestID: c.ClientID}
	return Reply{Status: r.Status, Raw: answer.GraphError(r.Code, r.Message, inner, c.Now)}
}

// Forbidden returns a refusal in the words of the directory or of the Cloud PC service.
func (c *Call) Forbidden() error {
	rt := c.Route
	if rt.Effect != "" {
		c.Trace.Outcome, c.Trace.Effect = "refused", rt.Name+" refused"
	}
	if rt.Area != CloudPC {
		return Status(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	return Status(403, "Forbidden", "Application is not authorized to perform this operation. Application must have one of the following scopes: "+
		strings.Join(rt.Perms, ", ")+" - Operation ID (for customer support): "+c.ID)
}
