package migration

import (
	"fmt"
	"slices"
	"time"
)

// Transition is one change of a row. Only the constructors below build one, each from the row as it was read, so a
// state that has no constructor cannot be reached. The zero value does nothing and is refused by the ledger.
type Transition struct {
	from, to Row
}

// From returns the row as the transition found it.
func (t Transition) From() Row { return t.from }

// To returns the row after the transition, with Version one higher.
func (t Transition) To() Row { return t.to }

// Event returns the history entry of this transition, without an ID.
func (t Transition) Event() Event {
	return Event{
		Run: t.to.Run, Row: t.to.Index, At: t.to.UpdatedAt, From: t.from.State, To: t.to.State,
		Step: t.from.Step, NextStep: t.to.Step, Reason: t.to.Reason, Note: t.to.Note,
		Attempt: t.to.Attempt, Tries: t.to.Tries, Problem: t.to.Problem,
	}
}

// move checks the arrow and sets what all transitions have in common. An arrow that is not in [Arrows] is a bug of the
// caller, hence the panic.
func move(r Row, to State, why Reason, at time.Time) Transition {
	if !slices.ContainsFunc(Arrows(), func(a Arrow) bool { return a.From == r.State && a.To == to && a.Reason == why }) {
		panic(fmt.Sprintf("migration: no arrow %s → %s (%s)", r.State, to, why))
	}
	n := r
	n.State, n.Reason, n.UpdatedAt, n.Version = to, why, at, r.Version+1
	n.Note, n.NotBefore, n.FinishedAt = "", time.Time{}, time.Time{}
	if to.Final() {
		n.FinishedAt = at
	}
	return Transition{from: r, to: n}
}

// Claim starts work on a pending row.
func Claim(r Row, at time.Time) Transition {
	t := move(r, Running, ReasonClaimed, at)
	if t.to.StartedAt.IsZero() {
		t.to.StartedAt = at
	}
	return t
}

// Wake continues a waiting row because it is due.
func Wake(r Row, at time.Time) Transition {
	t := move(r, Running, ReasonDue, at)
	t.to.Note = r.Note
	if unattended(r.NotBefore, at) {
		t.to.TroubleSince = time.Time{}
	}
	return t
}

// Advance records that the row's step is done and moves it to the next one; until, when not zero, is when that one is
// due, and note describes what is being waited for. It panics after the last step, which is for Succeed.
func Advance(r Row, f Facts, until time.Time, note string, at time.Time) Transition {
	next := Next(r.Target.Trigger, r.Step)
	if next == "" {
		panic("migration: nothing comes after " + string(r.Step))
	}
	to := Running
	if !until.IsZero() {
		to = Waiting
	}
	t := move(r, to, ReasonStepDone, at)
	f.Suspect, f.SuspectAt = "", time.Time{}
	t.to.Step, t.to.Facts, t.to.NotBefore, t.to.Note = next, f, until, note
	t.to.Tries, t.to.TroubleSince, t.to.Problem = 0, time.Time{}, nil
	return t
}

// Park lets the row wait at its step until then; nothing went wrong.
func Park(r Row, f Facts, until time.Time, note string, at time.Time) Transition {
	t := move(r, Waiting, ReasonParked, at)
	t.to.Facts, t.to.NotBefore, t.to.Note = f, until, note
	t.to.Tries, t.to.TroubleSince, t.to.Problem = 0, time.Time{}, nil
	return t
}

// Again lets the row wait for another try of its step after a failure.
func Again(r Row, f Facts, p Problem, until, at time.Time) Transition {
	t := move(r, Waiting, ReasonRetry, at)
	t.to.Facts = f
	t.to.Tries, t.to.NotBefore, t.to.Problem, t.to.Note = r.Tries+1, until, &p, p.Message
	if t.to.TroubleSince = troubleSince(r, p, at); named(p, until.Sub(at)) {
		t.to.TroubleSince = time.Time{} // patience begins when the service asked to come back
	}
	return t
}

// Succeed ends the row after its last step; a warning in the facts makes it a success with warnings.
func Succeed(r Row, f Facts, at time.Time) Transition {
	t := move(r, Succeeded, ReasonProven, at)
	f.Suspect, f.SuspectAt = "", time.Time{}
	t.to.Facts, t.to.Warned, t.to.Problem = f, f.Warning != "", nil
	return t
}

// Fail ends the row without a Cloud PC from its snapshot.
func Fail(r Row, f Facts, p Problem, at time.Time) Transition {
	t := move(r, Failed, ReasonFailed, at)
	t.to.Facts, t.to.Problem, t.to.Note = f, &p, p.Message
	return t
}

// Hold holds the row: the outcome of an effect is unknown and a person has to find out.
func Hold(r Row, f Facts, p Problem, at time.Time) Transition {
	t := move(r, Held, ReasonUnknown, at)
	t.to.Facts, t.to.Problem, t.to.Note = f, &p, p.Message
	return t
}

// Interrupt gives a running row back at its step. It does not count as a failed try.
func Interrupt(r Row, note string, at time.Time) Transition {
	t := move(r, Pending, ReasonInterrupted, at)
	t.to.Note = note
	if unattended(r.UpdatedAt, at) {
		t.to.TroubleSince = time.Time{}
	}
	return t
}

// Skip ends a row that validation refused.
func Skip(r Row, p Problem, at time.Time) Transition {
	t := move(r, Skipped, ReasonFinding, at)
	t.to.Problem, t.to.Note = &p, p.Message
	return t
}
