// Package condition reads the headers that make a request for a blob conditional or limit it to a range.
package condition

import (
	"net/http"
	"strconv"
	"strings"
)

// Unknown reports whether a request has a condition that is not supported here; clients that read or delete send
// If-Match.
func Unknown(h http.Header) bool {
	return h.Get("If-None-Match") != "" || h.Get("If-Modified-Since") != "" || h.Get("If-Unmodified-Since") != ""
}

// Met reports whether a blob with that tag meets the condition of a request, if there is one.
func Met(h http.Header, tag string) bool {
	want := h.Get("If-Match")
	return want == "" || want == "*" || strings.Trim(want, `"`) == strings.Trim(tag, `"`)
}

// Span is a range of bytes of a blob, from Start to End, both included.
type Span struct{ Start, End int64 }

// Length returns its number of bytes.
func (r Span) Length() int64 { return r.End - r.Start + 1 }

// ParseSpan parses "bytes=a-b" or "bytes=a-". The service does not accept anything else as a range, suffixes included.
func ParseSpan(text string) (r Span, ok bool) {
	text, ok = strings.CutPrefix(strings.TrimSpace(text), "bytes=")
	from, to, dash := strings.Cut(text, "-")
	if !ok || !dash {
		return Span{}, false
	}
	var err error
	if r.Start, err = strconv.ParseInt(from, 10, 64); err != nil || r.Start < 0 {
		return Span{}, false
	}
	r.End = 1<<62 - 1
	if to != "" {
		if r.End, err = strconv.ParseInt(to, 10, 64); err != nil || r.End < r.Start {
			return Span{}, false
		}
	}
	return r, true
}
