package run

import (
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
)

// Moment parses a time in the zone: "18:00" is the next one, "fri 18:00" that of the next Friday, which may be today,
// "2026-12-04 18:00" that day's. It must be after now, or the fault is Invalid.
func Moment(text string, now time.Time, zone *time.Location) (time.Time, error) {
	bad := fault.New(fault.Invalid, "usage", strconv.Quote(text)+" is not a time in the future", `write "18:00", "fri 18:00" or "2026-12-04 18:00"`)
	fields := strings.Fields(strings.ToLower(text))
	if len(fields) == 0 || len(fields) > 2 {
		return time.Time{}, bad
	}
	clock, err := time.Parse("15:04", fields[len(fields)-1])
	if err != nil {
		return time.Time{}, bad
	}
	at, err := ClockTime(fields[len(fields)-1], now, zone)
	if err != nil {
		return time.Time{}, bad
	}
	// On days without that hour, or with two of it, at is another one.
	on := func(y int, m time.Month, d int) time.Time {
		return time.Date(y, m, d, clock.Hour(), clock.Minute(), 0, 0, zone)
	}
	if len(fields) == 1 {
		return at, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, fields[0], zone); err == nil {
		if at = on(day.Date()); !at.After(now) {
			return time.Time{}, bad
		}
		return at, nil
	}
	for range 7 {
		if name := strings.ToLower(at.Weekday().String()); len(fields[0]) >= 3 && strings.HasPrefix(name, fields[0]) {
			return at, nil
		}
		at = on(at.Year(), at.Month(), at.Day()+1)
	}
	return time.Time{}, bad
}
