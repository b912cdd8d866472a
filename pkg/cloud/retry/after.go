package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	headerRetryAfter = "Retry-After"
	// HeaderRetryAfterMS is the header that azcore prefers.
	HeaderRetryAfterMS = "retry-after-ms"
	// HeaderServiceMS carries the wait in service time once the pipeline has rewritten retry-after-ms for azcore, which
	// counts wall time and prefers the latter.
	HeaderServiceMS = "x-ms-retry-after-ms"
)

// After is how long an answer that came through the pipeline asks to wait, in service time; 0: it does not ask.
func After(h http.Header) time.Duration {
	if d := milliseconds(h.Get(HeaderServiceMS)); d > 0 {
		return d
	}
	return parseRetryAfter(h.Get(headerRetryAfter), time.Now())
}

// ParseAfter reads the wait out of the headers of an answer that did not come through it, such as one
// inside a $batch: the header in milliseconds, seconds, or a date, which is compared with now. 0: none, or passed.
func ParseAfter(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{HeaderRetryAfterMS, HeaderServiceMS} {
		if d := milliseconds(h.Get(name)); d > 0 {
			return d
		}
	}
	return parseRetryAfter(h.Get(headerRetryAfter), now)
}

func parseRetryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if v == "" {
		return 0
	}
	// Fractions are not allowed by the RFC, but some gateways send them.
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return aDayAtMost(s, time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

func milliseconds(v string) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil {
		return 0
	}
	return aDayAtMost(n, time.Millisecond)
}

// aDayAtMost keeps a nonsense number from overflowing: nothing waits longer than a day at a time.
func aDayAtMost(n float64, unit time.Duration) time.Duration {
	const day = 24 * time.Hour
	if !(n > 0) {
		return 0
	}
	if n >= float64(day)/float64(unit) {
		return day
	}
	return time.Duration(n * float64(unit))
}
