package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// The versions of the service, and the rooms in them. Snapshots, the provisioning source and the status of Cloud PCs
// exist in beta only.
const (
	beta = "/beta"
	v1   = "/v1.0"
	ve   = beta + "/deviceManagement/virtualEndpoint"
)

// Options are what a [Client] can do without.
type Options struct {
	// Clock is the service's time: it measures dates in Retry-After headers and paces the waits within a batch.
	Clock cloud.Clock
	// PageGuard is how many pages a list may have before it is taken for endless; 0: 2000.
	PageGuard int
}

// Client calls Microsoft Graph. Safe for concurrent use. It remembers which of the undocumented variants this service
// speaks. It holds nothing that must be closed.
type Client struct {
	p    *cloud.Pipeline
	root string
	opts Options

	route   atomic.Int32 // of the import result: routeUnknown, routeSingular, routePlural
	storage atomic.Int32 // the storage field: fieldUnknown, fieldFileName, fieldBlobName
}

// New makes a client for the Graph at root (scheme://host[:port]), which must be the root that p sends its tokens to.
func New(p *cloud.Pipeline, root string, opts Options) *Client {
	if opts.PageGuard <= 0 {
		opts.PageGuard = 2000
	}
	return &Client{p: p, root: strings.TrimRight(root, "/"), opts: opts}
}

// call is one request, before it is sent.
type call struct {
	// doing completes the sentence "could not …", for the message.
	doing string
	// method and path; the path begins with the version and is escaped. query has no question mark.
	method, path, query string
	// ids are the ids within path: an empty one would address the collection instead.
	ids []string
	// body is marshalled as JSON; nil: none.
	body any
	// once marks calls that are not idempotent.
	once bool
	// metered marks calls that are sent once and of which the service counts every try.
	metered bool
	// eventual requests the directory's advanced queries.
	eventual bool
	// needs is the permission to ask for when the call is refused.
	needs permission
}

// answer is what came back with a status of 2xx.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a call and returns its answer, or a fault.
func (c *Client) do(ctx context.Context, cl call) (answer, error) {
	if err := cl.check(); err != nil {
		return answer{}, err
	}
	u := c.root + cl.path
	if cl.query != "" {
		u += "?" + cl.query
	}
	return c.send(ctx, cl, u)
}

func (c *Client) send(ctx context.Context, cl call, u string) (answer, error) {
	ctx = operation(ctx)
	switch {
	case cl.metered:
		ctx = retry.Metered(ctx)
	case cl.once:
		ctx = retry.Once(ctx)
	}
	req, err := runtime.NewRequest(ctx, cl.method, u)
	if err != nil {
		return answer{}, fault.Wrap(fault.Invalid, CodeRequest, cl.couldNot("the address is not usable"), "check the root and the ids", redact.Error(err))
	}
	h := req.Raw().Header
	h.Set("Accept", "application/json")
	if cl.method == http.MethodGet && strings.HasPrefix(cl.path, ve) {
		h.Set("Prefer", preferUnknown)
	}
	if cl.eventual {
		h.Set("ConsistencyLevel", "eventual")
	}
	if cl.body != nil {
		if err := runtime.MarshalAsJSON(req, cl.body); err != nil {
			return answer{}, fault.Wrap(fault.Internal, CodeRequest, cl.couldNot("the request cannot be written"), "", err)
		}
	}
	resp, err := c.p.Do(req)
	if err != nil {
		return answer{}, c.lost(ctx, cl, err)
	}
	body, err := runtime.Payload(resp)
	if err != nil {
		return answer{}, c.lost(ctx, cl, err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: body}
	if cl.method != http.MethodGet {
		cloud.KeepReceipt(ctx, redact.String(a.header.Get("request-id")))
	}
	if a.status < 200 || a.status > 299 {
		return a, c.refused(cl, a, cloud.OperationOf(ctx))
	}
	return a, nil
}

// operation gives ctx an operation id unless it has one.
func operation(ctx context.Context) context.Context {
	if cloud.OperationOf(ctx) != "" {
		return ctx
	}
	return cloud.WithOperation(ctx, cloud.NewOperationID())
}

// isGroup reports whether a path is that of a group itself, with nothing behind its id.
func isGroup(path string) bool {
	id, ok := strings.CutPrefix(path, v1+"/groups/")
	return ok && isGUID(id)
}

// preferUnknown keeps the members of an enum that are younger than unknownFutureValue from being hidden behind it.
const preferUnknown = "include-unknown-enum-members"

// check refuses what must never leave: a path with an empty id, and a removal that would hit the thing instead of the
// reference to it.
func (cl call) check() error {
	for _, id := range cl.ids {
		if strings.TrimSpace(id) == "" || id == "." || id == ".." {
			return fault.New(fault.Invalid, CodeRequest, cl.couldNot("the id is empty"), "name the thing by its id")
		}
	}
	if cl.method == http.MethodDelete && !strings.HasPrefix(cl.path, ve+"/") && !strings.HasSuffix(cl.path, refSuffix) && !isGroup(cl.path) {
		return fault.New(fault.Internal, CodeRequest, cl.couldNot("refused to delete "+cl.path), "")
	}
	return nil
}

func (cl call) couldNot(why string) string { return "could not " + cl.doing + ": " + why }

// get reads one object.
func get[T any](ctx context.Context, c *Client, cl call) (T, error) {
	var v T
	a, err := c.do(ctx, cl)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		return v, c.malformed(cl, a, err)
	}
	return v, nil
}

// create creates an object. An answer without an id is a fault that says so: the object was created all the same.
func create[T interface{ id() string }](ctx context.Context, c *Client, cl call) (T, error) {
	ctx = operation(ctx)
	v, err := get[T](ctx, c, cl)
	if err == nil && v.id() == "" {
		err = &fault.Fault{Kind: fault.OutcomeUnknown, Code: CodeOutcomeUnknown, Hint: "do not repeat it: list and look for it by its display name",
			Msg:    cl.couldNot("the service accepted it, but its answer has no id"),
			Remote: &fault.Remote{Service: c.p.Service(), ClientRequestID: cloud.OperationOf(ctx)}}
	}
	return v, err
}

// list reads a collection to its last page.
func list[T any](ctx context.Context, c *Client, cl call) ([]T, error) {
	ctx = operation(ctx)
	a, err := c.do(ctx, cl)
	if err != nil {
		return nil, err
	}
	return rest[T](ctx, c, cl, a)
}

// rest reads a collection whose first page is there already.
func rest[T any](ctx context.Context, c *Client, cl call, a answer) ([]T, error) {
	var all []T
	seen, size := map[string]bool{}, 0
	for page := 1; ; page++ {
		var p odata.Page
		if err := json.Unmarshal(a.body, &p); err != nil {
			return nil, c.malformed(cl, a, err)
		}
		if p.Value == nil {
			return nil, c.malformed(cl, a, errNoCollection)
		}
		for _, raw := range p.Value {
			v, err := element[T](raw)
			if err != nil {
				return nil, c.malformed(cl, a, err)
			}
			if v != nil {
				all = append(all, *v)
			}
		}
		if size += len(a.body); size > maxList || len(all) > maxElements {
			return nil, fault.New(fault.Unavailable, bound.CodeTooLarge,
				cl.couldNot(fmt.Sprintf("the list is longer than any should be (%d MiB or %d elements at most)", maxList>>20, maxElements)),
				"the rest of it was not read: check what answers instead of the service, or whether this tenant is larger than this tool is built for")
		}
		if p.Next == "" {
			return all, nil
		}
		if seen[p.Next] || page >= c.opts.PageGuard {
			return nil, fault.New(fault.Unavailable, CodePaging, cl.couldNot("the list does not end: a page points to one that was read already"),
				"try again; open a ticket with the service when it happens again")
		}
		seen[p.Next] = true
		next, err := c.nextPage(cl, p.Next)
		if err != nil {
			return nil, err
		}
		if a, err = c.send(ctx, cl, next); err != nil {
			return nil, err
		}
	}
}

const (
	// maxList and maxElements bound a list over all its pages. The largest honest ones are the members of a group of the
	// whole company.
	maxList     = 96 << 20
	maxElements = 200_000
)

var errNoCollection = errors.New("the answer is not a collection: it has no value")

// defect is embedded in what is read of a list: one field of the wrong type spoils that element, not the list. The other
// fields are as they came.
type defect struct{ why string }

func (d *defect) mark(err error) { d.why = err.Error() }

// element reads one element of a list; nil for a null. The error is for an element that is not an object, or that cannot
// be marked as unreadable.
func element[T any](raw json.RawMessage) (*T, error) {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil, nil
	}
	v := new(T)
	err := json.Unmarshal(raw, v)
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if err == nil || !ok {
		return v, err
	}
	if d, ok := any(v).(interface{ mark(err error) }); ok && wrong.Field != "" {
		d.mark(err)
		return v, nil
	}
	return nil, err
}

// nextPage returns the address of the next page, verbatim, unless it leads away from the root.
func (c *Client) nextPage(cl call, link string) (string, error) {
	root, err1 := url.Parse(c.root)
	next, err2 := url.Parse(link)
	if err1 == nil && err2 == nil && strings.EqualFold(next.Scheme, root.Scheme) && strings.EqualFold(next.Host, root.Host) && next.User == nil {
		return link, nil
	}
	host := "an invalid address"
	if err2 == nil {
		host = next.Scheme + "://" + next.Host
	}
	return "", fault.New(fault.Invalid, CodeForeignLink, cl.couldNot("the next page is at "+redact.String(host)+", not at "+c.root),
		"the token is not sent there: check the cloud and the root")
}

// esc escapes one path segment.
func esc(id string) string { return url.PathEscape(id) }

// quoted escapes a string literal in a path or a filter: the quote is doubled, the rest percent-encoded.
func quoted(s string) string { return "'" + url.PathEscape(strings.ReplaceAll(s, "'", "''")) + "'" }

// param writes a query parameter whose name keeps its $.
func param(name, value string) string {
	return name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}
