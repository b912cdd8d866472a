package playbook

import (
	"context"
	"errors"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// cutover closes the link that starts provisioning: the license, or the membership. Right before it the user setting
// and the import are read again, because it cannot be reversed.
func (b *Playbook) cutover(ctx context.Context, r migration.Row) (migration.Result, error) {
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	if err != nil {
		return migration.Result{}, err
	}
	made := r.Facts.CutOver
	if in := cutoverIntent(past, r.Target); made.IsZero() && in != nil {
		made = in.Outcome.At // a process may have ended right after it
	}
	e, doing := b.membership(r), "add "+r.Target.User+" to group "+r.Target.GroupName
	if r.Target.Trigger.Licenses() {
		e, doing = b.license(r), "assign "+r.Target.SKUName+" to "+r.Target.User
	}
	if made.IsZero() {
		begun := begunAt(past, e)
		closed, err := b.shows(ctx, e, begun)
		if err != nil {
			return b.readFailed(r, err, "cutover.failed", doing)
		}
		if !closed {
			looked, s, err := b.readyForCutover(ctx, r)
			if s != nil || err != nil {
				return b.notReady(orNone(s), begun), err
			}
			e.still = b.stillHolds(looked, cutoverHolds)
		}
	}
	if r.Facts.CutOver.IsZero() {
		// What others assigned is not ours to take back.
		e.blind = e.blind && !b.linkOpen(r).IsZero()
		if _, err := b.apply(ctx, e); errors.Is(err, errStale) && !isJournalError(err) {
			return lookAgain(r), nil
		} else if err != nil {
			return effectFailed(r, b.seatLost(ctx, r, err), "cutover.failed", doing)
		}
	}
	f := clearSuspicion(r.Facts)
	if f.CutOver = made; made.IsZero() {
		f.CutOver, f.LinkOpen = b.clock.Now(), b.linkOpen(r)
	}
	return migration.DoneAfter(f, b.provisionLook(r, f.CutOver), "the service is provisioning the Cloud PC"), nil
}

// shows reports whether a cut-over that was begun at that time can be seen; zero: none was begun.
func (b *Playbook) shows(ctx context.Context, e effect, begun time.Time) (bool, error) {
	if begun.IsZero() {
		return false, nil
	}
	_, _, closed, err := e.present(ctx, nil)
	if fault.Is(err, fault.NotFound) { // a missing user is looked for before the cut-over
		return closed, nil
	}
	return closed, err
}

// notReady is what follows when the cut-over may not happen. A cut-over that was begun may show late.
func (b *Playbook) notReady(res migration.Result, begun time.Time) migration.Result {
	gone := res.Kind == migration.ResultFail && res.Problem.Code == codeGone
	if gone && b.clock.Now().Sub(begun) < linkLag {
		return migration.Wait(res.Facts, apart, "looking whether the cut-over that was begun shows")
	}
	return res
}

// linkLag is how long a closed link may take to be seen by reads.
const linkLag = 30 * time.Minute

// begunAt returns when the effect was last tried since the row's import without a clear refusal; zero: it was not. The link
// may be closed then, even when it was looked for and not seen, because reads lag; and an import that is in use or gone is
// as expected.
func begunAt(past []migration.Intent, e effect) (at time.Time) {
	for _, p := range sinceImport(past) {
		if p.Effect == e.kind && p.Subject == e.subject && (p.Outcome == nil || p.Outcome.Status != migration.OutcomeRefused) {
			at = p.At
		}
	}
	return at
}

// cutoverHolds is how long after the look at settings and import a cut-over may be sent, after any wait; they may have been
// linkAge old by then.
const cutoverHolds = lookHolds - linkAge

// readyForCutover looks whether the cut-over may happen; nil: it may. looked is when the look at settings and import began. When
// the import turns out to have become a Cloud PC already, the result is that the step is done.
func (b *Playbook) readyForCutover(ctx context.Context, r migration.Row) (looked time.Time, s stop, err error) {
	looked = b.clock.Now()
	if _, s, err := b.targetingIntact(ctx, r); s != nil || err != nil {
		return looked, s, err
	}
	if b.clock.Now().Sub(b.recent.fresh.take(r.Index)) < linkAge {
		return looked, nil, nil // the answers when the import had ended are as good as others now
	}
	// The import is read last: nothing may come between it and the cut-over.
	if s, err := b.linkedForCutover(ctx, r); s != nil || err != nil {
		return looked, s, err
	}
	// The service may have made those reads wait longer than the settings may be old. Without a second look such a row would
	// begin again forever.
	looked = b.clock.Now()
	if _, s, err := b.targetingIntact(ctx, r); s != nil || err != nil {
		return looked, s, err
	}
	im, err := b.graph.ImportResult(ctx, r.Facts.SnapshotID)
	res, err := b.judgeImport(ctx, r, graph.ImportAnswer{Import: im, Err: err})
	if err != nil {
		return looked, nil, err
	}
	if res.Kind == migration.ResultDone && res.Facts.CutOver.IsZero() {
		return looked, nil, nil
	}
	if res.Kind == migration.ResultWait && res.Delay > time.Minute {
		res.Delay = time.Minute
	}
	return looked, &res, nil
}

// license is the effect of assigning the row's license.
func (b *Playbook) license(r migration.Row) effect {
	user, sku := r.Target.UserID, r.Target.SKUID
	return effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectLicense, subject: sku, repeatable: true, blind: true,
		present: func(ctx context.Context, _ *migration.Intent) (string, string, bool, error) {
			held, err := b.graph.LicenseDetails(ctx, user)
			if err != nil {
				return "", "", false, err
			}
			return "", "the user holds the license", holdsSKU(held, sku), nil
		},
		call: func(ctx context.Context) (string, error) { return "", b.graph.AssignLicense(ctx, user, sku) },
	}
}
