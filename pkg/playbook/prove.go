package playbook

import (
	"context"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// prove finds out whether the Cloud PC was built from the snapshot. The API does not report that directly; what can be
// seen is that the import was consumed: it is in use, or its record is gone after provisioning and it was not purged.
//
// An import that was seen in use while the Cloud PC was built, under a policy and at a time that can only be this
// migration's, needs no further check: nothing more could be seen. That holds for a Cloud PC that was found ready a moment ago;
// any other is looked at again first, see lookAgain.
func (b *Playbook) prove(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	results := make([]migration.Result, len(rows))
	rows, err := b.lookAgain(ctx, rows, results)
	if err != nil {
		return nil, err
	}
	var ids []string
	var at []int
	for i, r := range rows {
		if results[i].Kind != "" {
			continue
		}
		f := r.Facts
		if f.UsageStatus == graph.UsageInUse && !usedBefore(f) && f.UsedSeen.After(f.CutOver) && f.Provisioned.After(f.CutOver) && f.UsedSeen.Before(b.clock.Now()) {
			f.Proof = provisionedText(f) + ", and the import was in use at " + stamp(f.UsedSeen) + ", while it was being built"
			results[i] = migration.Done(f)
			continue
		}
		ids, at = append(ids, f.SnapshotID), append(at, i)
	}
	if len(ids) == 0 {
		return results, nil
	}
	answers, err := b.graph.ImportResults(ctx, ids)
	var purges *purgeLog
	for k, i := range at {
		r := rows[i]
		if err != nil {
			var fatal error
			if results[i], fatal = b.readFailed(r, err, "proof.unreadable", "read the import of "+r.Target.User); fatal != nil {
				return nil, fatal
			}
			continue
		}
		if fault.Is(answers[k].Err, fault.NotFound) && purges == nil && (goneEarly(r.Facts) || b.believes(r, codeGoneAfter)) {
			purges = b.readPurges(ctx, rows)
		}
		if results[i], err = b.judgeProof(r, answers[k].Import, answers[k].Err, purges); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// codeGoneAfter is noted for an import whose record is gone after provisioning, until a second look confirms it.
const codeGoneAfter = "the import record is gone after provisioning"

// goneEarly reports whether the import's record was gone before the Cloud PC was ready.
func goneEarly(f migration.Facts) bool {
	return !f.GoneSeen.IsZero() && f.GoneSeen.Before(f.Provisioned)
}

// believes reports whether a surprising answer that is seen again now is believed.
func (b *Playbook) believes(r migration.Row, what string) bool {
	return r.Facts.Suspect == what && !b.clock.Now().Before(r.Facts.SuspectAt.Add(apart))
}

// purgeLog is what the audit log records about imports that were purged.
type purgeLog struct {
	// by are the purges by snapshot id in lower case.
	by map[string]graph.AuditEvent
	// err is why the log could not be read.
	err error
}

// readPurges reads the audit log once for all rows, from the first of their imports on.
func (b *Playbook) readPurges(ctx context.Context, rows []migration.Row) *purgeLog {
	var since time.Time
	for _, r := range rows {
		if t := r.Facts.ImportStarted; since.IsZero() || t.Before(since) {
			since = t
		}
	}
	events, err := b.graph.AuditEvents(ctx, "activityDateTime ge "+since.Add(-clockSkew).UTC().Format(time.RFC3339))
	log := &purgeLog{by: map[string]graph.AuditEvent{}, err: err}
	for _, e := range events {
		what := strings.ToLower(e.Activity + " " + e.ActivityType + " " + e.DisplayName)
		if !strings.Contains(what, "purge") || !strings.EqualFold(e.Result, "success") && e.Result != "" {
			continue
		}
		for _, res := range e.Resources {
			log.by[strings.ToLower(res.ID)] = e
		}
	}
	return log
}

// names reports whether the log names a purge of the import. A log that was not read names none.
func (l *purgeLog) names(snapshotID string) bool {
	if l == nil {
		return false
	}
	_, ok := l.by[strings.ToLower(snapshotID)]
	return ok
}

// judgeProof decides what one answer about an import proves, after its Cloud PC was provisioned. purges is what the audit
// log records; it was read when a record that is gone is believed to be.
func (b *Playbook) judgeProof(r migration.Row, im graph.Import, err error, purges *purgeLog) (migration.Result, error) {
	f := r.Facts
	switch {
	case usedBefore(f) && (fault.Is(err, fault.NotFound) || err == nil && im.Usage == graph.UsageInUse):
		return b.earlierUsed(r, f), nil
	case fault.Is(err, fault.NotFound) && purges != nil && purges.err != nil && !absent(purges.err):
		return b.readFailed(r, purges.err, "proof.unreadable", "read the audit log")
	case fault.Is(err, fault.NotFound) && goneEarly(f) && !purges.names(f.SnapshotID):
		return migration.Failure(f, migration.Problem{
			Code: "proof.unclear", Message: "the Cloud PC is provisioned, but its import was gone before that: somebody may have purged it, and then the Cloud PC is empty",
			Hint: "ask " + r.Target.User + " to sign in and look for their files; when they are missing, decide with them about the Cloud PC and import again once it is gone",
		}), nil
	case fault.Is(err, fault.NotFound) && goneEarly(f):
		return b.goneProof(r, f, purges), nil
	case fault.Is(err, fault.NotFound):
		return b.confirmTwice(r, f, codeGoneAfter, func(f migration.Facts) migration.Result { return b.goneProof(r, f, purges) }), nil
	case err != nil:
		return b.readFailed(r, err, "proof.unreadable", "read the import of "+r.Target.User)
	}
	f.ImportStatus, f.UsageStatus = im.Status, im.Usage
	switch im.Usage {
	case graph.UsageInUse:
		f.Proof = provisionedText(f) + ", and the import was in use at " + stamp(b.clock.Now())
		return migration.Done(f), nil
	case graph.UsageNotUsed:
		return b.confirmTwice(r, f, "the import is still not used", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code:    "proof.not-from-snapshot",
				Message: "provisioned, but not from the snapshot: the import of " + r.Target.User + " is still not used",
				Hint:    fromImageRemedy(r, f, "check that only a snapshot user setting reaches the group, then retry"), Commands: fromImageCommands(r, f),
			})
		}), nil
	}
	return b.confirmTwice(r, f, "the import says "+quoteOr(im.Usage, "nothing")+" after provisioning", func(f migration.Facts) migration.Result {
		return migration.Unknown(f, migration.Problem{
			Code: "proof.unclear", Message: "the Cloud PC is provisioned, but its import says " + quoteOr(im.Usage, "nothing") + ", which proves neither",
			Hint: "ask the user to sign in and look for their files, then have it checked again", Commands: reconcile(r, "--snapshot-id", f.SnapshotID),
		})
	}), nil
}

// earlierUsed is the end of a row whose import an earlier Cloud PC has used, or may have, once that was seen twice.
func (b *Playbook) earlierUsed(r migration.Row, f migration.Facts) migration.Result {
	return b.confirmTwice(r, f, "an earlier Cloud PC has used the import", func(f migration.Facts) migration.Result {
		return migration.Failure(f, migration.Problem{
			Code:    "proof.unclear",
			Message: "the Cloud PC is provisioned, but an earlier one (" + quoteOr(f.UsedBy, f.CloudPCID) + "), which is gone, has used the import or may have: this one may be empty",
			Hint: "find out who reprovisioned it, or took the license or the group away and gave it back. Ask " + r.Target.User +
				" to sign in and look for their files; when they are missing, decide with them about the Cloud PC and import again once it is gone",
		})
	})
}

// goneProof decides what a record that is gone after provisioning proves: that it was used up, unless the audit log names a
// purge of it. Where that log cannot be read, it is a success with a warning.
func (b *Playbook) goneProof(r migration.Row, f migration.Facts, purges *purgeLog) migration.Result {
	gone := provisionedText(f) + ", and the import record was gone at " + stamp(f.SuspectAt) + " and at " + stamp(b.clock.Now())
	if purges != nil && purges.err == nil {
		if e, ok := purges.by[strings.ToLower(f.SnapshotID)]; ok {
			f.UsageStatus = migration.UsagePurged
			return migration.Failure(f, migration.Problem{
				Code: "proof.not-from-snapshot",
				Message: "provisioned, but not from the snapshot: the audit log says that " + quoteOr(e.Actor, "somebody") + " purged the import of " +
					r.Target.User + " at " + stamp(e.At),
				Hint: fromImageRemedy(r, f, "retry to import again once it is gone"), Commands: fromImageCommands(r, f),
			})
		}
		f.UsageStatus, f.Proof = "", gone+", and the audit log names no purge of it"
		return migration.Done(f)
	}
	why := "it was not read"
	if purges != nil {
		why = purges.err.Error()
	}
	f.UsageStatus, f.Proof = "", gone
	if f.Warning != "" {
		f.Warning += "; "
	}
	f.Warning += "that nobody purged the import could not be checked, because the audit log cannot be read: " + why
	return migration.Done(f)
}

// fromImageCommands are the commands for it. The end of a Cloud PC is offered only where this row made it.
func fromImageCommands(r migration.Row, f migration.Facts) []fault.Command {
	if f.CutOver.IsZero() || f.LinkOpen.IsZero() || !f.Provisioned.After(f.CutOver) {
		return retry()
	}
	return append([]fault.Command{fault.NewCommand("deprovision", "--row", r.Target.User, "--run", r.Run)}, retry()...)
}

// fromImageRemedy describes what to do about a Cloud PC that is proven not to come from the snapshot. Only one that is
// younger than this row's cut-over was made by it; about any other its user has to be asked. The service reports only when it
// was ready: it was begun by the cut-over when the link was open until then.
func fromImageRemedy(r migration.Row, f migration.Facts, then string) string {
	switch ready := !f.CutOver.IsZero() && f.Provisioned.After(f.CutOver); {
	case ready && f.LinkOpen.IsZero():
		return "the Cloud PC is empty, built from the image, but may have been begun before this row's cut-over, by somebody who gave the license or the membership earlier: ask " + r.Target.User +
			" and the Windows 365 administrator about it; after they have decided, " + then
	case ready:
		return "the user has an empty Cloud PC built from the image after this row's cut-over: tell them, have it deprovisioned when nothing was stored on it, " + then
	}
	return "the Cloud PC is not younger than this row's cut-over, so this row did not make it: ask " + r.Target.User + " and the Windows 365 administrator about it; after they have decided, " + then
}

// provisionedText describes when the Cloud PC and the import were made, as far as that is known.
func provisionedText(f migration.Facts) string {
	text := "the Cloud PC was provisioned under the row's policy at " + stamp(f.Provisioned)
	if f.ImportEnded.After(f.ImportStarted) {
		return text + ", after the import had ended at " + stamp(f.ImportEnded)
	}
	return text + ", after the import was sent at " + stamp(f.ImportStarted)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
