package blobapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// conditions checks the If- headers against a blob; nil: there is none. A read whose blob is known to the caller is
// told so.
func conditions(c *call, b *Blob) *refusal {
	h := c.Header
	read := c.Method == http.MethodGet || c.Method == http.MethodHead
	if want := h.Get("If-Match"); want != "" && (b == nil || want != "*" && !sameTag(want, b.ETag)) {
		return errCondition
	}
	if not := h.Get("If-None-Match"); not != "" && b != nil && (not == "*" || sameTag(not, b.ETag)) {
		switch {
		case read:
			return errNotModified
		case not == "*" && c.Method == http.MethodPut && c.query.Get("comp") == "":
			return refuse(http.StatusConflict, "BlobAlreadyExists", "The specified blob already exists.")
		}
		return errCondition
	}
	if b == nil {
		return nil
	}
	if t, ok := headerTime(h.Get("If-Modified-Since")); ok && !b.Modified.Truncate(time.Second).After(t) {
		if read {
			return errNotModified
		}
		return errCondition
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
