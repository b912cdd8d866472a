package main

import (
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// steering holds the flags that determine how a run is executed. They are recorded with the run under their own names,
// and used again by resume and retry.
type steering struct {
	canary                           int
	haltAfter, stopBy, until, onLost string
}

// addSlots adds --slots to a command that continues a run: 0 leaves their number unchanged.
func addSlots(cmd *cobra.Command, slots *int) {
	cmd.Flags().IntVar(slots, "slots", 0, "imports in flight at a time (default: as before)")
}

// checkSlots refuses a number of slots that was given and that no run can have.
func checkSlots(cmd *cobra.Command, slots int) error {
	if !cmd.Flags().Changed("slots") {
		return nil
	}
	if err := run.CheckSlots(slots); err != nil {
		return usageError{err}
	}
	return nil
}

// addFlags adds the flags of run, or of resume, which can also reset what the run began with.
func (s *steering) addFlags(cmd *cobra.Command, resume bool) {
	f := cmd.Flags()
	back, offCanary := "", ""
	if resume {
		back, offCanary = "; none removes it", "; 0 lets the others start"
	}
	f.IntVar(&s.canary, "canary", 0, "migrate N rows first; continue only if all succeed"+offCanary)
	f.StringVar(&s.haltAfter, "halt-after", "", `start nothing more once this share of the finished rows, and at least this many, have failed or are held: "10%,3"`+back)
	f.StringVar(&s.stopBy, "stop-by", "", "start nothing that would not finish by this local time, such as 22:00; those rows are deferred"+back)
	f.StringVar(&s.until, "until", "", "imported: stop before the cut-over, for resume to continue; end: run to the end")
	f.StringVar(&s.onLost, "on-lost-reply", "hold", "an import whose answer is lost and that is not found for ten minutes: hold the row, or repeat the import "+
		"(risk: the first one may exist; the service then refuses the second, or makes one that nobody keeps track of). Not kept for resume")
}

// settings checks the flags that were given and returns the settings from now on: was, changed by the flags.
func (s *steering) settings(cmd *cobra.Command, was migration.Settings, now time.Time, zone *time.Location) (migration.Settings, error) {
	next := was
	bad := func(flag, why, hint string) (migration.Settings, error) {
		return was, usageError{fault.New(fault.Invalid, "usage", "--"+flag+": "+why, hint)}
	}
	changed := cmd.Flags().Changed
	if changed("canary") {
		if next.Canary = s.canary; s.canary < 0 {
			return bad("canary", "the number of rows is negative", "")
		}
	}
	var err error
	if changed("halt-after") {
		if next.Halt, err = migration.ParseHalt(s.haltAfter); err != nil {
			return bad("halt-after", err.Error(), `write a share and a floor: --halt-after "10%,3"`)
		}
	}
	if changed("stop-by") {
		if next.StopBy, err = run.ClockTime(s.stopBy, now, zone); err != nil {
			return bad("stop-by", err.Error(), "write hours and minutes of the local time: --stop-by 22:00")
		}
	}
	switch s.until {
	case "":
	case "end":
		next.Until = ""
	case "imported":
		next.Until = migration.StepImportWait
	default:
		return bad("until", "unknown step "+s.until, "use imported or end")
	}
	switch s.onLost {
	case "hold", "repeat":
		next.RepeatLost = s.onLost == "repeat"
	default:
		return bad("on-lost-reply", "unknown value "+s.onLost, "use hold or repeat")
	}
	return next, nil
}
