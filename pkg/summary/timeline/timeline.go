// Package timeline computes when what happened: the segments and steps of a row, how many rows were active at a time, and
// the moments and gaps of the run itself.
package timeline

import (
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// Phase is what a segment of time was spent on, as the timeline colors it.
type Phase string

// The phases. Turn and Retry are waiting, the others are work, ours or the service's.
const (
	// Turn: the row waited for other rows only, or the tool did not run.
	Turn Phase = "turn"
	// Retry: something went wrong and the next try is due later.
	Retry Phase = "retry"
	// Prepare: checks and group membership.
	Prepare Phase = "prepare"
	// Import: the service copies the disk.
	Import Phase = "import"
	// Provision: from the cut-over to the proof.
	Provision Phase = "provision"
)

// Phases lists the phases in the order of a journey.
func Phases() []Phase { return []Phase{Turn, Retry, Prepare, Import, Provision} }

// Label is the phase in words for people.
func (p Phase) Label() string {
	switch p {
	case Turn:
		return "Waiting for its turn"
	case Retry:
		return "Waiting to try again"
	case Prepare:
		return "Checks and group"
	case Import:
		return "Import of the disk"
	case Provision:
		return "Cut-over, provisioning, proof"
	}
	return string(p)
}

// Segment is one stretch of time of a row.
type Segment struct {
	Phase    Phase
	From, To time.Time
}

// Segments divides a row's time from start to its end, or to the moment at if it has not ended, into segments. A row
// that was never started has none.
func Segments(d summary.RowRecord, start, at time.Time) []Segment {
	if d.Row.StartedAt.IsZero() {
		return nil
	}
	var out []Segment
	add := func(p Phase, from, to time.Time) {
		if !to.After(from) {
			return
		}
		if n := len(out); n > 0 && out[n-1].Phase == p && out[n-1].To.Equal(from) {
			out[n-1].To = to
			return
		}
		out = append(out, Segment{Phase: p, From: from, To: to})
	}
	phase, since, final := Turn, start, false
	for _, e := range d.Events {
		if !final { // a row that has ended waits for nothing until a retry includes it
			add(phase, since, e.At)
		}
		phase, since, final = phaseOf(e), e.At, e.To.Final()
	}
	if !final {
		add(phase, since, at)
	}
	return out
}

// phaseOf is the phase that begins with an event.
func phaseOf(e migration.Event) Phase {
	if e.To == migration.Pending {
		return Turn
	}
	if e.Reason == migration.ReasonRetry {
		return Retry
	}
	switch e.NextStep.Info().Phase {
	case migration.PhaseImport:
		return Import
	case migration.PhaseProvision:
		return Provision
	}
	return Prepare
}

// Spent adds up the segments per phase.
func Spent(segments []Segment) map[Phase]time.Duration {
	out := make(map[Phase]time.Duration, 5)
	for _, s := range segments {
		out[s.Phase] += s.To.Sub(s.From)
	}
	return out
}

// Level is how many rows were in a phase from a moment onwards.
type Level struct {
	From              time.Time
	Import, Provision int
}

// Mark is a moment of the run itself that the timeline marks.
type Mark struct {
	// Kind is migration's reason: throttled, run-drained, run-stopped, run-halted, run-reached or run-resumed.
	Kind migration.Reason
	At   time.Time
	Note string
}

// Gap is a time in which the tool did not run. The service may have continued.
type Gap struct{ From, To time.Time }

// Marks returns the moments and gaps of a run. An end that could not be recorded (a killed process, a power cut) is
// taken to be the last thing recorded before the resume; a gap that has not ended ends at the record's moment.
func Marks(a summary.Record) (marks []Mark, gaps []Gap) {
	var down, last time.Time
	for _, e := range a.Events {
		if e.Row == migration.WaveRow && e.From == "" && e.To == "" {
			switch e.Reason {
			case migration.RunThrottled:
				marks = append(marks, Mark{e.Reason, e.At, e.Note})
			case migration.RunDrained, migration.RunStopped, migration.RunHalted, migration.RunReached:
				marks = append(marks, Mark{e.Reason, e.At, e.Note})
				down = e.At
			case migration.RunEnded: // until a retry
				down = e.At
			case migration.RunResumed:
				marks = append(marks, Mark{e.Reason, e.At, e.Note})
				if down.IsZero() {
					down = last
				}
				if !down.IsZero() {
					gaps = append(gaps, Gap{down, e.At})
				}
				down = time.Time{}
			}
		}
		last = e.At
	}
	if !down.IsZero() && a.Run.FinishedAt.IsZero() {
		gaps = append(gaps, Gap{down, a.At})
	}
	return marks, gaps
}
