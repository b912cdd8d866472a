package call

import (
	"net/http"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
)

// Reply is an answer: an object, or finished bytes; neither for an empty one.
type Reply struct {
	Status  int
	Context string
	Object  odata.Object
	Raw     []byte
}

// Root is scheme://host for @odata.context and next links: a sandbox is served in plain HTTP.
func (c *Call) Root() string { return "http://" + c.Request.Host }

// Metadata is the address of the description of what is answered.
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
	// A client that went away is no concern of this one.
	_, _ = w.Write(b)
}

// OK answers with an object.
func OK(context string, o odata.Object) (Reply, error) {
	return Reply{Status: 200, Context: context + "/$entity", Object: o}, nil
}

// Entity answers with the one thing that the first parameter names.
func Entity[V any](c *Call, context string, get func(now time.Time, id string) (V, error), view func(V) odata.Object) (Reply, error) {
	v, err := get(c.Now, c.Params[0])
	if err != nil {
		return Reply{}, err
	}
	return OK(context, view(v))
}

// Created answers with an object that is new.
func Created(context string, o odata.Object) (Reply, error) {
	return Reply{Status: 201, Context: context + "/$entity", Object: o}, nil
}

// Empty is the answer that says nothing.
func Empty() Reply { return Reply{Status: 204} }
