package advice

import (
	"slices"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// Resume returns the command that resumes the run. After a halt it changes the rule that would halt the run again at
// once, given the rows as they are.
func Resume(run migration.Run, rows []migration.Row, events []migration.Event) fault.Command {
	var args []string
	if Halted(events) {
		if run.Settings.Canary > 0 && canaryFailed(rows, events) {
			args = append(args, "--canary", "0")
		}
		if run.Settings.Halt.Fires(migration.Count(rows)) {
			args = append(args, "--halt-after", "none")
		}
	}
	return fault.NewCommand("resume", args...)
}

// Halted reports whether the latest process stopped starting rows because too much went wrong.
func Halted(events []migration.Event) bool {
	for _, e := range slices.Backward(events) {
		switch {
		case e.Row != migration.WaveRow:
		case e.Reason == migration.RunHalted:
			return true
		case e.Reason == migration.RunStarted, e.Reason == migration.RunResumed:
			return false
		}
	}
	return false
}

// GoneThrough returns the run as it is really being executed: one that has halted starts nothing new, like one that
// drains.
func GoneThrough(run migration.Run, events []migration.Event) migration.Run {
	run.Settings.Draining = run.Settings.Draining || Halted(events)
	return run
}

// canaryFailed reports whether the canary has not passed because something went wrong, so that no other row would
// start.
func canaryFailed(rows []migration.Row, events []migration.Event) bool {
	passed := slices.ContainsFunc(events, func(e migration.Event) bool { return e.Reason == migration.RunCanary })
	return !passed && slices.ContainsFunc(rows, func(r migration.Row) bool {
		return r.State == migration.Failed || r.State == migration.Held
	})
}
