package tenantcare

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// The effects of commands outside runs. Those that runs have too bear the same names.
const (
	PolicyCreate   migration.Effect = "policy.create"
	PolicyUpdate   migration.Effect = "policy.update"
	PolicyAssign   migration.Effect = "policy.assign"
	SettingRestore migration.Effect = "setting.restore"
	ImageCreate    migration.Effect = "image.create"
	ImageDelete    migration.Effect = "image.delete"
	GroupCreate    migration.Effect = "group.create"
	GroupDelete    migration.Effect = "group.delete"
	GroupLeave     migration.Effect = "group.leave"
	LicenseAssign  migration.Effect = "license.assign"
	LicenseRemove  migration.Effect = "license.remove"
	GraceEnd       migration.Effect = "cloudpc.end-grace"
	BlobDelete     migration.Effect = "blob.delete"
)

// Journal is where writes are recorded. *ledger.Ledger is one.
type Journal interface {
	// IntendWrite records that a write is about to be tried; it is durable when it returns.
	IntendWrite(ctx context.Context, w migration.Write) (migration.Write, error)
	// ConcludeWrite records how it ended.
	ConcludeWrite(ctx context.Context, w migration.Write, out migration.Outcome) error
	// Holds fails when the ledger's lock was taken away: then nothing may be sent any more.
	Holds(ctx context.Context) error
	// Writes returns what was recorded, oldest first.
	Writes(ctx context.Context, f migration.WriteFilter) ([]migration.Write, error)
}

// Clock is the service's time; cloud.Clock is one.
type Clock interface {
	Now() time.Time
	// Wall is how long a stretch of service time takes on the wall clock.
	Wall(d time.Duration) time.Duration
}

// Writer makes the writes of one command. It is for one goroutine.
type Writer struct {
	Journal Journal
	Clock   Clock
	// Command is the command as a person types it, By who and from where, Run the run that the writes belong to, or "".
	Command, By, Run string
	// Tenant is the id of the tenant that is written to; "": not known, then nothing is settled that another may have, too.
	Tenant string
}

// Effect is one write to the tenant that [Writer.Do] sees to.
type Effect struct {
	// Write describes the write and its target. Command, By, Run, ClientRequestID and At are filled in, and the tenant where
	// the target does not determine it: [Was] returns Before.
	// does not say it: [Was] gives Before back.
	migration.Write
	// Present looks whether the effect is there: then nothing is sent.
	Present Look
	// Call makes it, and is given a context that does not end with the command: a call that has begun gets its answer.
	Call func(ctx context.Context) (id string, err error)
	// Shows is how long, in service time, an effect may take to be seen by Present. When it is not there by then, a call
	// whose answer was lost had no effect. 0: two minutes.
	Shows time.Duration
}

// callTime bounds one call, in wall time.
const callTime = 3 * time.Minute

// apart is the time between two looks at something that is not there yet, in service time.
const apart = 15 * time.Second

// Do makes sure that the effect exists, exactly once: it looks, records the intent, calls, records the outcome. A call
// whose answer is lost is looked for and never repeated by this process; when it does not show, it is recorded as without
// effect, and the fault says that the command may be run again. The outcome's status is Adopted when the effect existed
// already. Errors: the call's; OutcomeUnknown ("effect.unknown") when nothing could be read; the journal's.
func (w Writer) Do(ctx context.Context, e Effect) (migration.Outcome, error) {
	sure := context.WithoutCancel(ctx)
	open, err := w.undecided(sure, e)
	if err != nil {
		return migration.Outcome{}, err
	}
	if out, found, err := w.settle(ctx, e, open); err != nil || found {
		return out, err
	}
	if ctx.Err() != nil {
		return migration.Outcome{}, Stopped(ctx)
	}
	in := e.Write
	in.Command, in.By, in.Run, in.At, in.ClientRequestID = w.Command, w.By, w.Run, w.Clock.Now(), cloud.NewOperationID()
	if everywhere(in.Effect) && w.Tenant != "" {
		in.Before = JSON(whose{w.Tenant, in.Before})
	}
	if in, err = w.Journal.IntendWrite(sure, in); err != nil {
		return migration.Outcome{}, err
	}
	holds := permit.New(func() error { return w.Journal.Holds(sure) })
	if err := holds.Settle(); err != nil {
		return migration.Outcome{}, w.lockLost(sure, in, holds)
	}
	callCtx, cancel := context.WithTimeout(cloud.WithOperation(sure, in.ClientRequestID), callTime)
	defer cancel()
	id, err := e.Call(permit.AskFirst(callCtx, holds))
	if holds.Refused() != nil {
		return migration.Outcome{}, w.lockLost(sure, in, holds)
	}
	return w.conclude(ctx, e, in, id, err)
}

// undecided are the earlier writes of the same effect whose outcome is unknown.
func (w Writer) undecided(ctx context.Context, e Effect) ([]migration.Write, error) {
	past, err := w.Journal.Writes(ctx, migration.WriteFilter{Command: w.Command, Target: e.Target, Undecided: true})
	return slices.DeleteFunc(past, func(p migration.Write) bool {
		return p.Effect != e.Effect || p.Row != e.Row || !strings.EqualFold(p.UserID, e.UserID) || Elsewhere(w.Tenant, p)
	}), err
}

// conclude records what a call answered, and looks for the effect when the answer is inconclusive.
func (w Writer) conclude(ctx context.Context, e Effect, in migration.Write, id string, answer error) (migration.Outcome, error) {
	out := migration.Outcome{Status: migration.OutcomeDone, RemoteID: id, At: w.Clock.Now()}
	if f := fault.As(answer); f != nil && f.Remote != nil {
		out.RequestID = f.Remote.RequestID
	}
	switch fault.KindOf(answer) {
	case "":
	case fault.OutcomeUnknown, fault.Internal, fault.Unavailable, fault.Throttled, fault.Interrupted:
		// No answer, or an inconclusive one: the effect may be there.
		out.Status, out.Detail = migration.OutcomeUnknown, answer.Error()
	default:
		out.Status, out.Detail = migration.OutcomeRefused, answer.Error()
	}
	if err := w.Journal.ConcludeWrite(context.WithoutCancel(ctx), in, out); err != nil {
		return out, err
	}
	if out.Status == migration.OutcomeUnknown {
		return w.lost(ctx, e, in, answer)
	}
	return out, answer
}

// lockLost records that a write was given up because the ledger's lock was taken away, and returns the fault.
func (w Writer) lockLost(ctx context.Context, in migration.Write, holds *permit.Question) error {
	err := holds.Refused()
	out := migration.Outcome{Status: migration.OutcomeRefused, Detail: "nothing was sent: " + err.Error(), At: w.Clock.Now()}
	if holds.Sent() {
		out.Status, out.Detail = migration.OutcomeUnknown, "interrupted: "+err.Error()
	}
	return errors.Join(err, w.Journal.ConcludeWrite(ctx, in, out))
}

// Settle decides a write of an earlier process, made by any command, whose outcome is unknown: what look finds is
// recorded as adopted; what does not show within shows since the call (0: two minutes) as without effect. Errors: look's;
// the journal's; Interrupted when ctx ends while it waits.
func (w Writer) Settle(ctx context.Context, open migration.Write, look Look, shows time.Duration) (migration.Outcome, error) {
	out, _, err := w.settle(ctx, Effect{Write: open, Present: look, Shows: shows}, []migration.Write{open})
	return out, err
}

// settle looks before the call. Writes of an earlier process whose outcome is unknown are decided by the same look: what
// exists was their doing, what does not exist after its time was without effect. One that does not name the tenant it was
// sent to is waited for, and stays undecided.
func (w Writer) settle(ctx context.Context, e Effect, open []migration.Write) (migration.Outcome, bool, error) {
	sure := context.WithoutCancel(ctx)
	id, seen, ok, err := e.Present(ctx)
	if err != nil {
		return migration.Outcome{}, false, err
	}
	if !ok && len(open) > 0 {
		if id, seen, ok, err = w.await(ctx, e, open[len(open)-1].At); err != nil {
			return migration.Outcome{}, false, err
		}
	}
	out := w.found(id, seen, ok)
	for _, p := range open {
		if !In(w.Tenant, p) {
			continue
		}
		if err := w.Journal.ConcludeWrite(sure, p, out); err != nil {
			return out, false, err
		}
	}
	return out, ok, nil
}

// found is the outcome of a write as a look found it.
func (w Writer) found(id, seen string, ok bool) migration.Outcome {
	if !ok {
		return migration.Outcome{Status: migration.OutcomeNoEffect, Detail: "looked: it does not exist", At: w.Clock.Now()}
	}
	return migration.Outcome{Status: migration.OutcomeAdopted, RemoteID: id, Detail: seen, At: w.Clock.Now()}
}

// await looks until the effect shows, or has had its time since a call at that moment.
func (w Writer) await(ctx context.Context, e Effect, since time.Time) (id, seen string, ok bool, err error) {
	shows := cmp.Or(e.Shows, 2*time.Minute)
	for {
		id, seen, ok, err = e.Present(ctx)
		if err != nil || ok || w.Clock.Now().Sub(since) >= shows {
			return id, seen, ok, err
		}
		if err := Sleep(ctx, w.Clock, apart); err != nil {
			return "", "", false, err
		}
	}
}

// lost looks for a call whose answer was lost.
func (w Writer) lost(ctx context.Context, e Effect, in migration.Write, cause error) (migration.Outcome, error) {
	id, seen, ok, err := w.await(ctx, e, in.At)
	if err != nil {
		return migration.Outcome{}, fault.Wrap(fault.OutcomeUnknown, "effect.unknown",
			"the answer to "+string(e.Effect)+" was lost (client-request-id "+in.ClientRequestID+"), and it could not be looked for: "+err.Error(),
			"run the same command again: it looks first, and repeats nothing that happened", cause)
	}
	out := w.found(id, seen, ok)
	out.Detail = "its answer was lost; " + out.Detail
	if err := w.Journal.ConcludeWrite(context.WithoutCancel(ctx), in, out); err != nil {
		return out, err
	}
	if ok {
		return out, nil
	}
	return out, fault.Wrap(fault.Unavailable, "effect.lost", "no answer came to "+string(e.Effect)+", and it did not happen: "+cause.Error(),
		"run the same command again", cause)
}

// JSON is a value for the journal's Before and After; what is written there holds no secret.
func JSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

// Sleep waits for a stretch of service time. The fault is Interrupted when ctx ends first.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	t := time.NewTimer(c.Wall(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return Stopped(ctx)
	}
}

// Stopped is the fault of a command that was stopped between two writes.
func Stopped(ctx context.Context) error {
	return fault.Wrap(fault.Interrupted, "", "stopped; what was done so far is recorded", "run the same command again: it continues where it stopped", ctx.Err())
}
