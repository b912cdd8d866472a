package clocks

import (
	"fmt"
	"time"
)

// Rounded is a span of time as people are told it: to the second, from one hour on to the minute. Negative is 0.
func Rounded(d time.Duration) time.Duration {
	if r := max(d, 0).Round(time.Second); r < time.Hour {
		return r
	}
	return d.Round(time.Minute)
}

// Short is a [Rounded] span in two units at most: 48s, 4m05s, 1h05m, 2d03h.
func Short(d time.Duration) string {
	s := int(Rounded(d) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}
