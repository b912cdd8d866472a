package playbook

import (
	"context"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// noCloudPC is noted for a row that got a new attempt after its cut-over and whose user has no Cloud PC, until a second
// look confirms it.
const noCloudPC = "the user has no Cloud PC any more"

// cutOverAgain repeats the cut-over for a row that got a new attempt after it and whose user no longer has a Cloud PC: an
// operator who had a wrong one deprovisioned has removed the license or the membership as well. It does so only with an import
// that is unused at this moment: one that an earlier Cloud PC has used would be taken as proof for one from the image. Nil:
// the links are closed, or the row was cut over again already.
func (b *Playbook) cutOverAgain(ctx context.Context, r migration.Row) (stop, error) {
	if !r.Facts.Retried.After(r.Facts.CutOver) {
		return nil, nil
	}
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	if err != nil {
		return nil, err
	}
	doing := "start the provisioning for " + r.Target.User + " again"
	open, begun, err := b.openLinks(ctx, r, past)
	if err != nil {
		return stopWith(b.readFailed(r, err, "cutover.failed", doing))
	}
	if len(open) == 0 {
		return nil, nil
	}
	if begun.IsZero() {
		if s, err := b.unusedImport(ctx, r); s != nil || err != nil {
			return s, err
		}
	}
	for _, e := range open {
		if _, err := b.apply(ctx, e); err != nil {
			return stopWith(effectFailed(r, b.seatLost(ctx, r, err), "cutover.failed", doing))
		}
	}
	f := forgetCloudPC(r.Facts)
	f.LinkOpen = time.Time{}
	if f.CutOver = begun; begun.IsZero() {
		f.CutOver = b.clock.Now()
		f.LinkOpen = f.CutOver // it was just seen
	}
	res := migration.Wait(f, b.provisionLook(r, f.CutOver), "the service is provisioning the Cloud PC")
	return &res, nil
}

// openLinks lists the links of a cut-over that are open, with those that were closed in this attempt, of which begun is when the
// last was: by a process that ended before it could record the cut-over; zero: none was.
func (b *Playbook) openLinks(ctx context.Context, r migration.Row, past []migration.Intent) (open []effect, begun time.Time, err error) {
	links := []effect{b.membership(r)}
	if r.Target.Trigger.Licenses() {
		links = append(links, b.license(r))
	}
	for _, e := range links {
		if last := lastOf(past, e); last != nil && (last.Outcome == nil || last.Outcome.Status != migration.OutcomeRefused) {
			open, begun = append(open, e), later(begun, last.At)
			continue
		}
		_, _, closed, err := e.present(ctx, nil)
		if err != nil {
			return nil, time.Time{}, err
		}
		if !closed {
			open = append(open, e)
		}
	}
	return open, begun, nil
}

// forgetCloudPC removes from the facts what an earlier Cloud PC of the row showed: it does not apply to the next one.
func forgetCloudPC(f migration.Facts) migration.Facts {
	f = clearSuspicion(f)
	f.UsageStatus, f.Warning, f.Proof = graph.UsageNotUsed, "", ""
	f.CloudPCID, f.CloudPCName, f.CloudPCStatus, f.ServicePlan, f.UsedBy = "", "", "", "", ""
	f.Provisioned, f.UsedSeen, f.GoneSeen, f.LostSeen, f.FailedSeen = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return f
}

// unusedImport looks whether the row's import may become a Cloud PC now; nil: it may, and the tenant is as it has to be.
func (b *Playbook) unusedImport(ctx context.Context, r migration.Row) (stop, error) {
	if _, s, err := b.targetingIntact(ctx, r); s != nil || err != nil {
		return s, err
	}
	im, err := b.graph.ImportResult(ctx, r.Facts.SnapshotID)
	switch {
	case fault.Is(err, fault.NotFound):
		const what = noCloudPC + ", and the import record is gone"
		var purges *purgeLog
		if b.believes(r, what) {
			if purges = b.readPurges(ctx, []migration.Row{r}); purges.err != nil && !absent(purges.err) {
				return stopWith(b.readFailed(r, purges.err, "provision.unreadable", "read the audit log"))
			}
		}
		res := b.confirmTwice(r, r.Facts, what, func(f migration.Facts) migration.Result {
			if !purges.names(f.SnapshotID) {
				return b.usedUp(r, f, "the service no longer knows the import "+f.SnapshotID)
			}
			f.UsageStatus = migration.UsagePurged
			return migration.Failure(f, migration.Problem{
				Code: codeGone, Message: r.Target.User + " has no Cloud PC any more, and the audit log says that import " + f.SnapshotID + " was purged",
				Hint: "retry to import again", Commands: retry(),
			})
		})
		return &res, nil
	case err != nil:
		return stopWith(b.readFailed(r, err, "import.unreadable", "read the import of "+r.Target.User))
	}
	if s, err := b.stillOurs(ctx, &r, r.Facts.SnapshotID, im); s != nil || err != nil {
		return s, err
	}
	if im.Status != graph.ImportSucceeded || im.Usage != graph.UsageNotUsed {
		res := b.confirmTwice(r, r.Facts, noCloudPC+", and the import says "+im.Usage, func(f migration.Facts) migration.Result {
			return b.usedUp(r, f, "import "+f.SnapshotID+" says "+im.Status+" and "+quoteOr(im.Usage, "nothing of its use"))
		})
		return &res, nil
	}
	res := b.confirmTwice(r, r.Facts, noCloudPC, migration.Done)
	if res.Kind != migration.ResultDone {
		return &res, nil
	}
	return nil, nil
}

// usedUp lets a row fail that has neither a Cloud PC nor an import that could become one.
func (b *Playbook) usedUp(r migration.Row, f migration.Facts, why string) migration.Result {
	return migration.Failure(f, migration.Problem{
		Code: migration.CodeUsedUp, Message: r.Target.User + " has no Cloud PC any more, and no import that could become one: " + why,
		Hint: "an earlier Cloud PC of this user has used it: find out who took the license or the group away, and what became of that Cloud PC. When the disk is to be imported again all the same, " +
			"take back what this row has given, and run a new wave of this user: a new attempt of the row could not",
		Commands: []fault.Command{fault.NewCommand("undo", "--row", r.Target.User), fault.NewCommand("run", "WAVE")},
	})
}

// isWrong reports whether a Cloud PC that is being removed is the one that an earlier attempt of the row found not to come
// from the snapshot: the operator was asked to remove it.
func isWrong(r migration.Row, pc graph.CloudPC) bool {
	f := r.Facts
	return f.Retried.After(f.CutOver) && f.UsageStatus == graph.UsageNotUsed && !f.Provisioned.IsZero() && !f.Provisioned.After(f.Retried) &&
		strings.EqualFold(f.CloudPCID, pc.ID)
}
