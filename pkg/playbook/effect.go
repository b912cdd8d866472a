package playbook

import (
	"context"
	"errors"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// effect is one write to the tenant.
type effect struct {
	row     int // or migration.WaveRow
	attempt int
	kind    migration.Effect
	// subject is what it is done to; together with kind it identifies an effect of a row.
	subject string
	// present checks whether the effect exists already; nil: that cannot be found out. lost is the try whose outcome is
	// unknown, nil when there is none. The text describes what was seen.
	present func(ctx context.Context, lost *migration.Intent) (remoteID, seen string, ok bool, err error)
	// call does it. It is given a context that does not end with the run: a call that has begun gets its answer.
	call func(ctx context.Context) (remoteID string, err error)
	// repeatable: doing it twice is the same as doing it once.
	repeatable bool
	// blind: where no earlier try is undecided it is done without a look, because the service takes a second one for a
	// first.
	blind bool
	// still is called right before the call is sent, after any wait, and checks whether what the effect relies on holds; its
	// error, errStale, becomes the effect's. nil: there is no check.
	still func() error
	// absentMeansNoEffect: when present returns false, a call of unknown outcome is known to have had no effect, and a
	// call that is not repeatable may be made again.
	absentMeansNoEffect bool
}

// callTime bounds one effect's call, in wall time.
const callTime = 3 * time.Minute

// errUnknown is the fault of an effect whose outcome could not be read back.
func errUnknown(e effect, in migration.Intent, cause error) error {
	return fault.Wrap(fault.OutcomeUnknown, "effect.unknown",
		"the outcome of "+string(e.kind)+" is not known (client-request-id "+in.ClientRequestID+")", "", cause)
}

// apply makes sure that the effect exists, exactly once. It returns the outcome, or the fault of the call:
// OutcomeUnknown when it may or may not have happened and that could not be found out. An error of the journal is a
// journalError.
func (b *Playbook) apply(ctx context.Context, e effect) (migration.Outcome, error) {
	if ctx.Err() != nil {
		return migration.Outcome{}, errStopped(ctx)
	}
	past, err := b.journal.Intents(ctx, b.run.ID, e.row)
	if err != nil {
		return migration.Outcome{}, err
	}
	last := lastOf(past, e)
	// An effect that happened is not repeated, unless it may be done at any time and cannot be checked.
	anytime := e.repeatable && e.present == nil
	if happened(last) && !anytime {
		return *last.Outcome, nil
	}
	lost := openTry(last)
	if e.present != nil && (lost != nil || !e.blind) {
		out, found, err := b.lookFor(ctx, e, lost)
		if concludedSince(err) {
			return b.apply(ctx, e)
		}
		if err != nil || found {
			return out, err
		}
		if e.absenceDecides() {
			lost = nil
		}
	}
	if lost != nil && !e.repeatable {
		return b.leaveOpen(ctx, e, *lost)
	}
	if ctx.Err() != nil {
		return migration.Outcome{}, errStopped(ctx)
	}
	return b.act(ctx, e)
}

// absenceDecides reports whether a try of unknown outcome is over when the effect was looked for and is not there.
func (e effect) absenceDecides() bool { return e.repeatable || e.absentMeansNoEffect }

// leaveOpen is the result when the outcome of a try that must not be repeated cannot be found out.
func (b *Playbook) leaveOpen(ctx context.Context, e effect, lost migration.Intent) (migration.Outcome, error) {
	if lost.Outcome == nil {
		out := migration.Outcome{Status: migration.OutcomeUnknown, Detail: "no answer was recorded", At: b.clock.Now()}
		switch err := b.journal.Conclude(ctx, lost, out); {
		case concludedSince(err):
			return b.apply(ctx, e)
		case err != nil:
			return out, err
		}
	}
	return migration.Outcome{}, errUnknown(e, lost, nil)
}

// concludedSince reports whether settling an earlier try was refused because the process that made it has recorded its outcome
// meanwhile: a process that could not reach the ledger, and from which the run was taken over, records it when it can. That
// outcome counts.
func concludedSince(err error) bool { return fault.CodeOf(err) == "ledger.concluded" }

func errStopped(ctx context.Context) error {
	return fault.Wrap(fault.Interrupted, "", "stopped before the call was made", "", ctx.Err())
}

// lookFor checks whether the effect exists already, and settles the try of unknown outcome, if there is one, as far as that
// check decides it.
func (b *Playbook) lookFor(ctx context.Context, e effect, lost *migration.Intent) (out migration.Outcome, found bool, err error) {
	id, seen, found, err := e.present(ctx, lost)
	if err != nil {
		return out, false, err
	}
	if found {
		out = migration.Outcome{Status: migration.OutcomeAdopted, RemoteID: id, Detail: seen, At: b.clock.Now()}
		if lost != nil {
			err = b.journal.Conclude(ctx, *lost, out)
		} // else others did it: there is nothing of ours to record
		return out, true, err
	}
	if lost != nil && e.absenceDecides() {
		out = migration.Outcome{Status: migration.OutcomeNoEffect, Detail: "looked: it does not exist", At: b.clock.Now()}
		return out, false, b.journal.Conclude(ctx, *lost, out)
	}
	return out, false, nil
}

// lastOf returns the latest try of the effect in the row's present attempt; of an import in any attempt, because one
// that happened, or may have, counts until it is known to be gone.
func lastOf(past []migration.Intent, e effect) (last *migration.Intent) {
	if e.kind == migration.EffectImport {
		return lastImport(past)
	}
	for i := range past {
		if p := &past[i]; p.Effect == e.kind && p.Subject == e.subject && p.Attempt == e.attempt {
			last = p
		}
	}
	return last
}

// codeLockLost is the code of faults that say that another process drives the run.
const codeLockLost = "ledger.lock-lost"

// mayNot ends a call that the ledger did not permit. When the ledger could not be reached, and nothing was sent, that is
// recorded, so that there is no search for an effect that cannot exist. Otherwise the intent stays open: the process that
// drives the run now finds it and searches, and this one adds nothing meanwhile. The error is that of the question.
func (b *Playbook) mayNot(ctx context.Context, holds *permit.Question, intents ...migration.Intent) error {
	why := holds.Refused()
	if holds.Sent() || fault.CodeOf(why) == codeLockLost {
		return why
	}
	for _, in := range intents {
		out := migration.Outcome{Status: migration.OutcomeRefused, Detail: "nothing was sent: " + why.Error(), At: b.clock.Now()}
		// Another process may have taken the run over and settled it before the ledger could be reached again.
		if err := b.journal.Conclude(ctx, in, out); err != nil && !concludedSince(err) {
			return errors.Join(why, err)
		}
	}
	return why
}

// act records the intent, makes the call and records the outcome.
func (b *Playbook) act(ctx context.Context, e effect) (migration.Outcome, error) {
	in, err := b.journal.Intend(ctx, migration.Intent{
		Run: b.run.ID, Row: e.row, Attempt: e.attempt, Effect: e.kind, Subject: e.subject,
		ClientRequestID: cloud.NewOperationID(), At: b.clock.Now(),
	})
	if err != nil {
		return migration.Outcome{}, err
	}
	id := ""
	requestID, err, denied := b.send(ctx, e.still, func(ctx context.Context) (err error) {
		id, err = e.call(ctx)
		return err
	}, in)
	if denied != nil {
		return migration.Outcome{}, denied
	}
	out := migration.Outcome{Status: migration.OutcomeDone, RemoteID: id, RequestID: requestID, At: b.clock.Now()}
	switch {
	case err == nil:
	case fault.Is(err, fault.OutcomeUnknown), fault.Is(err, fault.Internal), e.repeatable && (fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Throttled)):
		// A call that may be repeated is reported as unavailable when no answer came, and as throttled when the service
		// wanted a pause before the try after that; it may have had its effect.
		out.Status, out.Detail = migration.OutcomeUnknown, err.Error()
	default:
		out.Status, out.Detail = migration.OutcomeRefused, err.Error()
	}
	if err := b.journal.Conclude(ctx, in, out); err != nil {
		return out, err
	}
	if out.Status == migration.OutcomeUnknown && !fault.Is(err, fault.Throttled) {
		if e.repeatable {
			// The next try looks again and repeats it if it must.
			return out, fault.Wrap(fault.Unavailable, "", "no answer to "+string(e.kind), "", err)
		}
		return out, errUnknown(e, in, err)
	}
	return out, err
}

// send makes one call that writes, for intents that are recorded and share their client-request-id, which it carries. It returns
// the service's id of the request and the call's error. denied is the journal's error when this process may not act for the run,
// or that could not be checked, or the error of still, which is as in effect: then the call was not made, or its answer does not
// count.
func (b *Playbook) send(ctx context.Context, still func() error, call func(context.Context) error, intents ...migration.Intent) (requestID string, err, denied error) {
	holds := permit.New(func() error {
		if err := b.journal.Holds(ctx); err != nil || still == nil {
			return err
		}
		return still()
	})
	if holds.Settle() != nil {
		return "", nil, b.mayNot(ctx, holds, intents...)
	}
	callCtx, cancel := context.WithTimeout(cloud.WithOperation(context.WithoutCancel(ctx), intents[0].ClientRequestID), callTime)
	defer cancel()
	callCtx, receipt := cloud.WithReceipt(callCtx)
	err = call(permit.AskFirst(callCtx, holds))
	if holds.Refused() != nil {
		return "", err, b.mayNot(ctx, holds, intents...)
	}
	if f := fault.As(err); f != nil && f.Remote != nil {
		return f.Remote.RequestID, err, nil
	}
	return receipt.RequestID(), err, nil
}
