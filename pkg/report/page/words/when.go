package words

import (
	"fmt"
	"strings"
	"time"

	"wave365/pkg/fault/clocks"
)

// Moment is one time in the three spellings the page needs.
type Moment struct{ ISO, Local, UTC string }

// MomentOf spells a time; the zero time is "not yet".
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

// Clock tells times of one run in its zone, naming the day only where it is not the first one.
type Clock struct {
	Zone  *time.Location
	Start time.Time
}

// At is a time in a layout of package time; "" for the zero time.
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

// Precise is At to the second, with its zone where that is not the one of [Clock.Name].
func (c Clock) Precise(t time.Time) string {
	layout := "15:04:05"
	if t.In(c.Zone).Format("-0700") != c.Start.In(c.Zone).Format("-0700") {
		layout += " MST"
	}
	return c.At(t, layout)
}

// Name is the zone at the run's start, for the heading of times that do not say theirs: "CET (UTC+1)".
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
	if strings.Trim(name, "+-0123456789") == "" { // a zone without letters is its own shift
		return shift
	}
	return name + " (" + shift + ")"
}

// Took is a duration for people; "" for 0.
func Took(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return "under 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < time.Hour:
		d = clocks.Rounded(d)
		if d >= 10*time.Minute || d%time.Minute == 0 {
			return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
		}
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	d = clocks.Rounded(d)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	if days > 0 {
		return fmt.Sprintf("%d d %d h %02d min", days, hours, minutes)
	}
	return fmt.Sprintf("%d h %02d min", hours, minutes)
}
