package call

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/resource"
)

const maxBody = 4 << 20

// Read reads the query options and the body.
func (c *Call) Read() error {
	var err error
	if c.Request.URL.RawQuery != "" {
		if c.Query, err = odata.Parse(c.Request.URL.Query()); err != nil {
			if errors.Is(err, odata.ErrUnknown) {
				c.Trace.Outcome = "unknown"
				return Status(http.StatusNotImplemented, "NotImplemented", err.Error())
			}
			return Status(400, "BadRequest", err.Error())
		}
	} else {
		c.Query.Top = -1
	}
	if c.collapses() {
		c.Query.Shape.Collapse = resource.Collapse
	}
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodDelete {
		return nil
	}
	switch c.Raw, err = Body(c.Request); {
	case errors.Is(err, gzip.ErrHeader):
		return Status(400, "BadRequest", "The gzip-encoded body cannot be read.")
	case err != nil:
		return Status(400, "BadRequest", "The body cannot be read.")
	case len(c.Raw) > maxBody:
		return Status(413, "RequestEntityTooLarge", "The body is too large.")
	}
	if len(bytes.TrimSpace(c.Raw)) == 0 {
		c.Raw = nil
		return nil
	}
	if kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return Status(415, "UnsupportedMediaType", "The content type must be application/json.")
	}
	return nil
}

// Body reads the body of a request, up to a little more than the limit, and decompresses it: the request is uncompressed
// after that. A body that claims to be compressed and is not is returned unchanged, with the error of gzip.
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

func (c *Call) collapses() bool {
	if c.Knobs.KeepUnknownEnums {
		return false
	}
	for _, p := range c.Request.Header.Values("Prefer") {
		if strings.Contains(strings.ToLower(p), "include-unknown-enum-members") {
			return false
		}
	}
	return true
}

// Body decodes the body into a JSON object, without annotations and without names that differ from known ones only in
// case.
func (c *Call) Body(known ...string) (map[string]any, error) {
	var m map[string]any
	if err := c.Decode(&m); err != nil {
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
			return nil, Status(400, "BadRequest", "The property '"+name+"' does not exist on the type. Make sure to only use property names that are defined by the type.")
		}
		out[found] = v
	}
	return out, nil
}

// Decode decodes the body into v; names of properties match without regard to case.
func (c *Call) Decode(v any) error {
	if c.Raw == nil {
		return Status(400, "BadRequest", "Empty Payload. JSON content expected.")
	}
	if err := json.Unmarshal(c.Raw, v); err != nil {
		return Status(400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return nil
}
