package run

import (
	"context"
	"slices"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/ledger/process"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
)

// endReasons maps each end of a run to the event that records it.
func endReasons() map[runner.End]migration.Reason {
	return map[runner.End]migration.Reason{
		runner.Finished: migration.RunEnded, runner.Drained: migration.RunDrained, runner.Stopped: migration.RunStopped,
		runner.Halted: migration.RunHalted, runner.Reached: migration.RunReached, runner.Yielded: migration.RunYielded,
	}
}

// LastEnd returns how the run's latest process ended, and the event that recorded it; false when it recorded no end, or
// has not ended. The event of a process that ended with an error has it as its problem.
func LastEnd(events []migration.Event) (runner.End, migration.Event, bool) {
	for _, e := range slices.Backward(events) {
		if e.Row != migration.WaveRow {
			continue
		}
		if e.Reason == migration.RunStarted || e.Reason == migration.RunResumed {
			break
		}
		for end, why := range endReasons() {
			if e.Reason == why {
				return end, e, true
			}
		}
	}
	return "", migration.Event{}, false
}

// haltedAt returns when the run last halted, for rows whose imports were refused before; zero: it never did.
func (s *Session) haltedAt(ctx context.Context, rows []migration.Row) (time.Time, error) {
	refused := func(r migration.Row) bool { return r.State == migration.Failed && r.Step == migration.StepImport }
	if !slices.ContainsFunc(rows, refused) {
		return time.Time{}, nil // a long history is not read needlessly
	}
	events, err := s.Ledger.Events(ctx, s.Run.ID)
	for _, e := range slices.Backward(events) {
		if e.Row == migration.WaveRow && e.Reason == migration.RunHalted {
			return e.At, err
		}
	}
	return time.Time{}, err
}

// Standing is the state of a run, as given by its ledger and by whether its process lives.
type Standing struct {
	Run    migration.Run
	Rows   []migration.Row
	Events []migration.Event
	Counts migration.Counts
	// Since is what other runs of the ledger did about its users since, see [Since].
	Since map[int]summary.Later
	// Running: a process drives the run, or may: see Holder.Life.
	Running bool
	// Holder is the process that has the run's lock, also when it has died; nil when none has.
	Holder *ledger.Holder
	// End is how the latest process ended; "" while one drives the run, or when the last one died without recording an
	// end.
	End runner.End
	// Ended is the event that recorded End; its note holds by whom or why, where that is known.
	Ended migration.Event
	// Seen is the moment of the last recorded fact.
	Seen time.Time
}

// Stand reads the state of a run.
func Stand(ctx context.Context, l *ledger.Ledger, r migration.Run) (Standing, error) {
	s := Standing{Run: r}
	var err error
	if s.Rows, err = l.Rows(ctx, r.ID); err != nil {
		return s, err
	}
	if s.Events, err = l.Events(ctx, r.ID); err != nil {
		return s, err
	}
	if s.Since, err = Since(ctx, l, s.Rows); err != nil {
		return s, err
	}
	h, held, err := l.Holder(ctx)
	if err != nil {
		return s, err
	}
	s.Counts, s.Seen = migration.Count(s.Rows), LastChange(r, s.Rows)
	if n := len(s.Events); n > 0 && s.Events[n-1].At.After(s.Seen) {
		s.Seen = s.Events[n-1].At
	}
	if held && h.Run == r.ID {
		s.Holder, s.Running = &h, h.Life != process.Gone
	}
	if s.Counts.Open() == 0 {
		s.End, s.Running = runner.Finished, false
	} else if !s.Running {
		s.End, s.Ended, _ = LastEnd(s.Events)
	}
	return s, nil
}

// Over returns when the run's last row ended: later entries, such as a close, are not part of the run's time. Zero while
// rows are open.
func (s Standing) Over() time.Time {
	switch {
	case s.Counts.Open() > 0:
		return time.Time{}
	case !s.Run.FinishedAt.IsZero():
		return s.Run.FinishedAt
	}
	return LastChange(s.Run, s.Rows)
}

// Died reports whether the latest process recorded no end although rows are open: it crashed or was killed.
func (s Standing) Died() bool { return !s.Running && s.End == "" }

// State returns the state of the run in one word: "running", "waiting" (for its next slice), how its latest process
// ended ("finished", "halted", "reached", "drained", "stopped"), or "interrupted" when that process died.
func (s Standing) State() string {
	switch {
	case s.Running:
		return "running"
	case s.Died():
		return "interrupted"
	case s.End == runner.Yielded:
		return "waiting"
	}
	return string(s.End)
}
