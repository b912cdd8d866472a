package main

import (
	"fmt"
	"time"
)

// bothClocks tells a moment on the clock of the zone, with its name, and on UTC's.
func bothClocks(t time.Time, zone *time.Location) string {
	local := t.In(zone)
	text := local.Format("2006-01-02 15:04 MST")
	if _, offset := local.Zone(); offset != 0 {
		text += t.UTC().Format(" (15:04 UTC)")
	}
	return text
}

// timeOfDay is bothClocks without the day, when it is that of now.
func timeOfDay(t, now time.Time, zone *time.Location) string {
	if local := t.In(zone); local.Format(time.DateOnly) == now.In(zone).Format(time.DateOnly) {
		return local.Format("15:04 MST")
	}
	return t.In(zone).Format("2006-01-02 15:04 MST")
}

// lasting is a duration for people, to the minute, or to the second below one.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		d = 0
		fallthrough
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
