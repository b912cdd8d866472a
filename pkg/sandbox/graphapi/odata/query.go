package odata

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// Query is the query options of one request.
type Query struct {
	Shape   Shape
	Filter  Expr // nil: none
	OrderBy []Order
	Search  string
	Top     int // -1: not given
	Skip    int
	Count   bool
	Token   string
}

// Order is one key of $orderby.
type Order struct {
	Path string
	Desc bool
}

// ErrQuery is the error of a query option that cannot be read; its text names the option.
var ErrQuery = errors.New("query option")

type queryError string

func (e queryError) Error() string        { return string(e) }
func (e queryError) Is(target error) bool { return target == ErrQuery }

// Parse reads the options; names count without case and with or without the dollar sign. Unknown ones are ignored.
func Parse(v url.Values) (Query, error) {
	q := Query{Top: -1}
	for name, vals := range v {
		val := vals[len(vals)-1]
		switch strings.ToLower(strings.TrimPrefix(name, "$")) {
		case "select":
			q.Shape.Select = names(val)
		case "expand":
			q.Shape.Expand = names(val)
		case "filter":
			e, err := ParseFilter(val)
			if err != nil {
				return q, err
			}
			q.Filter = e
		case "orderby":
			for part := range strings.SplitSeq(val, ",") {
				f := strings.Fields(part)
				if len(f) == 0 || len(f) > 2 || len(f) == 2 && f[1] != "asc" && f[1] != "desc" {
					return q, queryError("Invalid $orderby '" + val + "'.")
				}
				q.OrderBy = append(q.OrderBy, Order{f[0], len(f) == 2 && f[1] == "desc"})
			}
		case "search":
			q.Search = val
		case "top", "skip":
			n, err := strconv.Atoi(val)
			if err != nil || n < 0 {
				return q, queryError("Invalid value '" + val + "' for " + name + ".")
			}
			if strings.EqualFold(strings.TrimPrefix(name, "$"), "top") {
				q.Top = n
			} else {
				q.Skip = n
			}
		case "count":
			q.Count = strings.EqualFold(val, "true")
		case "skiptoken":
			q.Token = val
		}
	}
	if q.Top == 0 {
		return q, queryError("Invalid page size specified: '0'. Must be between 1 and 999 inclusive.")
	}
	return q, nil
}

// names reads a list such as "id,assignments($select=target)"; options in brackets are ignored.
func names(s string) map[string]bool {
	out := map[string]bool{}
	depth, from := 0, 0
	put := func(part string) {
		part, _, _ = strings.Cut(part, "(")
		part, _, _ = strings.Cut(part, "/")
		if part = strings.ToLower(strings.TrimSpace(part)); part != "" && part != "*" {
			out[part] = true
		}
	}
	for i, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			put(s[from:i])
			from = i + 1
		}
	}
	put(s[from:])
	return out
}

// Compare orders two values of one property: nil comes first, text goes without case.
func Compare(a, b any) int { return compare(a, b) }

// Matches is a plain $search: "property:text" or "text", in double quotes or not, as a part of any text property.
func Matches(o Object, search string) bool {
	s := strings.Trim(search, `"`)
	name, text, ok := strings.Cut(s, ":")
	if !ok {
		name, text = "", s
	}
	text = strings.ToLower(text)
	for _, p := range o {
		v, isText := p.Value.(string)
		if isText && (name == "" || strings.EqualFold(name, p.Name)) && strings.Contains(strings.ToLower(v), text) {
			return true
		}
	}
	return false
}
