// Package change is one line of a sandbox's journal: what happened, in a form that can be replayed. It contains no secret
// of a request.
package change

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"wave365/pkg/sandbox/accounts"
	"wave365/pkg/sandbox/clock"
	"wave365/pkg/sandbox/faults"
	"wave365/pkg/sandbox/scenario"
)

// Change is one line of the journal. The tenant's rules give the same result for the same requests at the same service
// times, so a change is stored as the request that made it: its cost does not depend on the size of the state.
type Change struct {
	Time time.Time `json:"t"`
	// A request that changed something, with what storage said about the blobs it named. No SAS query, no token.
	Method string            `json:"method,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
	Checks []accounts.Check  `json:"checks,omitempty"`
	Effect string            `json:"effect,omitempty"`
	// Or a clock that was moved, or fault rules that were changed.
	Clock  *clock.Mark   `json:"clock,omitempty"`
	Faults []faults.Rule `json:"faults,omitempty"`
	Rules  bool          `json:"rules,omitempty"`
	// Or events of other people.
	Events []scenario.Event `json:"events,omitempty"`
	// Or a blob that was deleted: account, container and name.
	Deleted []string `json:"deleted,omitempty"`
}

// signed finds the query of a signed URL inside a JSON text.
var signed = regexp.MustCompile(`(https?:[^"?\s]*)\?[^"\s]*sig(=|%3[dD])[^"\s]*`)

// unsigned removes the query of a signed URL, except for its start and expiry: an import lasts only as long as its
// signature.
func unsigned(raw []byte) []byte {
	path, query, _ := strings.Cut(string(raw), "?")
	values, err := url.ParseQuery(strings.ReplaceAll(query, `\u0026`, "&"))
	if err != nil {
		return []byte(path)
	}
	kept := url.Values{}
	for _, name := range []string{"se", "ske"} {
		if v := values.Get(name); v != "" {
			kept.Set(name, v)
		}
	}
	if len(kept) == 0 {
		return []byte(path)
	}
	return []byte(path + "?" + kept.Encode())
}

// Of returns the change of a request, without secrets.
func Of(r *http.Request, body []byte, now time.Time, effect string, checks []accounts.Check) Change {
	c := Change{Time: now, Method: r.Method, URI: r.RequestURI, Effect: effect, Checks: checks, Header: map[string]string{}}
	if c.URI == "" {
		c.URI = r.URL.RequestURI()
	}
	c.Body = string(signed.ReplaceAllFunc(body, unsigned))
	for k := range r.Header {
		switch k {
		case "Authorization":
			c.Header[k] = "Bearer sandbox"
		case "Cookie", "User-Agent", "Accept-Encoding", "Content-Encoding", "Content-Length", "Connection", "X-Forwarded-For":
		default:
			c.Header[k] = r.Header.Get(k)
		}
	}
	return c
}

// Request returns the request that made the change.
func (c Change) Request() (*http.Request, error) {
	r, err := http.NewRequestWithContext(context.Background(), c.Method, "http://sandbox", strings.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	if r.URL, err = url.ParseRequestURI(c.URI); err != nil {
		return nil, err
	}
	r.RequestURI = c.URI
	for k, v := range c.Header {
		r.Header.Set(k, v)
	}
	return r, nil
}
