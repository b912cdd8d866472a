package cloud

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	headerRetryAfter   = "Retry-After"
	headerRetryAfterMS = "retry-after-ms"
	// headerServiceMS carries the wait in service time once the pipeline has rewritten retry-after-ms for azcore, which
	// counts wall time and prefers the latter.
	headerServiceMS = "x-ms-retry-after-ms"
)

// RetryAfter is how long an answer that came through a [Pipeline] asks to wait, in service time; 0: it does not say.
func RetryAfter(h http.Header) time.Duration {
	if d := milliseconds(h.Get(headerServiceMS)); d > 0 {
		return d
	}
	return parseRetryAfter(h.Get(headerRetryAfter), time.Now())
}

// ParseRetryAfter reads the wait out of the headers of an answer that did not come through a [Pipeline], such as one
// inside a $batch: the header in milliseconds, seconds, or a date, which is compared with now. 0: none, or passed.
func ParseRetryAfter(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{headerRetryAfterMS, headerServiceMS} {
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

// serviceWait is the wait that resp asks for, in service time. A date is measured from the answer's own Date where the
// service's time is real time, so that a wrong clock on this machine does no harm.
func serviceWait(resp *http.Response, clock Clock) time.Duration {
	if resp == nil {
		return 0
	}
	now := clock.Now()
	if clock == (Clock{}) {
		if d, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			now = d
		}
	}
	return ParseRetryAfter(resp.Header, now)
}
