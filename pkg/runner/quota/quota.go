// Package quota is what a run learns about imports in general from the service's answers, as opposed to the row whose call was
// refused: pauses, used-up quotas, and whether any import of the run was accepted.
package quota

import (
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
)

const (
	// shortPause is how long a pause may be that is just a pause; a longer one means that a quota is used up.
	shortPause = 2 * time.Minute
	// probeEvery is how often one import is tried while a quota is used up: refused ones count as well.
	probeEvery = 15 * time.Minute
	// FirstImports is how many imports are sent before one was accepted. When all of them are refused in the same way,
	// the others would be as well.
	FirstImports = 3
)

// Imports is what a run knows of imports in general. The zero value knows nothing. It is a value: its methods return the
// changed value.
type Imports struct {
	until     time.Time // no import is started before
	why       string
	usedUp    bool // a quota is used up: one import is tried at a time
	throttled int  // how often imports were refused for their number since one was accepted
	sending   int  // imports whose calls are out
	refused   int  // imports whose rows failed with them
	accepted  bool // an import of this run was accepted once
}

// Recall adds what a row shows that an earlier process has worked on.
func (s Imports) Recall(r migration.Row, now time.Time) Imports {
	s = s.Learn("", r, now)
	s.accepted = s.accepted || r.Facts.SnapshotID != "" || r.Step.Imported()
	return s
}

// Send counts n imports more whose calls are out, or less.
func (s Imports) Send(n int) Imports {
	s.sending += n
	return s
}

// Learn adds the result of a row that was at the step before.
func (s Imports) Learn(before migration.Step, r migration.Row, now time.Time) Imports {
	switch sent := before == migration.StepImport; {
	case sent && r.State == migration.Failed:
		s.refused++
	case sent && r.Step.Imported():
		s.accepted, s.usedUp, s.throttled, s.until = true, false, 0, time.Time{}
	case throttled(r, now):
		return s.pause(*r.Problem, r.NotBefore, now)
	}
	return s
}

// throttled reports whether the row waits because the service accepts no imports for a while.
func throttled(r migration.Row, now time.Time) bool {
	return r.State == migration.Waiting && r.Step == migration.StepImport && r.Reason == migration.ReasonRetry &&
		r.Problem != nil && r.Problem.Kind == string(fault.Throttled) && r.NotBefore.After(now)
}

// pause records that the service accepts no imports until then.
func (s Imports) pause(p migration.Problem, until, now time.Time) Imports {
	if p.Status != 0 { // it was sent, and refused
		if !now.Before(s.until) {
			s.throttled++ // those that were under way together count once
		}
		if s.usedUp = s.usedUp || s.throttled > 1 || until.Sub(now) > shortPause; s.usedUp {
			until = now.Add(probeEvery)
		}
	}
	if until.After(s.until) {
		s.until, s.why = until, p.Message
	}
	return s
}

// Paused reports whether the service takes no imports at this time, and until when.
func (s Imports) Paused(now time.Time) (until time.Time, paused bool) {
	return s.until, now.Before(s.until)
}

// Text describes why no import is started at the time now, in its zone.
func (s Imports) Text(now time.Time) string {
	text := "no new imports until " + clocks.OfDay(s.until.In(now.Location()), now) + ": " + s.why
	if s.usedUp {
		text += "; a quota is used up, so one import is tried every " + clocks.Long(probeEvery)
	}
	return text + "; what is in flight is watched"
}

// MayStart is how many imports may be sent now, apart from the limit of slots; all is the result when there is no
// limit.
func (s Imports) MayStart(all int) int {
	switch {
	case s.usedUp:
		return max(0, 1-s.sending)
	case !s.accepted && s.sending == 0:
		return max(1, FirstImports-s.refused)
	case !s.accepted:
		return max(0, FirstImports-s.refused-s.sending)
	}
	return all
}

// Accepted reports whether an import of this run was accepted once.
func (s Imports) Accepted() bool { return s.accepted }
