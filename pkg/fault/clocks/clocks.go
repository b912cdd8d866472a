// Package clocks tells people a time on both clocks: the local one with its zone first, then UTC, which the service's own logs
// go by. A time's own location says which clock is the local one; one that shows UTC is told once.
package clocks

import (
	"strings"
	"time"
)

// Moment is a time with its day, to the minute: "2026-11-27 21:45 CET (20:45 UTC)". UTC has a day of its own where it is another.
func Moment(t time.Time) string { return both(t, "2006-01-02 ", "15:04") }

// Second is Moment to the second.
func Second(t time.Time) string { return both(t, "2006-01-02 ", "15:04:05") }

// OfDay is Moment, without the day where that is the same as now's.
func OfDay(t, now time.Time) string {
	if sameDay(t, now.In(t.Location())) {
		return both(t, "", "15:04")
	}
	return Moment(t)
}

func both(t time.Time, day, clock string) string {
	text := t.Format(day + clock + " MST")
	if isUTC(t) {
		return text
	}
	if sameDay(t, t.UTC()) {
		day = ""
	}
	return text + t.UTC().Format(" ("+day+clock+" UTC)")
}

// Range is one time, or two as a range, as seen from now: with the day of the week where that is not soon. It has no brackets,
// and is often told in some.
func Range(now time.Time, times ...time.Time) string {
	last, layout := times[len(times)-1], "15:04"
	if last.Sub(now) > 12*time.Hour {
		layout = "Mon 15:04"
	}
	text := func(zone *time.Location) string {
		parts := make([]string, len(times))
		for i, t := range times {
			parts[i] = t.In(zone).Format(layout)
		}
		return strings.Join(parts, " to ") + last.In(zone).Format(" MST")
	}
	for _, t := range times {
		if !isUTC(t) {
			return text(last.Location()) + ", " + text(time.UTC)
		}
	}
	return text(last.Location())
}

func isUTC(t time.Time) bool { _, offset := t.Zone(); return offset == 0 }

func sameDay(t, u time.Time) bool { return t.Format(time.DateOnly) == u.Format(time.DateOnly) }
