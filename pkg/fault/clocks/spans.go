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

// Long is a [Rounded] span in words, for sentences: 48 s, 4 min 5 s, 1 h 05 min, 2 d 3 h 00 min; "" for 0.
func Long(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return "under 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < time.Hour:
		d = Rounded(d)
		if d >= 10*time.Minute || d%time.Minute == 0 {
			return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
		}
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	d = Rounded(d)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	if days > 0 {
		return fmt.Sprintf("%d d %d h %02d min", days, hours, minutes)
	}
	return fmt.Sprintf("%d h %02d min", hours, minutes)
}

// Rough is a span of time for estimates: whole minutes, or seconds in steps of ten below one minute.
func Rough(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%ds", int(max(d, 0).Round(10*time.Second)/time.Second))
	}
	m := int(d.Round(time.Minute) / time.Minute)
	if m < 60 {
		return fmt.Sprintf("%dm", m)
	}
	return fmt.Sprintf("%dh%02dm", m/60, m%60)
}
