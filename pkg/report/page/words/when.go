package words

import (
	"strings"
	"time"
)

// Moment is one time in the three formats that the page needs.
type Moment struct{ ISO, Local, UTC string }

// MomentOf formats a time; the zero time is "not yet".
func MomentOf(t time.Time, zone *time.Location) Moment {
	if t.IsZero() {
		return Moment{Local: "not yet"}
	}
	local := t.In(zone)
	m := Moment{ISO: t.UTC().Format(time.RFC3339), Local: local.Format("Mon 2 Jan 2006, 15:04 MST")}
	if _, offset := local.Zone(); offset != 0 {
		m.UTC = t.UTC().Format("2 Jan 2006, 15:04 UTC")
		if local.Format(time.DateOnly) == t.UTC().Format(time.DateOnly) {
			m.UTC = t.UTC().Format("15:04 UTC")
		}
	}
	return m
}

// Clock formats the times of one run in its time zone, with the day only where it is not the first one.
type Clock struct {
	Zone  *time.Location
	Start time.Time
}

// At formats a time in a layout of package time; "" for the zero time.
func (c Clock) At(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	local := t.In(c.Zone)
	if local.Format(time.DateOnly) != c.Start.In(c.Zone).Format(time.DateOnly) {
		layout = "Mon " + layout
	}
	return local.Format(layout)
}

// Precise is At to the second, with the zone where it differs from [Clock.Name].
func (c Clock) Precise(t time.Time) string {
	layout := "15:04:05"
	if t.In(c.Zone).Format("-0700") != c.Start.In(c.Zone).Format("-0700") {
		layout += " MST"
	}
	return c.At(t, layout)
}

// Name is the time zone at the run's start, for the heading of times without one of their own: "CET (UTC+1)".
func (c Clock) Name() string {
	local := c.Start.In(c.Zone)
	name, offset := local.Zone()
	if offset == 0 {
		return name
	}
	shift := "UTC" + local.Format("-07")[:1] + strings.TrimLeft(local.Format("-07")[1:], "0")
	if offset%3600 != 0 {
		shift = "UTC" + local.Format("-07:00")
	}
	if strings.Trim(name, "+-0123456789") == "" { // a zone without letters is its own offset
		return shift
	}
	return name + " (" + shift + ")"
}
