package playbook

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

const (
	lostAnswer = "the answer to the import was lost"
	// lostLooked is the suspicion once a look has found nothing.
	lostLooked = lostAnswer + ", and one look did not find it"
	// lostPatience is how long the tenant's records are searched for an import whose answer was lost: they lag.
	lostPatience = 10 * time.Minute
	// clockSkew is how much our clock may be ahead of the service's.
	clockSkew = 5 * time.Minute
)

// lostImport handles an import of unknown outcome: it is looked for a while, and at least twice, then the row is held. It is
// never sent again. One look proves nothing however long it takes: an import that vanishes between two pages of the list moves
// the one behind it out of sight.
func (b *Playbook) lostImport(ctx context.Context, r migration.Row, err error) (migration.Result, error) {
	f, now := r.Facts, b.clock.Now()
	again := f.Suspect == lostLooked
	switch f.Suspect {
	case lostAnswer:
		f.Suspect = lostLooked
	case lostLooked:
	default:
		f.Suspect, f.SuspectAt = lostAnswer, now
	}
	if !again || now.Sub(f.SuspectAt) < lostPatience {
		return migration.Wait(f, time.Minute, lostAnswer+": looking for it in the tenant"), nil
	}
	if b.repeatLost {
		return b.assumeNone(ctx, r, f)
	}
	return holdLost(r, f, migration.ProblemOf(err, "import.unknown", "import for "+r.Target.User)), nil
}

// lostLook handles a look for an import of unknown outcome that failed. It is tried again as any read is; a row whose patience
// that takes is held, for the import may be there all the same, and a failed row may be run again.
func (b *Playbook) lostLook(ctx context.Context, r migration.Row, err error) (migration.Result, error) {
	res, jerr := resultOf(r, err, "import.unreadable", "look for the lost import of "+r.Target.User)
	switch {
	case jerr != nil || !b.fails(r, res):
		return res, jerr
	case res.Kind == migration.ResultFail:
		return b.lostImport(ctx, r, err) // an answer that cannot be read: the next one may be
	}
	p := *res.Problem
	p.Code, p.Message = "import.unknown", lostAnswer+", and it could not be looked for: "+p.Message
	return holdLost(r, r.Facts, p), nil
}

// holdLost holds a row whose import may be there.
func holdLost(r migration.Row, f migration.Facts, p migration.Problem) migration.Result {
	p.Hint = "find out whether the tenant has an import for this user: look in the Intune audit log, or ask Microsoft support with the client-request-id. " +
		"Then take the import over by its id, or allow a new one; until then no second import is sent"
	p.Commands = append(reconcile(r, "--snapshot-id", "ID"), reconcile(r, "--no-effect")...)
	return migration.Unknown(f, p)
}

// RepeatLostImports makes an import whose answer was lost, and which could not be found for a while, count as not done
// and be sent again. The first may exist all the same: the service then refuses the second, or creates a second one that
// no record names. Call it before the steps are used.
func (b *Playbook) RepeatLostImports() { b.repeatLost = true }

// assumeNone settles the lost import as if it had not happened; the next try sends a new one.
func (b *Playbook) assumeNone(ctx context.Context, r migration.Row, f migration.Facts) (migration.Result, error) {
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	if err != nil {
		return migration.Result{}, err
	}
	if last := openTry(lastImport(past)); last != nil {
		out := migration.Outcome{
			Status: migration.OutcomeNoEffect, At: b.clock.Now(),
			Detail: "not found in the tenant for " + clocks.Long(lostPatience) + "; taken as not done, because the operator chose --on-lost-reply repeat",
		}
		if err := b.journal.Conclude(ctx, *last, out); err != nil && !concludedSince(err) {
			return migration.Result{}, err
		}
	}
	return migration.Wait(clearSuspicion(f), time.Second, lostAnswer+" and was not found: importing again, as --on-lost-reply repeat says"), nil
}

// retry is the command that gives failed rows a new attempt.
func retry() []fault.Command { return []fault.Command{fault.NewCommand("retry")} }

// reconcile is what a person types to settle a held row.
func reconcile(r migration.Row, args ...string) []fault.Command {
	return []fault.Command{fault.NewCommand("reconcile", append([]string{"--row", r.Target.User}, args...)...)}
}

// findImport looks for the import of a lost answer: in the audit log by the client-request-id that the call carried,
// then in the list of imports, where the service has one. Neither is documented to show imports, so not finding it
// proves nothing. What is found must belong to the row's user.
func (b *Playbook) findImport(ctx context.Context, r migration.Row, lost *migration.Intent) (id, seen string, ok bool, err error) {
	if lost == nil {
		return "", "", false, nil
	}
	events, err := b.graph.AuditEvents(ctx, "activityDateTime ge "+lost.At.Add(-clockSkew).UTC().Format(time.RFC3339))
	if err != nil && !absent(err) {
		return "", "", false, err
	}
	if id, seen, err = b.inAuditLog(ctx, r, lost, events); err == nil && seen == "" {
		id, seen, err = b.inImportList(ctx, r, lost, events)
	}
	return id, seen, seen != "", err
}

// inAuditLog looks for the import of a lost call in what the audit log records, by its client-request-id. seen describes what it
// saw; "": nothing.
func (b *Playbook) inAuditLog(ctx context.Context, r migration.Row, lost *migration.Intent, events []graph.AuditEvent) (id, seen string, err error) {
	for _, e := range events {
		if !strings.EqualFold(e.CorrelationID, lost.ClientRequestID) {
			continue
		}
		for _, res := range e.Resources {
			im, err := b.graph.ImportResult(ctx, res.ID)
			if err == nil {
				switch own, err := b.ownImport(ctx, r, im); {
				case err != nil:
					return "", "", err
				case own:
					return im.SnapshotID, "found in the audit log by its client-request-id", nil
				}
				continue
			}
			if fault.Is(err, fault.NotFound) && strings.EqualFold(e.Result, "success") && isID(res.ID) {
				// The entry carries our own id and reports that the call succeeded: this is the import, whatever a
				// single read returns. Whether it is really gone is for the step that waits for it to find out.
				return res.ID, "named in the audit log by its client-request-id", nil
			}
			if !absent(err) {
				return "", "", err
			}
		}
	}
	return "", "", nil
}

// inImportList looks for the one import of the row's user, and of the row's present disk, that may be the lost call's. seen
// describes what it saw; "": none, or several.
func (b *Playbook) inImportList(ctx context.Context, r migration.Row, lost *migration.Intent, events []graph.AuditEvent) (id, seen string, err error) {
	imports, err := b.graph.ListImports(ctx)
	if err != nil && !absent(err) {
		return "", "", err
	}
	if imports, err = b.importsOf(ctx, &r, imports); err != nil {
		return "", "", err
	}
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	if err != nil {
		return "", "", err
	}
	var mine []graph.Import
	for _, im := range imports {
		if b.begunBy(lost, im) && !byAnotherCall(lost, im, events) && !importOfEarlierDisk(r, past, im, im.SnapshotID) {
			mine = append(mine, im)
		}
	}
	if len(mine) != 1 {
		return "", "", nil
	}
	return mine[0].SnapshotID, "found in the list of imports", nil
}

// begunBy reports whether an import began when the lost call may have begun it. No call is sent later than lookHolds after its
// intent: what began after that, while nobody looked, is somebody else's, and may be of another disk.
func (b *Playbook) begunBy(lost *migration.Intent, im graph.Import) bool {
	after := im.StartedAt.Sub(lost.At)
	return after >= -clockSkew && (after <= lookHolds+clockSkew || b.clock.Wall(after) <= lookHoldsWall)
}

// byAnotherCall reports whether the audit log records that a call other than the lost one made the import.
func byAnotherCall(lost *migration.Intent, im graph.Import, events []graph.AuditEvent) bool {
	return slices.ContainsFunc(events, func(e graph.AuditEvent) bool {
		what := strings.ToLower(e.Activity + " " + e.ActivityType + " " + e.DisplayName)
		return strings.Contains(what, "import") && !strings.Contains(what, "purge") && e.CorrelationID != "" && !strings.EqualFold(e.CorrelationID, lost.ClientRequestID) &&
			slices.ContainsFunc(e.Resources, func(res graph.AuditResource) bool { return strings.EqualFold(res.ID, im.SnapshotID) })
	})
}

// absent reports whether a record, or the call itself, does not exist here, or may not be read.
func absent(err error) bool {
	return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied)
}

func isID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil
}
