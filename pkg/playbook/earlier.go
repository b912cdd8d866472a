package playbook

import (
	"context"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// settleEarlierImport makes sure that an import of an earlier attempt does not block a new one: what failed or expired is
// purged, what is gone is recorded as gone. It touches only an import that the journal knows to be this row's own, and only
// when the service reports at this moment that it has ended unused and belongs to the row's user. One that is still alive,
// or that has become a Cloud PC, is left alone: the import step adopts it, unless the row has another disk now.
func (b *Playbook) settleEarlierImport(ctx context.Context, r migration.Row, seen surroundings, past []migration.Intent) (stop, error) {
	last := lastImport(past)
	if !happened(last) {
		return b.earlierDisk(r, past, ""), nil
	}
	id := last.Outcome.RemoteID
	im, err := b.graph.ImportResult(ctx, id)
	missing := fault.Is(err, fault.NotFound)
	if pc := becameCloudPC(r, seen.cloudPCs, last.At); missing && pc != nil {
		return b.earlierDisk(r, past, "has become a Cloud PC: "+describeCloudPC(*pc)), nil
	}
	if pc := cloudPCInTheWay(r, seen.cloudPCs); pc != nil && cutoverIntent(past, r.Target) != nil {
		res := migration.Failure(r.Facts, migration.Problem{
			Code: "retry.cut-over", Message: "import " + id + " was followed by the cut-over of " + r.Target.User + ", and there is a Cloud PC: " + describeCloudPC(*pc),
			Hint: "nothing is imported again while it exists: " + r.Target.User + " and the Windows 365 administrator decide about it; after that, retry", Commands: retry(),
		})
		return &res, nil
	}
	if missing || err == nil && spent(im) {
		// Nothing is cleared away for an import that could not be sent.
		if p := obstacle(r, seen, past); p != nil {
			res := b.confirmTwice(r, r.Facts, p.Message, func(f migration.Facts) migration.Result { return migration.Failure(f, *p) })
			return &res, nil
		}
	}
	switch {
	case missing:
		res := b.confirmTwice(r, r.Facts, "the earlier import is gone", migration.Done)
		if res.Kind != migration.ResultDone {
			return &res, nil
		}
		return nil, b.recordGone(ctx, r, past, id)
	case err != nil:
		return stopWith(resultOf(r, err, "import.unreadable", "read the earlier import of "+r.Target.User))
	}
	if s, err := b.stillOurs(ctx, &r, id, im); s != nil || err != nil {
		return s, err
	}
	if !spent(im) {
		return b.earlierDisk(r, past, "is "+im.Status+", "+quoteOr(im.Usage, "usage unknown")), nil
	}
	return b.purge(ctx, r, id)
}

// purge purges the row's earlier import; nil: it is done.
func (b *Playbook) purge(ctx context.Context, r migration.Row, id string) (stop, error) {
	_, err := b.apply(ctx, effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectPurge, subject: id, repeatable: true,
		call: func(ctx context.Context) (string, error) { return id, b.graph.PurgeImport(ctx, id) },
	})
	if err != nil {
		return stopWith(effectFailed(r, err, "import.purge-failed", "purge the earlier import of "+r.Target.User))
	}
	return nil, nil
}

// spent reports whether an import is over and can neither be used nor be in use.
func spent(im graph.Import) bool {
	switch im.Status {
	case graph.ImportFailed:
		return im.Usage != graph.UsageInUse
	case graph.ImportSucceeded:
		return im.Usage == graph.UsageExpired
	}
	return false
}

// recordGone records that an import needs no purge any more: one that others made, or one whose answer was lost.
func (b *Playbook) recordGone(ctx context.Context, r migration.Row, past []migration.Intent, id string) error {
	var in migration.Intent
	for _, p := range past {
		if p.Effect == migration.EffectPurge && p.Subject == id && undecided(p) {
			in = p
		}
	}
	if in.ID == 0 {
		var err error
		if in, err = b.journal.Intend(ctx, migration.Intent{
			Run: b.run.ID, Row: r.Index, Attempt: r.Attempt, Effect: migration.EffectPurge, Subject: id,
			ClientRequestID: cloud.NewOperationID(), At: b.clock.Now(),
		}); err != nil {
			return err
		}
	}
	return b.journal.Conclude(ctx, in, migration.Outcome{
		Status: migration.OutcomeAdopted, RemoteID: id, Detail: "looked twice: the import is gone; no purge was sent", At: b.clock.Now(),
	})
}

// lastImport returns the row's latest import, of any attempt, unless it is known to be purged or gone; nil: none. Only
// the latest can be undecided: the journal accepts no further one before it is decided.
func lastImport(past []migration.Intent) *migration.Intent {
	last := latestImport(past)
	if !happened(last) {
		return last
	}
	for i := range past {
		if p := &past[i]; p.Effect == migration.EffectPurge && p.Subject == last.Outcome.RemoteID && happened(p) {
			return nil
		}
	}
	return last
}

// latestImport returns the row's latest import, whatever its outcome; nil: none was ever tried.
func latestImport(past []migration.Intent) (last *migration.Intent) {
	for i := range past {
		if past[i].Effect == migration.EffectImport {
			last = &past[i]
		}
	}
	return last
}

// sinceImport returns the intents that are later than the row's latest import: a cut-over that followed an earlier import
// proves nothing about this one.
func sinceImport(past []migration.Intent) []migration.Intent {
	for i := len(past) - 1; i >= 0; i-- {
		if past[i].Effect == migration.EffectImport {
			return past[i+1:]
		}
	}
	return past
}

// cutoverIntent gives the intent by which the row's cut-over was made after its latest import; nil: it was not made, as far
// as is known.
func cutoverIntent(past []migration.Intent, t migration.Target) *migration.Intent {
	kind, subject := migration.EffectJoin, t.GroupID
	if t.Trigger.Licenses() {
		kind, subject = migration.EffectLicense, t.SKUID
	}
	past = sinceImport(past)
	for i := range past {
		if p := &past[i]; p.Effect == kind && p.Subject == subject && happened(p) {
			return p
		}
	}
	return nil
}

// happened reports whether there is such a try, and it is known to have had its effect.
func happened(in *migration.Intent) bool {
	return in != nil && in.Outcome != nil && in.Outcome.Status.Happened()
}

// openTry returns a try whose outcome is unknown; nil: there is none, or the outcome is known.
func openTry(in *migration.Intent) *migration.Intent {
	if in == nil || !undecided(*in) {
		return nil
	}
	return in
}

// undecided reports whether the outcome of a try is unknown.
func undecided(in migration.Intent) bool {
	return in.Outcome == nil || in.Outcome.Status == migration.OutcomeUnknown
}

// later gives the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Touched reports whether the row has sent an import that may be in the service; see [ImportSent].
func (b *Playbook) Touched(ctx context.Context, r migration.Row) (bool, error) {
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	return ImportSent(r, past), err
}

// Leaves reports whether an import of an earlier attempt of the row stays in the service when it is given up; see [ImportKnown].
func (b *Playbook) Leaves(ctx context.Context, r migration.Row) (bool, error) {
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	return ImportKnown(past), err
}

// ImportSent reports whether, of a row's intents, the last import is one whose end is not known, or one of this attempt that
// the service accepted: a process that ends between the answer and the row's next step leaves a row that knows no import.
func ImportSent(r migration.Row, past []migration.Intent) bool {
	last := lastImport(past)
	return openTry(last) != nil || happened(last) && last.Attempt == r.Attempt
}

// ImportKnown reports whether, of a row's intents, the service accepted the last import, of any attempt, and it is not known to be
// purged or gone: an attempt that adopts it, or would, can be cancelled, and the import stays in the service.
func ImportKnown(past []migration.Intent) bool { return happened(lastImport(past)) }

// ImportInDoubt reports whether, of a row's intents, the last import is one whose end is not known.
func ImportInDoubt(past []migration.Intent) bool {
	return openTry(lastImport(past)) != nil
}
