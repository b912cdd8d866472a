package call

import (
	"cmp"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
)

// Row is one entry of a collection; seq is its position in the stable order.
type Row struct {
	Seq    int64
	Object odata.Object
}

// Source returns up to n rows after a position, and whether there are more.
type Source func(after int64, n int) ([]Row, bool)

// From returns a source that reads pages from the tenant.
func From[V interface{ Place() int64 }](c *Call, fetch func(now time.Time, after int64, n int) ([]V, bool), view func(V) odata.Object) Source {
	return func(after int64, n int) ([]Row, bool) {
		vs, more := fetch(c.Now, after, n)
		rows := make([]Row, len(vs))
		for i, v := range vs {
			rows[i] = Row{v.Place(), view(v)}
		}
		return rows, more
	}
}

// Fixed returns a source of a short list.
func Fixed[V any](vs []V, view func(V) odata.Object) Source {
	return func(after int64, n int) ([]Row, bool) {
		var rows []Row
		for i, v := range vs {
			if int64(i+1) > after {
				if len(rows) == n {
					return rows, true
				}
				rows = append(rows, Row{int64(i + 1), view(v)})
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

// List returns one page of a collection.
func (c *Call) List(context string, src Source) (Reply, error) {
	q := &c.Query
	size := cmp.Or(c.Knobs.PageSize, defaultPage)
	if q.Top > 0 {
		size = min(q.Top, maxPage)
	}
	after, err := place(q.Token)
	if err != nil {
		return Reply{}, err
	}
	page, more := filtered(src, q.Filter, after, size)
	b := odata.AppendText([]byte(`{"@odata.context":`), c.Metadata(context))
	if q.Count {
		b = append(b, `,"@odata.count":`+strconv.Itoa(c.total(src))...)
	}
	if more && len(page) > 0 {
		b = append(b, `,"@odata.nextLink":`...)
		b = odata.AppendText(b, c.nextLink(page[len(page)-1].Seq))
	}
	b = append(b, `,"value":[`...)
	for i, r := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.Object.AppendJSON(b, q.Shape)
	}
	return Reply{Status: 200, Raw: append(b, "]}"...)}, nil
}

// filtered returns up to size rows of a source after a position that match the filter, and whether there are more. A nil
// filter matches all.
func filtered(src Source, f *odata.Filter, after int64, size int) (page []Row, more bool) {
	if f == nil {
		return src(after, size)
	}
	more = true
	for at := after; more && len(page) <= size; {
		var rows []Row
		if rows, more = src(at, chunk); len(rows) > 0 {
			at = rows[len(rows)-1].Seq
		}
		for _, r := range rows {
			if f.Eval(r.Object) {
				page = append(page, r)
			}
		}
	}
	if len(page) > size {
		return page[:size], true
	}
	return page, more
}

func (c *Call) total(src Source) int {
	all, _ := filtered(src, c.Query.Filter, 0, math.MaxInt-1)
	return len(all)
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
	return 0, Status(400, "BadRequest", "Skip token is invalid.")
}

// nextLink returns the request's address with another position.
func (c *Call) nextLink(after int64) string {
	v := c.Request.URL.Query()
	for name := range v {
		if strings.EqualFold(strings.TrimPrefix(name, "$"), "skiptoken") {
			v.Del(name)
		}
	}
	v.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte("at:"+strconv.FormatInt(after, 10))))
	return c.Root() + c.Request.URL.EscapedPath() + "?" + strings.ReplaceAll(v.Encode(), "%24", "$")
}
