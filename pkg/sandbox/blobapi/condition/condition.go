// Package condition reads the headers by which a request for a blob is conditional or asks for a part of it.
package condition

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Failed checks the If- headers of a request against a blob with that tag and time, and returns the status with which the
// request is refused; 0: it is not. A read whose blob is known to the caller is told so: 304.
func Failed(method string, h http.Header, tag string, modified time.Time) int {
	unchanged := http.StatusPreconditionFailed
	if method != http.MethodDelete {
		unchanged = http.StatusNotModified
	}
	modified = modified.Truncate(time.Second)
	if want := h.Get("If-Match"); want != "" && want != "*" && !sameTag(want, tag) {
		return http.StatusPreconditionFailed
	}
	if not := h.Get("If-None-Match"); not != "" && (not == "*" || sameTag(not, tag)) {
		return unchanged
	}
	if t, ok := headerTime(h.Get("If-Modified-Since")); ok && !modified.After(t) {
		return unchanged
	}
	if t, ok := headerTime(h.Get("If-Unmodified-Since")); ok && modified.After(t) {
		return http.StatusPreconditionFailed
	}
	return 0
}

func sameTag(given, tag string) bool {
	return strings.Trim(given, `"`) == strings.Trim(tag, `"`)
}

func headerTime(text string) (time.Time, bool) {
	t, err := http.ParseTime(text)
	return t, err == nil
}

// Span is a stretch of a blob, from Start to End, both included.
type Span struct{ Start, End int64 }

// Length is its bytes.
func (r Span) Length() int64 { return r.End - r.Start + 1 }

// ParseSpan reads "bytes=a-b" or "bytes=a-". Everything else, suffixes included, is no range to the service.
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
