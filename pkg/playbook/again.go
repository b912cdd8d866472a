package playbook

import (
	"context"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// clear sees to it that an import of an earlier attempt is not in the way of a new one: what failed or expired is
// purged, what is gone is recorded as gone. Only an import that the journal knows to be this row's own is touched, only
// when it says right now that it is over and unused, and that it belongs to the row's user. One that is alive after all
// is left alone: the import step takes it over. It answers false with the row's result when the row may not go on.
func (b *Book) clear(ctx context.Context, r migration.Row) (migration.Result, bool, error) {
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	if err != nil {
		return migration.Result{}, false, err
	}
	last := lastImport(past)
	if last == nil || last.Outcome == nil || !last.Outcome.Status.Happened() {
		return migration.Result{}, true, nil
	}
	id := last.Outcome.RemoteID
	if closedLink(past, r.Target) != nil {
		return migration.Failure(r.Facts, migration.Problem{
			Code: "retry.cut-over", Message: "import " + id + " was followed by the cut-over of " + r.Target.User + ", so nothing is imported again",
			Hint: "look at the user's Cloud PC in Intune; import again in a new wave once it is gone",
		}), false, nil
	}
	im, err := b.graph.ImportResult(ctx, id)
	switch {
	case fault.Is(err, fault.NotFound):
		res := b.surprising(r, r.Facts, "the earlier import is gone", migration.Done)
		if res.Kind != migration.ResultDone {
			return res, false, nil
		}
		return res, true, b.recordGone(ctx, r, past, id)
	case err != nil:
		return trouble(r, err, "import.unreadable", "read the earlier import of "+r.Target.User), false, nil
	case !assigned(im.AssignedUser, r.Target):
		return migration.Unknown(r.Facts, wrongUser(id, im, r)), false, nil
	case !spent(im):
		return migration.Result{}, true, nil
	}
	_, err, jerr := b.apply(ctx, effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectPurge, subject: id, repeatable: true,
		call: func(ctx context.Context) (string, error) { return id, b.graph.PurgeImport(ctx, id) },
	})
	if jerr != nil {
		return migration.Result{}, false, jerr
	}
	if err != nil {
		return trouble(r, err, "import.purge-failed", "purge the earlier import of "+r.Target.User), false, nil
	}
	return migration.Result{}, true, nil
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

// recordGone records that an import needs no purge any more: somebody else's, or one whose answer was lost.
func (b *Book) recordGone(ctx context.Context, r migration.Row, past []migration.Intent, id string) error {
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

// lastImport gives the row's latest import, of whatever attempt, unless it is known to be purged or gone; nil: none.
// Only the latest can be undecided: the journal takes no further one before.
func lastImport(past []migration.Intent) *migration.Intent {
	var last *migration.Intent
	for i := range past {
		if past[i].Effect == migration.EffectImport {
			last = &past[i]
		}
	}
	if last == nil || last.Outcome == nil || !last.Outcome.Status.Happened() {
		return last
	}
	for _, p := range past {
		if p.Effect == migration.EffectPurge && p.Subject == last.Outcome.RemoteID && p.Outcome != nil && p.Outcome.Status.Happened() {
			return nil
		}
	}
	return last
}

// closedLink gives the intent by which the row's cut-over was made, of whatever attempt; nil: it was not made, as far
// as is known.
func closedLink(past []migration.Intent, t migration.Target) *migration.Intent {
	kind, subject := migration.EffectJoin, t.GroupID
	if t.Trigger == migration.TriggerLicense {
		kind, subject = migration.EffectLicense, t.SKUID
	}
	for i := range past {
		if p := &past[i]; p.Effect == kind && p.Subject == subject && p.Outcome != nil && p.Outcome.Status.Happened() {
			return p
		}
	}
	return nil
}

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

// Touched reports whether an import was sent for the row whose end is not known: it may be in the service.
func (b *Book) Touched(ctx context.Context, r migration.Row) (bool, error) {
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	return Open(past), err
}

// Open reports whether, of a row's intents, the last import is one whose end is not known.
func Open(past []migration.Intent) bool {
	last := lastImport(past)
	return last != nil && undecided(*last)
}
