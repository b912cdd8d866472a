package migration

import (
	"time"

	"wave365/pkg/fault"
)

// This file builds what an operator does to rows: retry, reconcile, cancel, defer, and edits of the wave file.

// ReasonAmended is the reason of a row whose line in the wave file was edited before it began.
const ReasonAmended Reason = "amended"

// The reasons of events by which an operator, or a rule that the operator set, steers a run.
const (
	RunOrdered   Reason = "ordered"
	RunObeyed    Reason = "obeyed"
	RunHalted    Reason = "run-halted"
	RunCanary    Reason = "canary"
	RunReached   Reason = "run-reached"
	RunRetried   Reason = "run-retried"
	RunCancelled Reason = "run-cancelled"
	// RunClosed: close has been run for the run.
	RunClosed Reason = "run-closed"
	// RowTakenBack: what a run had done for the row was undone afterwards, by undo or deprovision; the note names it. The
	// row keeps its final state.
	RowTakenBack Reason = "taken-back"
)

// Begun reports whether anything was ever done for the row. Until then its line in the wave file may still change.
func (r Row) Begun() bool { return !r.StartedAt.IsZero() }

// CutOver reports whether the link that starts provisioning is known to be closed: from here on nothing about the row
// can be taken back.
func (r Row) CutOver() bool { return !r.Facts.CutOver.IsZero() }

// LicenseAway reports whether the row's license may have been removed for its import and not assigned again: the row
// alone does not prove it.
func (r Row) LicenseAway() bool {
	return r.Target.Trigger == TriggerRelicense && !r.CutOver() && (r.Attempt > 1 || r.Step != StepCheck)
}

// Cancellable reports whether the operator may cancel the row: it is not final, or held, and its import has not been
// accepted. A running row is given back first, see [Interrupt].
func (r Row) Cancellable() bool {
	switch r.State {
	case Pending, Running, Waiting, Held:
		return !r.Step.Imported()
	}
	return false
}

// CancelVerdict is the result of an operator's request to cancel a row.
type CancelVerdict int

const (
	// CancelEnded: the row has ended; there is nothing to cancel.
	CancelEnded CancelVerdict = iota
	// CancelGoesOn: its import was sent, or may have been; the service continues with it.
	CancelGoesOn
	// CancelGiveUp: nothing of it is in the service; see [GiveUp].
	CancelGiveUp
)

// CancelVerdict returns the result of cancelling this row. named: the operator named this row, which also cancels a
// held one. sent: an import was sent for the row that may be in the service.
func (r Row) CancelVerdict(named, sent bool) CancelVerdict {
	switch {
	case r.State == Held && named, !r.State.Final() && !sent:
		if r.Cancellable() {
			return CancelGiveUp
		}
		return CancelGoesOn
	case r.State.Final():
		return CancelEnded
	}
	return CancelGoesOn
}

// GiveUp returns the transitions that cancel a cancellable row, in order: a running one is interrupted first.
func GiveUp(r Row, interrupted, note string, at time.Time) []Transition {
	var moves []Transition
	if r.State == Running {
		moves = append(moves, Interrupt(r, interrupted, at))
		r = moves[0].To()
	}
	return append(moves, Cancel(r, note, at))
}

// Cancel cancels a row that waits, is queued or held.
func Cancel(r Row, note string, at time.Time) Transition {
	t := move(r, Cancelled, ReasonOperator, at)
	t.to.Note = note
	t.to.Problem = &Problem{Code: "row.cancelled", Message: note, Hint: "retry starts the row again", Commands: []fault.Command{fault.NewCommand("retry")}}
	t.to.Problem.offerLicense(r)
	if r.State == Held && r.Problem != nil {
		// What is not known about a held row stays readable.
		p := *r.Problem
		p.Message += "; " + note
		t.to.Problem = &p
	}
	return t
}

// codeRemoved is the problem's code of a row whose line was taken out of the wave file.
const codeRemoved = "row.removed"

// Remove cancels a row because its line was removed from the wave file before it began.
func Remove(r Row, at time.Time) Transition {
	t := Cancel(r, "its line was removed from the wave file", at)
	t.to.Problem.Code, t.to.Problem.Hint = codeRemoved, "put the line back, then resume with the edited file, to have it in the wave again"
	t.to.Problem.Commands = []fault.Command{fault.NewCommand("resume", "--accept-changes")}
	return t
}

// Removed reports whether the row was cancelled by [Remove]: it is no longer part of the wave.
func (r Row) Removed() bool {
	return r.State == Cancelled && r.Problem != nil && r.Problem.Code == codeRemoved
}

// Defer ends a queued row that is left for another time.
func Defer(r Row, p Problem, at time.Time) Transition {
	t := move(r, Deferred, ReasonStopBy, at)
	p.offerLicense(r)
	t.to.Problem, t.to.Note = &p, p.Message
	return t
}

// offerLicense adds the undo command where the row's license may be away.
func (p *Problem) offerLicense(r Row) {
	if !r.LicenseAway() {
		return
	}
	p.Hint = "the license may have been taken away for the import: undo gives it back, or retry starts the row again"
	p.Commands = append([]fault.Command{fault.NewCommand("undo", "--row", r.Target.User)}, p.Commands...)
}

// Retryable reports whether a row may get a new attempt.
func (r Row) Retryable() bool {
	switch r.State {
	case Failed, Cancelled, Deferred:
		return !r.Removed()
	}
	return false
}

// RetryStep returns the step at which a new attempt of the row begins. A row whose import cannot be used any more
// starts from the beginning, and so does one that has not come as far as an import; an accepted import is never left
// behind.
func RetryStep(r Row) Step {
	if !r.Step.Imported() {
		return StepCheck
	}
	if r.Facts.UsageStatus == UsagePurged {
		return StepCheck
	}
	code := ""
	if r.Problem != nil {
		code = r.Problem.Code
	}
	switch r.Step {
	case StepImportWait, StepCutover:
		if !r.CutOver() && lostImport(code) {
			return StepCheck
		}
	case StepProve:
		if code == "proof.not-from-snapshot" {
			return StepProvisionWait // another Cloud PC has to take the place of the wrong one first
		}
	}
	return r.Step
}

// UsagePurged is the usage of an import that, by the audit log or the ledger, was purged: nothing can be built from it any more.
const UsagePurged = "purged"

// CodeUsedUp is the code of a row whose import was used by a Cloud PC that is gone: no attempt of the row can bring it back.
const CodeUsedUp = "import.used-up"

// lostImport reports whether the problem's code means that the row's import cannot become a Cloud PC.
func lostImport(code string) bool {
	switch code {
	case "import.failed", "import.expired", "import.gone":
		return true
	}
	return false
}

// Retry gives the row a new attempt, from [RetryStep] on. A row that starts from the beginning drops its facts and
// takes target, in which the facts of its disk may have been read again; the others keep both.
func Retry(r Row, target Target, note string, at time.Time) Transition {
	t := move(r, Pending, ReasonRetried, at)
	t.to.Attempt++
	t.to.Step, t.to.Note = RetryStep(r), note
	t.to.Tries, t.to.TroubleSince, t.to.Problem, t.to.Warned = 0, time.Time{}, nil, false
	if t.to.Step == StepCheck {
		t.to.Facts, t.to.Target = Facts{}, target
		t.to.Target.UserID, t.to.Target.User, t.to.Target.Line = r.Target.UserID, r.Target.User, r.Target.Line
		t.to.Target.DiskSince = r.Target.DiskSince
	}
	t.to.Facts.Suspect, t.to.Facts.SuspectAt = "", time.Time{}
	t.to.Facts.Retried = at
	return t
}

// RetryEdited is like [Retry] for a row whose line was edited after it failed: the new attempt begins with the first step and uses
// the current line. When anotherDisk, neither it nor a later attempt adopts an import of an earlier one; otherwise an import that
// the journal knows to exist is adopted. It panics for a row that may not be edited this way; see [Row.BeginsAnew] and
// [Row.Relicensable].
func RetryEdited(r Row, target Target, input []string, anotherDisk bool, note string, at time.Time) Transition {
	if !r.BeginsAnew() && (anotherDisk || !r.Relicensable()) {
		panic("migration: a row that goes on where it stands keeps its line")
	}
	t := Retry(r, target, note, at)
	if t.to.Step != StepCheck { // only its license changed
		t.to.Step, t.to.Facts = StepCheck, Facts{Retried: at}
	}
	t.to.Input, t.to.Target.Line = input, target.Line
	t.to.Target.SKUID, t.to.Target.SKUName, t.to.Target.PlanID, t.to.Target.PlanName, t.to.Target.PlanGiB = target.SKUID, target.SKUName, target.PlanID, target.PlanName, target.PlanGiB
	if anotherDisk {
		t.to.Target.DiskSince = t.to.Attempt
	}
	return t
}

// Relicensable reports whether the row failed before the license that its line names was assigned, as far as the row shows, so
// that a new attempt may assign another one. The caller must check the journal for what was tried all the same.
func (r Row) Relicensable() bool {
	return r.State == Failed && !r.CutOver() && (RetryStep(r) == StepCheck || r.Target.Trigger == TriggerLicense)
}

// BeginsAnew reports whether the row failed in such a way that its next attempt begins with the first step.
func (r Row) BeginsAnew() bool { return r.State == Failed && RetryStep(r) == StepCheck }

// Adopt settles a held row: its import exists and is in the facts. A row that was held later than its import continues
// at its step.
func Adopt(r Row, f Facts, note string, at time.Time) Transition {
	t := move(r, Waiting, ReasonAdopted, at)
	if !r.Step.Imported() {
		t.to.Step = StepImportWait
	}
	f.Suspect, f.SuspectAt = "", time.Time{}
	t.to.Facts, t.to.Note, t.to.NotBefore = f, note, at
	t.to.Tries, t.to.TroubleSince, t.to.Problem = 0, time.Time{}, nil
	return t
}

// NoEffect settles a held row: its import never happened, and a new one may be sent.
func NoEffect(r Row, note string, at time.Time) Transition {
	t := move(r, Pending, ReasonNoEffect, at)
	t.to.Step, t.to.Note = StepImport, note
	t.to.Facts.Suspect, t.to.Facts.SuspectAt = "", time.Time{}
	t.to.Tries, t.to.TroubleSince, t.to.Problem = 0, time.Time{}, nil
	return t
}

// Amend takes over an edited line for a row that has not begun; a row that was skipped is free again. It panics for a
// row that has begun.
func Amend(r Row, target Target, input []string, at time.Time) Transition {
	if r.Begun() {
		panic("migration: a row that has begun is not amended")
	}
	t := move(r, Pending, ReasonAmended, at)
	t.to.Target, t.to.Input, t.to.Problem = target, input, nil
	return t
}

// Retargets reports whether the transition changes the row's target, not only its state.
func (t Transition) Retargets() bool {
	return t.to.Reason == ReasonAmended || t.to.Reason == ReasonRetried
}
