package graphapi

import (
	"net/http"
	"net/url"
	"strings"
)

// The areas have their own throttling and wording.
const (
	cloudPCArea   = "cloudpc"
	directoryArea = "directory"
	mailArea      = "mail"
	batchArea     = "batch"
)

// route is one call that is known here.
type route struct {
	method, path string
	area         string
	cost         int // resource units of the directory
	perms        []string
	beta         bool
	// name is how the request log and the audit log call it; effect is what it changed, empty for reads.
	name, effect, resource string
	creates                bool
	do                     func(*call) (reply, error)
}

type node struct {
	next   map[string]*node
	param  *node
	routes map[string]*route
}

func (n *node) add(rt *route) {
	for seg := range strings.SplitSeq(rt.path, "/") {
		if seg == "{}" {
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			continue
		}
		if n.next == nil {
			n.next = map[string]*node{}
		}
		seg = strings.ToLower(seg)
		if n.next[seg] == nil {
			n.next[seg] = &node{}
		}
		n = n.next[seg]
	}
	if n.routes == nil {
		n.routes = map[string]*route{}
	}
	n.routes[rt.method] = rt
}

func (n *node) find(segs, params []string) (*node, []string) {
	if len(segs) == 0 {
		return n, params
	}
	if m := n.next[strings.ToLower(segs[0])]; m != nil {
		if found, p := m.find(segs[1:], params); found != nil && found.routes != nil {
			return found, p
		}
	}
	if n.param != nil && !isCall(segs[0]) {
		return n.param.find(segs[1:], append(params, segs[0]))
	}
	return nil, nil
}

// isCall says whether a segment is a function or a system resource ($count, $value), and so the key of nothing: the keys
// of this service are ids and user names. What is not known here must end as a 501, not as a key that was not found.
func isCall(seg string) bool {
	verb := strings.HasPrefix(seg, "retrieve") || strings.HasPrefix(seg, "get")
	return strings.HasPrefix(seg, "$") || strings.HasSuffix(seg, "()") || verb && !strings.ContainsAny(seg, "@.-0123456789")
}

// split takes a path apart: the version, then the segments with qualified names, empty brackets and keys in brackets
// brought to one form. users('x') becomes users, x; f(a='x') becomes f(), x.
func (h *handler) split(escaped string) (version string, segs []string, err error) {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
	switch v := strings.ToLower(parts[0]); v {
	case "v1.0", "beta":
		version = v
	default:
		return "", nil, status(400, "BadRequest", "Invalid version: "+parts[0])
	}
	for _, raw := range parts[1:] {
		s, err := url.PathUnescape(raw)
		if err != nil {
			return "", nil, status(400, "BadRequest", "The path cannot be read.")
		}
		segs = append(segs, plain(s)...)
	}
	return version, segs, nil
}

// plain brings one segment to its plain form, which is two segments when it has a key in brackets.
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

// route finds the call. A path that is not known here is a 501 that names it: silence would pass for success.
func (h *handler) route(c *call, segs []string) (*route, []string, error) {
	n, params := h.routes.find(segs, nil)
	if n == nil || n.routes[c.r.Method] == nil {
		c.trace.Outcome = "unknown"
		c.trace.Effect = ""
		return nil, nil, status(http.StatusNotImplemented, "NotImplemented",
			"The sandbox does not know "+c.r.Method+" "+c.r.URL.Path+".")
	}
	rt := n.routes[c.r.Method]
	if rt.beta && c.version != "beta" {
		i := 0
		for j, s := range segs {
			if strings.EqualFold(s, "virtualEndpoint") && j+1 < len(segs) {
				i = j + 1
			}
		}
		return nil, nil, segment(segs[i])
	}
	return rt, params, nil
}
