package playbook

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/rules"
)

// release removes the license from users who hold it directly, so that they can be reached by the policy before the
// import: the cut-over assigns it again. The row continues when the directory shows that no license is left that would
// start a Cloud PC.
func (b *Playbook) release(ctx context.Context, r migration.Row) (migration.Result, error) {
	doing := "take " + r.Target.SKUName + " from " + r.Target.User
	out, err := b.apply(ctx, effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectRelease, subject: r.Target.SKUID, repeatable: true, blind: true,
		present: func(ctx context.Context, _ *migration.Intent) (string, string, bool, error) {
			held, err := b.graph.LicenseDetails(ctx, r.Target.UserID)
			return "", "the user does not hold the license", err == nil && !holdsSKU(held, r.Target.SKUID), err
		},
		call: func(ctx context.Context) (string, error) {
			return "", b.graph.RemoveLicense(ctx, r.Target.UserID, r.Target.SKUID)
		},
	})
	if err != nil {
		return effectFailed(r, err, "license.release-failed", doing)
	}
	held, err := b.graph.LicenseDetails(ctx, r.Target.UserID)
	if err != nil {
		return b.readFailed(r, err, "license.release-failed", doing)
	}
	if l := rules.Starts(held, nil); l != nil {
		return b.late(r.Facts, "a license is still shown", linkLag, half, migration.Problem{
			Code: "license.release-failed", Message: r.Target.User + " still holds " + l.SKUPartNumber + ", which was taken away at " + stamp(out.At),
			Hint: "somebody or something assigns it again: find out who or what, then retry", Commands: retry(),
		}), nil
	}
	return migration.DoneAfter(clearSuspicion(r.Facts), b.joinLook(), "about to join the group"), nil
}

func holdsSKU(held []graph.License, sku string) bool {
	return slices.ContainsFunc(held, func(l graph.License) bool { return strings.EqualFold(l.SKUID, sku) })
}

// Released reports whether the row's license is taken away and not given back, as far as is known.
func Released(past []migration.Intent) bool {
	taken := false
	for _, p := range past {
		if p.Outcome != nil && p.Outcome.Status == migration.OutcomeRefused || p.Outcome != nil && p.Outcome.Status == migration.OutcomeNoEffect {
			continue
		}
		switch p.Effect {
		case migration.EffectRelease:
			taken = true
		case migration.EffectLicense:
			taken = taken && (p.Outcome == nil || !p.Outcome.Status.Happened())
		}
	}
	return taken
}

// givenBack makes a step undo the release of rows that fail in it with no import that could still become a Cloud PC: the user
// leaves the group again, and gets the license back once the directory shows that, for with both a Cloud PC would be built
// from the image. Until that is done the row waits, and nothing else is done for it.
func (b *Playbook) givenBack(w migration.Work) migration.Work {
	if w.Step.Imported() && w.Step != migration.StepImportWait {
		return w // an accepted import is not left behind
	}
	do := w.Do
	w.Do = func(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
		results := make([]migration.Result, len(rows))
		var others []migration.Row
		var at []int
		for i, r := range rows {
			if r.Facts.Undo == "" {
				others, at = append(others, r), append(at, i)
			}
		}
		if len(others) > 0 {
			done, err := do(ctx, others)
			if err != nil {
				return nil, err
			}
			for k, i := range at {
				results[i] = done[k]
			}
		}
		for i, r := range rows {
			var err error
			switch {
			case r.Facts.Undo != "":
				results[i], err = b.giveBack(ctx, r)
			case r.Target.Trigger == migration.TriggerRelicense && b.fails(r, results[i]):
				results[i], err = b.beginUndo(r, results[i])
			}
			if err != nil {
				return nil, err
			}
		}
		return results, nil
	}
	return w
}

// fails reports whether the row fails with this result, also for the patience that it takes.
func (b *Playbook) fails(r migration.Row, res migration.Result) bool {
	if res.Kind == migration.ResultFail {
		return true
	}
	if res.Kind != migration.ResultAgain {
		return false
	}
	t, _ := migration.Settle(r, res, b.clock.Now(), 0)
	return t.To().State == migration.Failed
}

// beginUndo notes the failure of the row, when something has to be undone first.
func (b *Playbook) beginUndo(r migration.Row, failed migration.Result) (migration.Result, error) {
	if failed.Problem != nil && failed.Problem.Code == codeNoUser {
		return failed, nil // the user does not exist any more
	}
	past, err := b.journal.Intents(context.Background(), b.run.ID, r.Index)
	if err != nil || !Released(past) || ImportInDoubt(past) {
		return failed, err
	}
	text, err := json.Marshal(failed.Problem)
	if err != nil {
		return migration.Result{}, err
	}
	f := failed.Facts
	f.Undo = string(text)
	return migration.Wait(f, time.Second, "the import failed: the license is given back"), nil
}

// giveBack undoes what was done for the row, step by step, and finally lets it fail with the noted failure.
func (b *Playbook) giveBack(ctx context.Context, r migration.Row) (migration.Result, error) {
	var why migration.Problem
	if err := json.Unmarshal([]byte(r.Facts.Undo), &why); err != nil {
		return migration.Result{}, err
	}
	t, f := r.Target, r.Facts
	f.Undo = ""
	fail := func(err error, doing string) (migration.Result, error) {
		res, err := effectFailed(r, err, "license.not-given-back", doing)
		if err == nil && b.fails(r, res) {
			p := *res.Problem
			p.Code = "license.not-given-back"
			p.Message = why.Message + "; and the license that was taken from " + t.User + " is not given back: " + p.Message
			p.Hint = "take " + t.User + " out of group " + t.GroupName + ", give " + t.SKUName + " back by hand, then retry"
			p.Commands = retry()
			return migration.Failure(f, p), nil
		}
		return res, err
	}
	left, err := b.apply(ctx, effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectLeave, subject: t.GroupID, repeatable: true, blind: true,
		present: func(ctx context.Context, _ *migration.Intent) (string, string, bool, error) {
			in, err := b.graph.IsMember(ctx, t.GroupID, t.UserID)
			return "", "the user is not in the group", err == nil && !in, err
		},
		call: func(ctx context.Context) (string, error) { return "", b.graph.RemoveMember(ctx, t.GroupID, t.UserID) },
	})
	if err != nil {
		return fail(err, "take "+t.User+" out of group "+t.GroupName)
	}
	in, err := b.graph.IsMember(ctx, t.GroupID, t.UserID)
	if err != nil {
		return fail(err, "look for "+t.User+" in group "+t.GroupName)
	}
	if wait := left.At.Add(migration.LeaveLag).Sub(b.clock.Now()); in || wait > 0 {
		return migration.Wait(r.Facts, max(wait, half), "the import failed: the license is given back once the user has left the group"), nil
	}
	if _, err := b.apply(ctx, b.license(r)); err != nil {
		return fail(b.seatLost(ctx, r, err), "give "+t.SKUName+" back to "+t.User)
	}
	why.Message += "; the user has left the group again and has the license back"
	return migration.Failure(f, why), nil
}

// seatLost reports, of a license that was removed and cannot be assigned again, that its seat is taken.
func (b *Playbook) seatLost(ctx context.Context, r migration.Row, cause error) error {
	if r.Target.Trigger != migration.TriggerRelicense || isJournalError(cause) {
		return cause
	}
	skus, err := b.graph.SubscribedSKUs(ctx)
	if err != nil {
		return cause
	}
	for _, s := range skus {
		if strings.EqualFold(s.ID, r.Target.SKUID) && s.Enabled+s.Warning-s.Consumed <= 0 {
			return seatIsGone(r, s, cause)
		}
	}
	return cause
}

// codeSeatLost is the code of a license that cannot be assigned again because its seat was taken.
const codeSeatLost = "license.seat-lost"

// seatIsGone is a conflict: a seat may come free, so it is tried again for a while.
func seatIsGone(r migration.Row, s graph.SKU, cause error) error {
	f := fault.Wrap(fault.Conflict, codeSeatLost, "somebody else took the seat of "+s.PartNumber+" that was taken from "+r.Target.User+" for the cut-over, and none is free",
		"free a seat of "+s.PartNumber+" or buy one, then retry: the row continues by giving it back", cause, fault.NewCommand("retry"))
	if c := fault.As(cause); c != nil {
		f.Remote = c.Remote
	}
	return f
}
