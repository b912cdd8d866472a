package wording

import (
	"strings"
	"time"
)

// Clocks is one time, or two as a range, on both clocks: the local one with its zone first, then UTC. Where the local clock
// shows UTC it is told once.
func Clocks(zone *time.Location, layout string, times ...time.Time) string {
	text := func(zone *time.Location) string {
		parts := make([]string, len(times))
		for i, t := range times {
			parts[i] = t.In(zone).Format(layout)
		}
		return strings.Join(parts, " to ") + times[len(times)-1].In(zone).Format(" MST")
	}
	local, utc := text(zone), text(time.UTC)
	for _, t := range times {
		if _, offset := t.In(zone).Zone(); offset != 0 {
			return local + ", " + utc
		}
	}
	return local
}
