package graphapi

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
)

// call is one request on its way.
type call struct {
	h            *handler
	t            *tenant.Tenant
	r            *http.Request
	head         http.Header
	rt           *route
	now          time.Time
	id, clientID string
	version      string
	params       []string
	query        odata.Query
	raw          []byte
	trace        *Trace
	deed
}

// deed is what the handler says about what it did; resources are ids.
type deed struct {
	effect, user string
	resources    []string
}

// reply is an answer: an object, or finished bytes; neither for an empty one.
type reply struct {
	status  int
	context string
	object  odata.Object
	raw     []byte
}

const maxBody = 4 << 20

// read takes in the query options and the body.
func (c *call) read() error {
	var err error
	if c.r.URL.RawQuery != "" {
		if c.query, err = odata.Parse(c.r.URL.Query()); err != nil {
			if errors.Is(err, odata.ErrUnknown) {
				c.trace.Outcome = "unknown"
				return status(http.StatusNotImplemented, "NotImplemented", err.Error())
			}
			return status(400, "BadRequest", err.Error())
		}
	} else {
		c.query.Top = -1
	}
	if c.collapses() {
		c.query.Shape.Collapse = collapse
	}
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodDelete {
		return nil
	}
	switch c.raw, err = Body(c.r); {
	case errors.Is(err, gzip.ErrHeader):
		return status(400, "BadRequest", "The gzip-encoded body cannot be read.")
	case err != nil:
		return status(400, "BadRequest", "The body cannot be read.")
	case len(c.raw) > maxBody:
		return status(413, "RequestEntityTooLarge", "The body is too large.")
	}
	if len(bytes.TrimSpace(c.raw)) == 0 {
		c.raw = nil
		return nil
	}
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return status(415, "UnsupportedMediaType", "The content type must be application/json.")
	}
	return nil
}

// Body reads the body of a request, but not much more of it than is taken, and unpacks it: the request is plain after that. A
// body that says it is packed and is not is given as it is, with the error of gzip.
func Body(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || !strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		return body, err
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body, gzip.ErrHeader
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err != nil {
		return body, gzip.ErrHeader
	}
	r.Header = r.Header.Clone()
	r.Header.Del("Content-Encoding")
	return plain, nil
}

func (c *call) collapses() bool {
	if c.h.cfg.Knobs.KeepUnknownEnums {
		return false
	}
	for _, p := range c.r.Header.Values("Prefer") {
		if strings.Contains(strings.ToLower(p), "include-unknown-enum-members") {
			return false
		}
	}
	return true
}

// body decodes the body into a JSON object; annotations go, and so do names that differ in case only from known ones.
func (c *call) body(known ...string) (map[string]any, error) {
	var m map[string]any
	if err := c.decode(&m); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(m))
	for name, v := range m {
		if strings.Contains(name, "@odata.") && name != "members@odata.bind" {
			if name == "@odata.id" {
				out[name] = v
			}
			continue
		}
		found := name
		ok := len(known) == 0
		for _, k := range known {
			if strings.EqualFold(k, name) {
				found, ok = k, true
			}
		}
		if !ok {
			return nil, status(400, "BadRequest", "The property '"+name+"' does not exist on the type. Make sure to only use property names that are defined by the type.")
		}
		out[found] = v
	}
	return out, nil
}

// decode reads the body into v, which names its properties without regard to case.
func (c *call) decode(v any) error {
	if c.raw == nil {
		return status(400, "BadRequest", "Empty Payload. JSON content expected.")
	}
	if err := json.Unmarshal(c.raw, v); err != nil {
		return status(400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return nil
}

// root is scheme://host for @odata.context and next links: a sandbox is served in plain HTTP.
func (c *call) root() string { return "http://" + c.r.Host }

func (c *call) metadata(context string) string {
	return c.root() + "/" + c.version + "/$metadata#" + context
}

const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

func (c *call) write(w http.ResponseWriter, rep reply) {
	b := rep.raw
	if b == nil && rep.object != nil {
		o := rep.object
		if rep.context != "" {
			o = append(odata.Object{{Name: "@odata.context", Value: c.metadata(rep.context)}}, o...)
		}
		b = o.AppendJSON(nil, c.query.Shape)
	}
	if b != nil {
		w.Header().Set("Content-Type", jsonType)
	}
	w.WriteHeader(rep.status)
	// A client that went away is no concern of this one.
	_, _ = w.Write(b)
}

func ok(context string, o odata.Object) (reply, error) {
	return reply{status: 200, context: context + "/$entity", object: o}, nil
}

// entity answers with the one thing that the first parameter names.
func entity[V any](c *call, context string, get func(now time.Time, id string) (V, error), view func(V) odata.Object) (reply, error) {
	v, err := get(c.now, c.params[0])
	if err != nil {
		return reply{}, err
	}
	return ok(context, view(v))
}

func created(context string, o odata.Object) (reply, error) {
	return reply{status: 201, context: context + "/$entity", object: o}, nil
}

func empty() reply { return reply{status: 204} }
