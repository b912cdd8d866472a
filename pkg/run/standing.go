package run

import (
	"fmt"
	"slices"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/summary/advice"
)

// TimeLeft estimates how long the rest of the run takes from now on; false when no estimate is possible.
func (s Standing) TimeLeft(now time.Time) (estimate.Range, bool) {
	left := estimate.RestOf(advice.GoneThrough(s.Run, s.Events), s.Rows).TimeLeft(now)
	return left, left.To > 0
}

// recentThrottle is how long a throttling is reported after it was recorded.
const recentThrottle = 2 * time.Minute

// Waits lists why the run starts nothing, or less than it could, at this moment: one reason each, empty when nothing
// holds it back.
func (s Standing) Waits(now time.Time) []string {
	var why []string
	chosen := s.Run.Settings
	if chosen.Paused {
		why = append(why, "paused: nothing new starts until it is continued")
	}
	if chosen.Draining {
		why = append(why, "draining: nothing new starts, what is in flight runs to completion")
	}
	if text := s.halted(); text != "" {
		why = append(why, text)
	} else if text := s.canary(); text != "" {
		why = append(why, text)
	}
	if until := quotaUntil(s.Rows); until.After(now) {
		why = append(why, "the service accepts no imports for now: the next one is tried at "+clocks.OfDay(until.In(now.Location()), now))
	}
	for _, e := range slices.Backward(s.Events) {
		if now.Sub(e.At) > recentThrottle {
			break
		}
		if e.Row == migration.WaveRow && e.Reason == migration.RunThrottled {
			why = append(why, "throttled: "+e.Note)
			break
		}
	}
	return why
}

// halted returns why the latest process halted; "" when it has not.
func (s Standing) halted() string {
	if !advice.Halted(s.Events) {
		return ""
	}
	for _, e := range slices.Backward(s.Events) {
		if e.Row == migration.WaveRow && e.Reason == migration.RunHalted && e.Note != "" {
			return e.Note
		}
	}
	return "halted: nothing new starts, what is in flight runs to completion"
}

// canary describes that rows wait for the canaries; "" when none does.
func (s Standing) canary() string {
	n := s.Run.Settings.Canary
	passed := slices.ContainsFunc(s.Events, func(e migration.Event) bool { return e.Reason == migration.RunCanary })
	waiting := s.Counts.Queued
	if n == 0 || passed || waiting == 0 {
		return ""
	}
	return fmt.Sprintf("canary: %s first, %s queued until all of these have succeeded", rowsText(n), rowsText(waiting))
}

// quotaUntil returns when the first import that the service has put off is tried again; zero: it has put off none.
func quotaUntil(rows []migration.Row) time.Time {
	var first time.Time
	for _, r := range rows {
		if r.State != migration.Waiting || r.Step != migration.StepImport || r.Problem == nil || r.Problem.Kind != string(fault.Throttled) {
			continue
		}
		if first.IsZero() || r.NotBefore.Before(first) {
			first = r.NotBefore
		}
	}
	return first
}
