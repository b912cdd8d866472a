package playbook

import (
	"context"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// prove finds out whether the Cloud PC was built from the snapshot. Nothing in the API says so directly; what can be
// seen is that the import was consumed: it is in use, or its record is gone after provisioning.
//
// An import that was seen in use while the Cloud PC was built, under a policy and at a time that can only be this
// migration's, needs no further look: there is nothing left that could be seen.
func (b *Book) prove(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	results := make([]migration.Result, len(rows))
	var ids []string
	var at []int
	for i, r := range rows {
		f := r.Facts
		if f.UsageStatus == graph.UsageInUse && f.UsedSeen.After(f.CutOver) && f.Provisioned.After(f.CutOver) && f.UsedSeen.Before(b.clock.Now()) {
			f.Proof = "the Cloud PC was provisioned under the row's policy at " + stamp(f.Provisioned) + ", after the import had ended at " + stamp(f.ImportEnded) +
				", and the import was in use at " + stamp(f.UsedSeen) + ", while it was being built"
			results[i] = migration.Done(f)
			continue
		}
		ids, at = append(ids, f.SnapshotID), append(at, i)
	}
	if len(ids) == 0 {
		return results, nil
	}
	answers, err := b.graph.ImportResults(ctx, ids)
	for k, i := range at {
		if err != nil {
			results[i] = unread(b, rows[i], err, "proof.unreadable", "read the import of "+rows[i].Target.User)
			continue
		}
		results[i] = b.judgeProof(rows[i], answers[k].Import, answers[k].Err)
	}
	return results, nil
}

// judgeProof says what one answer about an import proves, after its Cloud PC was provisioned.
func (b *Book) judgeProof(r migration.Row, im graph.Import, err error) migration.Result {
	f := r.Facts
	switch {
	case fault.Is(err, fault.NotFound) && !f.GoneSeen.IsZero() && f.GoneSeen.Before(f.Provisioned):
		return migration.Failure(f, migration.Problem{
			Code: "proof.unclear", Message: "the Cloud PC is provisioned, but its import was gone before that: somebody may have purged it, and then the Cloud PC is empty",
			Hint: "ask " + r.Target.User + " to sign in and look for their files; when they are missing, deprovision the Cloud PC and import again in a new wave",
		})
	case fault.Is(err, fault.NotFound):
		return b.surprising(r, f, "the import record is gone after provisioning", func(f migration.Facts) migration.Result {
			f.UsageStatus = ""
			f.Proof = "the Cloud PC was provisioned under the row's policy at " + stamp(f.Provisioned) + ", after the import had ended at " + stamp(f.ImportEnded) +
				", and the import record was gone at " + stamp(f.SuspectAt) + " and at " + stamp(b.clock.Now())
			return migration.Done(f)
		})
	case err != nil:
		return unread(b, r, err, "proof.unreadable", "read the import of "+r.Target.User)
	}
	f.ImportStatus, f.UsageStatus = im.Status, im.Usage
	switch im.Usage {
	case graph.UsageInUse:
		f.Proof = "the Cloud PC was provisioned under the row's policy at " + stamp(f.Provisioned) + ", after the import had ended at " + stamp(f.ImportEnded) +
			", and the import was in use at " + stamp(b.clock.Now())
		return migration.Done(f)
	case graph.UsageNotUsed:
		return b.surprising(r, f, "the import is still not used", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: "proof.not-from-snapshot", Message: "provisioned, but not from the snapshot: the import of " + r.Target.User + " is still not used",
				Hint: "the user has an empty Cloud PC built from the image: tell them, deprovision it, check that only a snapshot user setting reaches the group, then run `wave365 retry`",
			})
		})
	}
	return b.surprising(r, f, "the import says "+quoteOr(im.Usage, "nothing")+" after provisioning", func(f migration.Facts) migration.Result {
		return migration.Unknown(f, migration.Problem{
			Code: "proof.unclear", Message: "the Cloud PC is provisioned, but its import says " + quoteOr(im.Usage, "nothing") + ", which proves neither",
			Hint: "ask the user to sign in and look for their files, then have it looked at again with " + reconcileCommand(r) + " --snapshot-id " + f.SnapshotID,
		})
	})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
