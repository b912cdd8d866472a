package call

import (
	"net/http"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
)

// Reply is an answer: an object, or encoded bytes; neither for an empty one.
type Reply struct {
	Status  int
	Context string
	Object  odata.Object
	Raw     []byte
}

// Root returns scheme://host for @odata.context and next links: a sandbox is served over plain HTTP.
func (c *Call) Root() string { return "http://" + c.Request.Host }

// Metadata returns the address of the metadata of the answer.
func (c *Call) Metadata(context string) string {
	return c.Root() + "/" + c.Version + "/$metadata#" + context
}

const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// Write sends an answer.
func (c *Call) Write(w http.ResponseWriter, rep Reply) {
	b := rep.Raw
	if b == nil && rep.Object != nil {
		o := rep.Object
		if rep.Context != "" {
			o = append(odata.Object{{Name: "@odata.context", Value: c.Metadata(rep.Context)}}, o...)
		}
		b = o.AppendJSON(nil, c.Query.Shape)
	}
	if b != nil {
		w.Header().Set("Content-Type", jsonType)
	}
	w.WriteHeader(rep.Status)
	// A client that went away does not matter.
	_, _ = w.Write(b)
}

// OK returns an answer with an object.
func OK(context string, o odata.Object) (Reply, error) {
	return Reply{Status: 200, Context: context + "/$entity", Object: o}, nil
}

// Entity returns the one object that the first parameter names.
func Entity[V any](c *Call, context string, get func(now time.Time, id string) (V, error), view func(V) odata.Object) (Reply, error) {
	v, err := get(c.Now, c.Params[0])
	if err != nil {
		return Reply{}, err
	}
	return OK(context, view(v))
}

// Created returns an answer with a new object.
func Created(context string, o odata.Object) (Reply, error) {
	return Reply{Status: 201, Context: context + "/$entity", Object: o}, nil
}

// Empty returns an answer without a body.
func Empty() Reply { return Reply{Status: 204} }
