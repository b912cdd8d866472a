package odata

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// Query is the query options of one request.
type Query struct {
	Shape  Shape
	Filter *Filter // nil: none
	Top    int     // -1: not given
	Count  bool
	Token  string
}

// ErrQuery is the error of a query option with an impossible value, ErrUnknown of an unsupported one; their texts name it.
var (
	ErrQuery   = errors.New("query option")
	ErrUnknown = errors.New("unknown query option")
)

type badQuery string

func (e badQuery) Error() string        { return string(e) }
func (e badQuery) Is(target error) bool { return target == ErrQuery }

type unknownQuery string

func (e unknownQuery) Error() string        { return string(e) }
func (e unknownQuery) Is(target error) bool { return target == ErrUnknown }

// Parse parses $select, $expand, $filter, $top, $count and $skiptoken; names match without regard to case and with or without
// the dollar sign. Any other option with a dollar sign is an [ErrUnknown].
func Parse(v url.Values) (q Query, err error) {
	q.Top = -1
	for name, vals := range v {
		val := vals[len(vals)-1]
		switch strings.ToLower(strings.TrimPrefix(name, "$")) {
		case "select":
			q.Shape.Select = names(val)
		case "expand":
			q.Shape.Expand = names(val)
		case "filter":
			if q.Filter, err = ParseFilter(val); err != nil {
				return q, err
			}
		case "top":
			if q.Top, err = strconv.Atoi(val); err != nil || q.Top < 1 {
				return q, badQuery("Invalid page size specified: '" + val + "'. Must be between 1 and 999 inclusive.")
			}
		case "count":
			q.Count = strings.EqualFold(val, "true")
		case "skiptoken":
			q.Token = val
		default:
			if strings.HasPrefix(name, "$") {
				return q, unknownQuery("The sandbox does not know the query option " + name + ".")
			}
		}
	}
	return q, nil
}

// names parses a list such as "id,assignments($select=target)"; options in parentheses are ignored.
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
