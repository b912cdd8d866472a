// Package route finds the call for a path of Graph, in all the spellings that clients use.
package route

import (
	"net/url"
	"strings"

	"wave365/pkg/sandbox/graphapi/call"
)

// Table is every supported call.
type Table []entry

type entry struct {
	*call.Route
	path []string
}

// New returns a table of routes.
func New(routes []*call.Route) Table {
	t := make(Table, len(routes))
	for i, rt := range routes {
		t[i] = entry{rt, strings.Split(rt.Path, "/")}
	}
	return t
}

// Find returns the call with that method and path, and the values of its parameters; nil: there is none.
func (t Table) Find(method string, segs []string) (rt *call.Route, params []string) {
	for _, e := range t {
		if params, ok := e.match(segs); ok && e.Method == method {
			return e.Route, params
		}
	}
	return nil, nil
}

func (e entry) match(segs []string) (params []string, ok bool) {
	if len(segs) != len(e.path) {
		return nil, false
	}
	for i, seg := range e.path {
		switch {
		case seg == "{}" && !isCall(segs[i]):
			params = append(params, segs[i])
		case !strings.EqualFold(seg, segs[i]):
			return nil, false
		}
	}
	return params, true
}

// isCall reports whether a segment is a function or a system resource ($count, $value), and so not a key: the keys of
// this service are ids and user names. What is not supported here has to end as a 501, not as a key that was not found.
func isCall(seg string) bool {
	verb := strings.HasPrefix(seg, "retrieve") || strings.HasPrefix(seg, "get")
	return strings.HasPrefix(seg, "$") || strings.HasSuffix(seg, "()") || verb && !strings.ContainsAny(seg, "@.-0123456789")
}

// Split splits a path into the version and the segments, with qualified names, empty parentheses and keys in
// parentheses normalized: users('x') becomes users, x; f(a='x') becomes f(), x.
func Split(escaped string) (version string, segs []string, err error) {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
	switch v := strings.ToLower(parts[0]); v {
	case "v1.0", "beta":
		version = v
	default:
		return "", nil, call.Status(400, "BadRequest", "Invalid version: "+parts[0])
	}
	for _, raw := range parts[1:] {
		s, err := url.PathUnescape(raw)
		if err != nil {
			return "", nil, call.Status(400, "BadRequest", "The path cannot be read.")
		}
		segs = append(segs, plain(s)...)
	}
	return version, segs, nil
}

// plain normalizes one segment, which becomes two when it has a key in parentheses.
func plain(s string) []string {
	for _, namespace := range []string{"microsoft.graph.", "graph."} { // the second is its alias, which generated clients use
		if rest, ok := cutPrefixFold(s, namespace); ok {
			s = rest
			break
		}
	}
	name, arg, has := strings.Cut(s, "(")
	arg, closed := strings.CutSuffix(arg, ")")
	switch {
	case !has || !closed || name == "":
		return []string{s}
	case arg == "":
		return []string{name}
	}
	key, val, named := strings.Cut(arg, "=")
	if !named || strings.HasPrefix(arg, "'") {
		key, val = "", arg
	}
	if key != "" {
		name += "()"
	}
	if strings.HasPrefix(val, "'") && strings.HasSuffix(val, "'") && len(val) > 1 {
		val = strings.ReplaceAll(val[1:len(val)-1], "''", "'")
	}
	return []string{name, val}
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
