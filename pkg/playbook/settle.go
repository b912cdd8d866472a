package playbook

import (
	"context"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// Adopt settles a held row by the import that a person found: it is read, must belong to the row's user, and is recorded as
// the row's own. The transition puts the row at the step that waits for the import; the caller records it. who is named in
// the record. It may be called again after it was interrupted.
//
// Errors: Conflict for a row that is not held, for an import of another user (also of none) or of a disk that the row no
// longer has, and when another import of the row is known to exist; NotFound when the service knows no such import;
// otherwise the errors of the calls.
func (b *Playbook) Adopt(ctx context.Context, r migration.Row, snapshotID, who string) (migration.Transition, error) {
	var none migration.Transition
	past, err := b.heldPast(ctx, r)
	if err != nil {
		return none, err
	}
	im, err := b.graph.ImportResult(ctx, snapshotID)
	if fault.Is(err, fault.NotFound) {
		return none, fault.Wrap(fault.NotFound, "reconcile.not-found", "the service knows no import "+snapshotID,
			"check the id; an import that was used up is gone too", err)
	}
	if err != nil {
		return none, err
	}
	own, err := b.importsOf(ctx, &r, []graph.Import{im})
	if err != nil {
		return none, err
	}
	if len(own) == 0 {
		return none, fault.New(fault.Conflict, "reconcile.wrong-user",
			"import "+snapshotID+" says it belongs to "+quoteOr(im.AssignedUser, "nobody")+", not to "+r.Target.User, "nothing was changed: look up the right id")
	}
	last, id := lastImport(past), im.SnapshotID
	if id == "" {
		id = snapshotID
	}
	if importOfEarlierDisk(r, past, im, id) {
		return none, fault.New(fault.Conflict, codeEarlierDisk, "import "+id+" is not of the disk that the line of "+r.Target.User+" names now, but of an earlier one",
			"nothing was changed: purge it while it is unused; when none is left, say so", append([]fault.Command{fault.NewCommand("purge", "--id", id, "--foreign")}, reconcile(r, "--no-effect")...)...)
	}
	out := migration.Outcome{Status: migration.OutcomeAdopted, RemoteID: id, Detail: "found by " + who + ", read back: it belongs to the user", At: b.clock.Now()}
	if err := b.recordFound(ctx, r, last, out); err != nil {
		return none, err
	}
	f := r.Facts
	f.SnapshotID, f.ImportStatus, f.UsageStatus = id, im.Status, im.Usage
	if im.PolicyName != "" {
		f.ImportPolicy = im.PolicyName
	}
	if f.ImportStarted = im.StartedAt; f.ImportStarted.IsZero() {
		f.ImportStarted = b.clock.Now()
	}
	return migration.Adopt(r, f, "import "+id+" adopted by "+who, b.clock.Now()), nil
}

// recordFound records an import that a person found as the row's own. last is the row's last import; nil: none.
func (b *Playbook) recordFound(ctx context.Context, r migration.Row, last *migration.Intent, found migration.Outcome) error {
	switch {
	case openTry(last) != nil:
		return b.journal.Conclude(ctx, *last, found)
	case happened(last) && last.Outcome.RemoteID == found.RemoteID:
		return nil
	}
	// The row's own call is known to have made another import, or none: the one that was found gets a record of its own.
	in, err := b.journal.Intend(ctx, migration.Intent{
		Run: b.run.ID, Row: r.Index, Attempt: r.Attempt, Effect: migration.EffectImport, Subject: r.Target.UserID,
		ClientRequestID: cloud.NewOperationID(), At: b.clock.Now(),
	})
	if err != nil {
		return err
	}
	return b.journal.Conclude(ctx, in, found)
}

// NoEffect settles a held row whose import, as a person has established, never happened: a new one may be sent. The
// caller records the transition.
//
// Errors: Conflict for a row that is not held, and when the service is known to have accepted the row's import.
func (b *Playbook) NoEffect(ctx context.Context, r migration.Row, who string) (migration.Transition, error) {
	past, err := b.heldPast(ctx, r)
	if err != nil {
		return migration.Transition{}, err
	}
	last := lastImport(past)
	if r.Step.Imported() || happened(last) {
		return migration.Transition{}, fault.New(fault.Conflict, "reconcile.known",
			"the import of "+r.Target.User+" did happen: the service answered it with id "+quoteOr(r.Facts.SnapshotID, "(none)"),
			"settle the row with --snapshot-id")
	}
	if openTry(last) != nil {
		out := migration.Outcome{Status: migration.OutcomeNoEffect, Detail: who + " says that it did not happen", At: b.clock.Now()}
		if err := b.journal.Conclude(ctx, *last, out); err != nil {
			return migration.Transition{}, err
		}
	}
	return migration.NoEffect(r, "the lost import did not happen, says "+who, b.clock.Now()), nil
}

// Settleable gives the Conflict of a row that is not held.
func Settleable(r migration.Row) error {
	if r.State == migration.Held {
		return nil
	}
	return fault.New(fault.Conflict, "reconcile.not-held", "the row of "+r.Target.User+" is "+string(r.State)+", not held",
		"only a held row is settled; a failed one is retried", fault.NewCommand("retry"))
}

// heldPast gives the intents of a row that is held.
func (b *Playbook) heldPast(ctx context.Context, r migration.Row) ([]migration.Intent, error) {
	if err := Settleable(r); err != nil {
		return nil, err
	}
	return b.journal.Intents(ctx, b.run.ID, r.Index)
}
