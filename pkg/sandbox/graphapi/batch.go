package graphapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"wave365/pkg/sandbox/graphapi/odata"
)

const maxBatch = 20

type batchItem struct {
	ID, Method, URL string
	Headers         map[string]string
	Body            json.RawMessage
	DependsOn       []string
}

// batch runs the inner requests one after another, in the order given.
func (c *call) batch() (reply, error) {
	var in struct{ Requests []batchItem }
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if n := len(in.Requests); n == 0 || n > maxBatch {
		return reply{}, status(400, "BadRequest", "The number of batched requests must be between 1 and 20.")
	}
	seen := map[string]int{}
	for _, it := range in.Requests {
		id := strings.ToLower(it.ID)
		if it.ID == "" || it.Method == "" || it.URL == "" {
			return reply{}, status(400, "BadRequest", "Each batched request needs id, method and url.")
		}
		if _, dup := seen[id]; dup {
			return reply{}, status(400, "BadRequest", "The request id '"+it.ID+"' is there more than once.")
		}
		for _, d := range it.DependsOn {
			if _, before := seen[strings.ToLower(d)]; !before {
				return reply{}, status(400, "BadRequest", "The request '"+it.ID+"' depends on '"+d+"', which does not come before it.")
			}
		}
		seen[id] = 0
	}
	b := []byte(`{"responses":[`)
	for i, it := range in.Requests {
		if i > 0 {
			b = append(b, ',')
		}
		rec := c.inner(it, seen)
		seen[strings.ToLower(it.ID)] = rec.status
		b = rec.append(b, it.ID)
	}
	return reply{status: 200, raw: append(b, "]}"...)}, nil
}

// unpacked is the body of a batched request that is no JSON: it comes as a text in base64.
func unpacked(body json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(body, &text) != nil {
		return body
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return body
	}
	return raw
}

func (c *call) inner(it batchItem, done map[string]int) *recorder {
	rec := &recorder{head: http.Header{}}
	refuse := func(code int, name, msg string) *recorder {
		rec.Header().Set("Content-Type", "application/json")
		rec.WriteHeader(code)
		_, _ = rec.Write(c.failed(status(code, name, msg)).raw)
		return rec
	}
	for _, d := range it.DependsOn {
		if s := done[strings.ToLower(d)]; s >= 400 {
			return refuse(http.StatusFailedDependency, "FailedDependency", "The request '"+d+"' that this one depends on failed.")
		}
	}
	r, err := http.NewRequestWithContext(c.r.Context(), strings.ToUpper(it.Method), c.root()+"/"+c.version+"/"+strings.TrimPrefix(it.URL, "/"), nil)
	if err != nil || strings.Contains(it.URL, "://") || strings.Contains(strings.ToLower(it.URL), "$batch") {
		return refuse(400, "BadRequest", "The url of the batched request '"+it.ID+"' is invalid.")
	}
	r.Host = c.r.Host
	r.RemoteAddr = c.r.RemoteAddr
	r.RequestURI = r.URL.RequestURI()
	for name, v := range it.Headers {
		r.Header.Set(name, v)
	}
	for _, name := range []string{"Authorization", "client-request-id"} {
		if r.Header.Get(name) == "" && c.r.Header.Get(name) != "" {
			r.Header.Set(name, c.r.Header.Get(name))
		}
	}
	if body := it.Body; len(body) > 0 && string(body) != "null" {
		if r.Header.Get("Content-Type") == "" {
			return refuse(400, "BadRequest", "A batched request with a body needs a Content-Type header.")
		}
		if !strings.Contains(r.Header.Get("Content-Type"), "json") {
			body = unpacked(body)
		}
		r.Body, r.ContentLength = readCloser{bytes.NewReader(body)}, int64(len(body))
	}
	// The outer trace is the outer request's: the inner handler makes its own where it logs.
	r = r.WithContext(WithTrace(r.Context(), &Trace{}))
	c.run(rec, r)
	return rec
}

// run serves the inner request. A connection that a fault broke off shows as a gateway timeout inside a batch.
func (c *call) run(rec *recorder, r *http.Request) {
	defer func() {
		if v := recover(); v != nil {
			if err, isErr := v.(error); !isErr || !errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			*rec = recorder{head: http.Header{}, status: http.StatusGatewayTimeout}
		}
	}()
	c.h.cfg.Self().ServeHTTP(rec, r)
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// recorder keeps the answer to an inner request.
type recorder struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.head }

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 {
		r.status = code
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func (r *recorder) append(b []byte, id string) []byte {
	r.WriteHeader(http.StatusOK)
	head := odata.Object{}
	for _, name := range slices.Sorted(maps.Keys(r.head)) {
		head = append(head, odata.Prop{Name: name, Value: r.head.Get(name)})
	}
	o := odata.Object{{Name: "id", Value: id}, {Name: "status", Value: r.status}, {Name: "headers", Value: head}}
	raw := r.body.Bytes()
	switch {
	case len(raw) == 0:
	case strings.Contains(r.head.Get("Content-Type"), "json") && json.Valid(raw):
		o = append(o, odata.Prop{Name: "body", Value: json.RawMessage(raw)})
	default:
		o = append(o, odata.Prop{Name: "body", Value: base64.StdEncoding.EncodeToString(raw)})
	}
	return o.AppendJSON(b, odata.Shape{})
}
