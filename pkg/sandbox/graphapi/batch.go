package graphapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"wave365/pkg/sandbox/answer"
	"wave365/pkg/sandbox/graphapi/call"
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
func (h *handler) batch(c *call.Call) (call.Reply, error) {
	var in struct{ Requests []batchItem }
	if err := c.Decode(&in); err != nil {
		return call.Reply{}, err
	}
	if n := len(in.Requests); n == 0 || n > maxBatch {
		return call.Reply{}, call.Status(400, "BadRequest", "The number of batched requests must be between 1 and 20.")
	}
	seen := map[string]int{}
	for _, it := range in.Requests {
		id := strings.ToLower(it.ID)
		if it.ID == "" || it.Method == "" || it.URL == "" {
			return call.Reply{}, call.Status(400, "BadRequest", "Each batched request needs id, method and url.")
		}
		if _, dup := seen[id]; dup {
			return call.Reply{}, call.Status(400, "BadRequest", "The request id '"+it.ID+"' is there more than once.")
		}
		for _, d := range it.DependsOn {
			if _, before := seen[strings.ToLower(d)]; !before {
				return call.Reply{}, call.Status(400, "BadRequest", "The request '"+it.ID+"' depends on '"+d+"', which does not come before it.")
			}
		}
		seen[id] = 0
	}
	b := []byte(`{"responses":[`)
	for i, it := range in.Requests {
		if i > 0 {
			b = append(b, ',')
		}
		rec := h.inner(c, it, seen)
		seen[strings.ToLower(it.ID)] = rec.Status()
		b = appendAnswer(b, it.ID, rec)
	}
	return call.Reply{Status: 200, Raw: append(b, "]}"...)}, nil
}

func (h *handler) inner(c *call.Call, it batchItem, done map[string]int) *answer.Recorder {
	rec := answer.New(nil)
	refuse := func(code int, name, msg string) *answer.Recorder {
		rec.Header().Set("Content-Type", "application/json")
		rec.WriteHeader(code)
		_, _ = rec.Write(c.Failed(call.Status(code, name, msg)).Raw)
		return rec
	}
	for _, d := range it.DependsOn {
		if s := done[strings.ToLower(d)]; s >= 400 {
			return refuse(http.StatusFailedDependency, "FailedDependency", "The request '"+d+"' that this one depends on failed.")
		}
	}
	r, err := http.NewRequestWithContext(c.Request.Context(), strings.ToUpper(it.Method), c.Root()+"/"+c.Version+"/"+strings.TrimPrefix(it.URL, "/"), nil)
	if err != nil || strings.Contains(it.URL, "://") || strings.Contains(strings.ToLower(it.URL), "$batch") {
		return refuse(400, "BadRequest", "The url of the batched request '"+it.ID+"' is invalid.")
	}
	r.Host = c.Request.Host
	r.RemoteAddr = c.Request.RemoteAddr
	r.RequestURI = r.URL.RequestURI()
	for name, v := range it.Headers {
		r.Header.Set(name, v)
	}
	for _, name := range []string{"Authorization", "client-request-id"} {
		if r.Header.Get(name) == "" && c.Request.Header.Get(name) != "" {
			r.Header.Set(name, c.Request.Header.Get(name))
		}
	}
	if body := it.Body; len(body) > 0 && string(body) != "null" {
		if r.Header.Get("Content-Type") == "" {
			return refuse(400, "BadRequest", "A batched request with a body needs a Content-Type header.")
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	// The outer trace is the outer request's: the inner handler makes its own where it logs.
	h.cfg.Self().ServeHTTP(rec, r.WithContext(call.WithTrace(r.Context(), &call.Trace{})))
	return rec
}

// appendAnswer writes the answer to an inner request.
func appendAnswer(b []byte, id string, r *answer.Recorder) []byte {
	head := odata.Object{}
	for _, name := range slices.Sorted(maps.Keys(r.Header())) {
		head = append(head, odata.Prop{Name: name, Value: r.Header().Get(name)})
	}
	o := odata.Object{{Name: "id", Value: id}, {Name: "status", Value: r.Status()}, {Name: "headers", Value: head}}
	raw := r.Body()
	switch {
	case len(raw) == 0:
	case strings.Contains(r.Header().Get("Content-Type"), "json") && json.Valid(raw):
		o = append(o, odata.Prop{Name: "body", Value: json.RawMessage(raw)})
	default:
		o = append(o, odata.Prop{Name: "body", Value: base64.StdEncoding.EncodeToString(raw)})
	}
	return o.AppendJSON(b, odata.Shape{})
}
