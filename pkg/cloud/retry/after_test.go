package retry_test

import (
	"net/http"
	"testing"
	"time"

	"wave365/pkg/cloud/retry"
)

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 5, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, value string
		want        time.Duration
	}{
		{"Retry-After", "", 0},
		{"Retry-After", "17", 17 * time.Second},
		{"Retry-After", " 17 ", 17 * time.Second},
		{"Retry-After", "1.5", 1500 * time.Millisecond},
		{"Retry-After", "0", 0},
		{"Retry-After", "-3", 0},
		{"Retry-After", "soon", 0},
		{"Retry-After", "NaN", 0},
		{"Retry-After", "1e300", 24 * time.Hour},
		{"Retry-After", "Wed, 05 Aug 2026 12:01:00 GMT", time.Minute},
		{"Retry-After", "Wed, 05 Aug 2026 11:59:00 GMT", 0},
		{"Retry-After", "Wednesday, 05-Aug-26 12:01:00 GMT", time.Minute},
		{"retry-after-ms", "250", 250 * time.Millisecond},
		{"x-ms-retry-after-ms", "250", 250 * time.Millisecond},
	}
	for _, tt := range tests {
		h := http.Header{}
		h.Set(tt.name, tt.value)
		if got := retry.ParseAfter(h, now); got != tt.want {
			t.Errorf("%s: %q = %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
	both := http.Header{"Retry-After": {"5"}, "Retry-After-Ms": {"4500"}}
	if got := retry.ParseAfter(both, now); got != 4500*time.Millisecond {
		t.Errorf("with both, %s: milliseconds are more exact", got)
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	f.Add("17", "")
	f.Add("Wed, 05 Aug 2026 12:01:00 GMT", "9223372036854775807")
	f.Fuzz(func(t *testing.T, s, ms string) {
		h := http.Header{"Retry-After": {s}, "Retry-After-Ms": {ms}}
		if d := retry.ParseAfter(h, time.Unix(0, 0)); d < 0 {
			t.Errorf("%q, %q: %s", s, ms, d)
		}
	})
}
