package graphapi

import (
	"cmp"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
)

// row is one entry of a collection; seq is its place in the stable order.
type row struct {
	seq    int64
	object odata.Object
}

// source gives up to n rows after a place, and whether there are more.
type source func(after int64, n int) ([]row, bool)

// from makes a source of a paged read of the tenant.
func from[V interface{ Place() int64 }](c *call, fetch func(now time.Time, after int64, n int) ([]V, bool), view func(V) odata.Object) source {
	return func(after int64, n int) ([]row, bool) {
		vs, more := fetch(c.now, after, n)
		rows := make([]row, len(vs))
		for i, v := range vs {
			rows[i] = row{v.Place(), view(v)}
		}
		return rows, more
	}
}

// fixed makes a source of a short list.
func fixed[V any](vs []V, view func(V) odata.Object) source {
	return func(after int64, n int) ([]row, bool) {
		var rows []row
		for i, v := range vs {
			if int64(i+1) > after {
				if len(rows) == n {
					return rows, true
				}
				rows = append(rows, row{int64(i + 1), view(v)})
			}
		}
		return rows, false
	}
}

const (
	defaultPage = 50
	maxPage     = 999
	chunk       = 500
)

// list answers one page of a collection.
func (c *call) list(context string, src source) (reply, error) {
	q := &c.query
	size := cmp.Or(c.h.cfg.Knobs.PageSize, defaultPage)
	if q.Top > 0 {
		size = min(q.Top, maxPage)
	}
	after, err := place(q.Token)
	if err != nil {
		return reply{}, err
	}
	page, more := filtered(src, q.Filter, after, size)
	b := odata.AppendText([]byte(`{"@odata.context":`), c.metadata(context))
	if q.Count {
		b = append(b, `,"@odata.count":`+strconv.Itoa(c.total(src))...)
	}
	if more && len(page) > 0 {
		b = append(b, `,"@odata.nextLink":`...)
		b = odata.AppendText(b, c.nextLink(page[len(page)-1].seq))
	}
	b = append(b, `,"value":[`...)
	for i, r := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.object.AppendJSON(b, q.Shape)
	}
	return reply{status: 200, raw: append(b, "]}"...)}, nil
}

// filtered is up to size rows of a source behind a place that pass the filter, and whether there are more. A nil filter lets
// all pass.
func filtered(src source, f *odata.Filter, after int64, size int) (page []row, more bool) {
	if f == nil {
		return src(after, size)
	}
	more = true
	for at := after; more && len(page) <= size; {
		var rows []row
		if rows, more = src(at, chunk); len(rows) > 0 {
			at = rows[len(rows)-1].seq
		}
		for _, r := range rows {
			if f.Eval(r.object) {
				page = append(page, r)
			}
		}
	}
	if len(page) > size {
		return page[:size], true
	}
	return page, more
}

func (c *call) total(src source) int {
	n, at, more := 0, int64(0), true
	for more {
		var rows []row
		if rows, more = src(at, chunk); len(rows) > 0 {
			at = rows[len(rows)-1].seq
		}
		for _, r := range rows {
			if c.query.Filter.Eval(r.object) {
				n++
			}
		}
	}
	return n
}

func place(token string) (int64, error) {
	if token == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		var n int64
		if n, err = strconv.ParseInt(strings.TrimPrefix(string(b), "at:"), 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, status(400, "BadRequest", "Skip token is invalid.")
}

// nextLink repeats the request from another place.
func (c *call) nextLink(after int64) string {
	v := c.r.URL.Query()
	for name := range v {
		if strings.EqualFold(strings.TrimPrefix(name, "$"), "skiptoken") {
			v.Del(name)
		}
	}
	v.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte("at:"+strconv.FormatInt(after, 10))))
	return c.root() + c.r.URL.EscapedPath() + "?" + strings.ReplaceAll(v.Encode(), "%24", "$")
}
