package blobapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// conditions checks the If- headers against a blob. A read whose blob is known to the caller is told so.
func conditions(c *call, b *Blob) *refusal {
	h := c.Header
	unchanged := errCondition
	if c.Method != http.MethodDelete {
		unchanged = errNotModified
	}
	if want := h.Get("If-Match"); want != "" && want != "*" && !sameTag(want, b.ETag) {
		return errCondition
	}
	if not := h.Get("If-None-Match"); not != "" && (not == "*" || sameTag(not, b.ETag)) {
		return unchanged
	}
	if t, ok := headerTime(h.Get("If-Modified-Since")); ok && !b.Modified.Truncate(time.Second).After(t) {
		return unchanged
	}
	if t, ok := headerTime(h.Get("If-Unmodified-Since")); ok && b.Modified.Truncate(time.Second).After(t) {
		return errCondition
	}
	return nil
}

func sameTag(given, tag string) bool {
	return strings.Trim(given, `"`) == strings.Trim(tag, `"`)
}

func headerTime(text string) (time.Time, bool) {
	t, err := http.ParseTime(text)
	return t, err == nil
}

// span is a stretch of a blob, from start to end, both included.
type span struct{ start, end int64 }

func (r span) length() int64 { return r.end - r.start + 1 }

// parseSpan reads "bytes=a-b" or "bytes=a-". Everything else, suffixes included, is no range to the service.
func parseSpan(text string) (r span, ok bool) {
	text, ok = strings.CutPrefix(strings.TrimSpace(text), "bytes=")
	from, to, dash := strings.Cut(text, "-")
	if !ok || !dash {
		return span{}, false
	}
	var err error
	if r.start, err = strconv.ParseInt(from, 10, 64); err != nil || r.start < 0 {
		return span{}, false
	}
	r.end = 1<<62 - 1
	if to != "" {
		if r.end, err = strconv.ParseInt(to, 10, 64); err != nil || r.end < r.start {
			return span{}, false
		}
	}
	return r, true
}
