package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// The route to an import's result: the documentation spells it in the singular, generated clients in the plural.
const (
	routeUnknown int32 = iota
	routeSingular
	routePlural
)

func resultCall(id string, route int32) call {
	name := "retrieveSnapshotImportResult"
	if route == routePlural {
		name = "retrieveSnapshotImportResults"
	}
	return call{
		doing: "read the import " + id, method: http.MethodGet, ids: []string{id}, needs: cloudPCRead,
		path: ve + "/snapshots/" + name + "(snapshotId=" + quoted(id) + ")",
	}
}

// ImportResult reads an import's record. The fault is NotFound when the record is gone, which after the Cloud PC was
// provisioned is what happens to it.
func (c *Client) ImportResult(ctx context.Context, snapshotID string) (Import, error) {
	route := c.route.Load()
	cl := resultCall(snapshotID, route)
	a, err := c.do(ctx, cl)
	if err != nil && route == routeUnknown && unknownRoute(err) {
		plural := resultCall(snapshotID, routePlural)
		// Only a success shows that the other route exists: a 404 may be about the id.
		switch b, err2 := c.do(ctx, plural); {
		case err2 == nil:
			c.route.CompareAndSwap(routeUnknown, routePlural)
			a, err, cl = b, nil, plural
		case !unknownRoute(err2):
			err = err2
		}
	} else if err == nil {
		c.route.CompareAndSwap(routeUnknown, routeSingular)
	}
	if err != nil {
		return Import{}, err
	}
	return c.pick(cl, a, snapshotID)
}

// unknownRoute reports an answer that may mean that the service does not know the function, as against the id.
func unknownRoute(err error) bool {
	f := fault.As(err)
	if f == nil || f.Remote == nil {
		return false
	}
	switch f.Remote.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusBadRequest, http.StatusNotFound:
		if f.Remote.Code == "" && f.Remote.Message == "" {
			return true
		}
		return slices.ContainsFunc([]string{"segment", "function", "route", "no method match", "no http resource"}, func(s string) bool {
			return containsFold(f.Remote.Message, s) || containsFold(f.Remote.Code, s)
		})
	}
	return false
}

// pick finds the record in an answer that is an object or a collection: the one with the id, else the only one.
func (c *Client) pick(cl call, a answer, id string) (Import, error) {
	elems, err := odata.Elements(a.body)
	if err != nil {
		return Import{}, c.malformed(cl, a, err)
	}
	all := make([]wireImport, len(elems))
	for i, raw := range elems {
		if err := json.Unmarshal(raw, &all[i]); err != nil {
			return Import{}, c.malformed(cl, a, err)
		}
		if strings.EqualFold(all[i].result().SnapshotID, id) {
			return all[i].result(), nil
		}
	}
	switch len(all) {
	case 0:
		return Import{}, &fault.Fault{Kind: fault.NotFound, Code: CodeNotFound, Msg: cl.couldNot("there is no such record"),
			Hint: "the service drops the record once the Cloud PC is provisioned", Remote: c.remote(a, odata.Error{}, "")}
	case 1:
		i := all[0].result()
		i.SnapshotID = id
		return i, nil
	}
	return Import{}, &fault.Fault{Kind: fault.Conflict, Code: CodeMalformed, Remote: c.remote(a, odata.Error{}, ""),
		Msg:  cl.couldNot("the service gave " + strconv.Itoa(len(all)) + " records and none has this id"),
		Hint: "look at the imports in the service; give its support the request id"}
}

// ImportResults reads many records, in batches; the answers come in the order of ids. The error is for the call as a
// whole; what goes wrong with one id is in its answer.
func (c *Client) ImportResults(ctx context.Context, ids []string) ([]ImportAnswer, error) {
	out := make([]ImportAnswer, len(ids))
	start := 0
	for start < len(ids) && c.route.Load() == routeUnknown {
		// One at a time until a route has proven itself: within a batch a route that does not exist looks like an import
		// that is gone.
		i, err := c.ImportResult(ctx, ids[start])
		if ctx.Err() != nil {
			return nil, err
		}
		out[start] = ImportAnswer{Import: i, Err: err}
		start++
	}
	route := c.route.Load()
	calls := convert(ids[start:], func(id string) call { return resultCall(id, route) })
	answers, err := c.batch(ctx, beta, "read the imports", calls)
	if err != nil {
		return nil, err
	}
	for i, b := range answers {
		if out[start+i].Err = b.err; b.err == nil {
			out[start+i].Import, out[start+i].Err = c.pick(calls[i], b.answer, ids[start+i])
		}
	}
	return out, nil
}

// ListImports reads all records, by a call that is named once in an old text and otherwise undocumented: a probe, not
// to be relied on. The fault is NotFound when the service has no such call.
func (c *Client) ListImports(ctx context.Context) ([]Import, error) {
	ws, err := list[wireImport](ctx, c, call{
		doing: "list the imports", method: http.MethodGet, path: ve + "/snapshots/listSnapshotImportResults", needs: cloudPCRead,
	})
	if f := fault.As(err); f != nil && f.Remote != nil {
		switch f.Remote.Status {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			return nil, &fault.Fault{Kind: fault.NotFound, Code: CodeNotFound, Msg: "the service has no call that lists imports",
				Hint: "the ledger is the only index of imports", Remote: f.Remote, Err: redact.Error(err)}
		}
	}
	return convert(ws, wireImport.result), err
}
