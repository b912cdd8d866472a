package timeline

import (
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// Attempt is one attempt at a row; the steps of different attempts are kept apart.
type Attempt struct {
	N     int
	Steps []StepLog
}

// StepLog is one step of an attempt.
type StepLog struct {
	Step migration.Step
	// From is when the row entered the step, To when it left it; zero while it is still there.
	From, To time.Time
	// Tries counts attempts at the step that failed and were repeated, Stops how often the tool was interrupted
	// meanwhile.
	Tries, Stops int
	// End is how the step ended: done, failed, held, cancelled; empty while it is in progress.
	End string
	// Trouble is the message of the last failed try; may be empty.
	Trouble string
}

// Attempts reads a row's history as attempts and steps. Rows that were never started have none.
func Attempts(d summary.RowRecord) []Attempt {
	var out []Attempt
	var open *StepLog // the step in progress; nil: none is
	begin := func(e migration.Event, step migration.Step) {
		if len(out) == 0 || out[len(out)-1].N != e.Attempt {
			out = append(out, Attempt{N: e.Attempt})
		}
		a := &out[len(out)-1]
		a.Steps = append(a.Steps, StepLog{Step: step, From: e.At})
		open = &a.Steps[len(a.Steps)-1]
	}
	for _, e := range d.Events {
		switch {
		case e.Reason == migration.ReasonStepDone:
			if open != nil {
				open.note(e)
			}
			begin(e, e.NextStep)
		case e.Reason == migration.ReasonClaimed && open == nil, e.Reason == migration.ReasonAdopted && (open == nil || !e.To.Final()):
			begin(e, e.NextStep)
		case open != nil && open.note(e):
			open = nil
		}
	}
	return out
}

// note records what happened during a step, and reports whether that ended it.
func (s *StepLog) note(e migration.Event) (ended bool) {
	switch {
	case e.Reason == migration.ReasonStepDone:
		s.To, s.End = e.At, "done"
	case e.Reason == migration.ReasonRetry:
		s.Tries, s.Trouble = max(s.Tries, e.Tries), e.Note
		return false
	case e.Reason == migration.ReasonInterrupted:
		s.Stops++
		return false
	case e.To.Final():
		s.To, s.End = e.At, string(e.To)
		if e.To == migration.Succeeded {
			s.End = "done"
		}
	default:
		return false
	}
	return true
}
