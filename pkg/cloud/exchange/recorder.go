// Package exchange records requests and answers: a line in the log, and a recording, neither with a secret.
package exchange

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"wave365/pkg/cloud/redact"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/cloud/contact"
)

// Exchange is one request and its answer, as a recording keeps it: one JSON object a line, without secrets. It names
// people.
type Exchange struct {
	Schema string `json:"schema"` // [Schema]
	// At is when the request was sent, in the service's time; Took is milliseconds on the wall clock.
	At   time.Time `json:"at"`
	Took int64     `json:"took_ms"`
	// Service is "graph" or "blob".
	Service string `json:"service"`
	Method  string `json:"method"`
	// Path begins with a slash and has the query, without signatures; Host is empty for Graph.
	Path string `json:"path"`
	Host string `json:"host,omitempty"`
	// Status is 0 when no answer came; Error is why.
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"`
	// Asked and Answered are the relevant headers of request and answer, by lower-case name.
	Asked    map[string]string `json:"asked,omitempty"`
	Answered map[string]string `json:"answered,omitempty"`
	// Body and Reply are JSON where the body is, else a JSON string; empty where there is none, or it was not kept.
	Body  json.RawMessage `json:"body,omitempty"`
	Reply json.RawMessage `json:"reply,omitempty"`
}

// Schema is the schema of a line.
const Schema = "wave365/exchange/v1"

// maxKept is how many bytes of a body are kept.
const maxKept = 1 << 20

// Recorder writes exchanges. Safe for concurrent use. The zero value is not usable.
type Recorder struct {
	mu   sync.Mutex
	w    io.Writer
	fail error
}

// NewRecorder writes to w, one Write for each exchange. The caller closes w when nothing is sent any more.
func NewRecorder(w io.Writer) *Recorder { return &Recorder{w: w} }

// Err is the first error of writing, after which nothing more is kept; a recording never stops the work.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fail
}

func (r *Recorder) write(e Exchange) {
	line, err := json.Marshal(e)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return
	}
	if r.fail = err; err == nil {
		_, r.fail = r.w.Write(append(redact.Bytes(line), '\n'))
	}
}

// The headers that say something about the service.
var (
	askedHeaders = []string{"client-request-id", "x-ms-client-request-id", "prefer", "consistencylevel", "content-type", "x-ms-range", "if-match"}
	repliedWith  = []string{
		"request-id", "client-request-id", "x-ms-request-id", "x-ms-client-request-id", "date", "content-type", "content-range", "etag", "location", "retry-after",
		"x-ms-resource-unit", "x-ms-throttle-limit-percentage", "x-ms-throttle-scope", "x-ms-throttle-information",
		"x-ms-error-code", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "www-authenticate", "preference-applied",
	}
)

// Keep writes an exchange; the answer's body must be in memory, or it is not kept. A nil recorder keeps nothing.
func (r *Recorder) Keep(service string, req *policy.Request, resp *http.Response, err error, at time.Time, took time.Duration) {
	if r == nil {
		return
	}
	raw := req.Raw()
	e := Exchange{
		Schema: Schema, At: at, Took: took.Milliseconds(), Service: service, Method: raw.Method,
		Path: redactedPath(raw), Asked: kept(raw.Header, askedHeaders),
	}
	if body := req.Body(); body != nil {
		e.Body = bodyOf(body)
	}
	if service != "graph" {
		e.Host = raw.URL.Host
	}
	if err != nil {
		e.Error = redact.String(contact.Cause(err))
	}
	if resp != nil {
		e.Status, e.Answered = resp.StatusCode, kept(resp.Header, repliedWith)
		if body, ok := resp.Body.(io.ReadSeeker); ok {
			e.Reply = bodyOf(body)
		}
	}
	r.write(e)
}

func redactedPath(raw *http.Request) string {
	own := *raw.URL
	own.Scheme, own.Host, own.User = "", "", nil
	return redact.String(loggedURL(&own))
}

// kept picks headers; the Azure SDK does not spell names as net/http does.
func kept(h http.Header, names []string) map[string]string {
	out := map[string]string{}
	for name, values := range h {
		low := strings.ToLower(name)
		for _, n := range names {
			if low == n && len(values) > 0 {
				out[n] = redact.String(values[0])
			}
		}
	}
	return out
}

// bodyOf reads a body from its start and puts it back there.
func bodyOf(body io.ReadSeeker) json.RawMessage {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(body, maxKept+1))
	if _, err2 := body.Seek(0, io.SeekStart); err != nil || err2 != nil || len(text) == 0 {
		return nil
	}
	if text = redact.Bytes(text); len(text) <= maxKept && json.Valid(text) {
		return text
	}
	out, err := json.Marshal(strings.ToValidUTF8(string(text[:min(len(text), maxKept)]), "?"))
	if err != nil {
		return nil
	}
	return out
}
