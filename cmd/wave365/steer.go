package main

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
)

// steering are the flags that say how a run is got through. They are recorded with the run under their own names, and
// taken up again by resume and retry.
type steering struct {
	canary                           int
	haltAfter, stopBy, until, onLost string
}

// addFlags adds the flags of run, or of resume, which can also take back what the run began with.
func (s *steering) addFlags(cmd *cobra.Command, resume bool) {
	f := cmd.Flags()
	back, offCanary := "", ""
	if resume {
		back, offCanary = "; none takes it back", "; 0 lets the others start"
	}
	f.IntVar(&s.canary, "canary", 0, "so many rows alone first; the others start when all of them have succeeded"+offCanary)
	f.StringVar(&s.haltAfter, "halt-after", "", `start nothing more when this share of the finished rows, and at least so many, failed or are held: "10%,3"`+back)
	f.StringVar(&s.stopBy, "stop-by", "", "start nothing that would not finish by this local time, such as 22:00; those rows are deferred"+back)
	f.StringVar(&s.until, "until", "", "imported: stop before the cut-over, which resume goes on with; end: go on to the end")
	f.StringVar(&s.onLost, "on-lost-reply", "hold", "an import whose answer is lost and that is not found for ten minutes: hold the row, or repeat the import "+
		"(risk: the first one may exist; the service then refuses the second, or makes one that nobody knows). Not taken up again by resume")
}

// settings checks the flags that were given and gives what is to be recorded; "" takes a setting back.
func (s *steering) settings(cmd *cobra.Command, now time.Time, zone *time.Location) (map[string]string, error) {
	out := map[string]string{"on-lost-reply": ""}
	bad := func(flag, why, hint string) error {
		return usageError{fault.New(fault.Invalid, "usage", "--"+flag+": "+why, hint)}
	}
	changed := cmd.Flags().Changed
	if changed("canary") {
		if s.canary < 0 {
			return nil, bad("canary", "the number of rows is negative", "")
		}
		if out["canary"] = strconv.Itoa(s.canary); s.canary == 0 {
			out["canary"] = ""
		}
	}
	if changed("halt-after") {
		h, err := runner.ParseHalt(s.haltAfter)
		if err != nil {
			return nil, bad("halt-after", err.Error(), `write a share and a floor: --halt-after "10%,3"`)
		}
		if out["halt-after"] = h.String(); h == (runner.Halt{}) {
			out["halt-after"] = ""
		}
	}
	if changed("stop-by") {
		at, err := clockTime(s.stopBy, now, zone)
		if err != nil {
			return nil, bad("stop-by", err.Error(), "write hours and minutes of the local time: --stop-by 22:00")
		}
		if out["stop-by"] = ""; !at.IsZero() {
			out["stop-by"] = at.Format(time.RFC3339)
		}
	}
	switch s.until {
	case "":
	case "end":
		out["until"] = ""
	case "imported":
		out["until"] = "imported"
	default:
		return nil, bad("until", "there is no step "+s.until, "use imported or end")
	}
	switch s.onLost {
	case "hold":
	case "repeat":
		out["on-lost-reply"] = "repeat"
	default:
		return nil, bad("on-lost-reply", "there is no way "+s.onLost, "use hold or repeat")
	}
	return out, nil
}

// clockTime is the next moment at which the clock on the wall in zone shows hh:mm; zero for "none".
func clockTime(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if s = strings.TrimSpace(s); s == "none" || s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "usage", strconv.Quote(s)+" is no time of day", "")
	}
	now = now.In(zone)
	at := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, zone)
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, t.Hour(), t.Minute(), 0, 0, zone)
	}
	return at, nil
}

// limits are the recorded settings as the runner takes them.
type limits struct {
	canary     int
	halt       runner.Halt
	stopBy     time.Time
	until      migration.Step
	repeatLost bool
}

// limitsOf reads a run's settings. A time to stop by that has passed is over: it was for another evening.
func limitsOf(run migration.Run, now time.Time, zone *time.Location) (limits, error) {
	var l limits
	var err error
	s := run.Settings
	unreadable := func(key string, err error) error {
		return fault.Wrap(fault.Internal, "run.setting", "the setting "+key+" of run "+run.ID+" cannot be read: "+s[key], "give --"+key+" again", err)
	}
	if s["canary"] != "" {
		if l.canary, err = strconv.Atoi(s["canary"]); err != nil {
			return l, unreadable("canary", err)
		}
	}
	if l.halt, err = runner.ParseHalt(s["halt-after"]); err != nil {
		return l, unreadable("halt-after", err)
	}
	if s["stop-by"] != "" {
		at, err := time.Parse(time.RFC3339, s["stop-by"])
		if err != nil {
			return l, unreadable("stop-by", err)
		}
		if at.After(now) {
			l.stopBy = at.In(zone)
		}
	}
	if s["until"] == "imported" {
		l.until = migration.StepImportWait
	}
	l.repeatLost = s["on-lost-reply"] == "repeat"
	return l, nil
}

// record puts the settings of a new run on top of what it has.
func record(run *migration.Run, settings map[string]string) {
	for k, v := range maps.All(settings) {
		if v != "" {
			run.Settings[k] = v
		}
	}
}
