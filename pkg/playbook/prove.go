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
func (b *Book) prove(ctx context.Context, r migration.Row) (migration.Result, error) {
	im, err := b.graph.ImportResult(ctx, r.Facts.SnapshotID)
	f := r.Facts
	switch {
	case fault.Is(err, fault.NotFound):
		return b.surprising(r, f, "the import record is gone after provisioning", func(f migration.Facts) migration.Result {
			f.UsageStatus = ""
			f.Proof = "the Cloud PC was provisioned under the row's policy at " + stamp(f.Provisioned) + ", after the import had ended at " + stamp(f.ImportEnded) +
				", and the import record was gone at " + stamp(f.SuspectAt) + " and at " + stamp(b.clock.Now())
			return migration.Done(f)
		}), nil
	case err != nil:
		return unread(b, r, err, "proof.unreadable", "read the import of "+r.Target.User), nil
	}
	f.ImportStatus, f.UsageStatus = im.Status, im.Usage
	switch im.Usage {
	case graph.UsageInUse:
		f.Proof = "the Cloud PC was provisioned under the row's policy at " + stamp(f.Provisioned) + ", after the import had ended at " + stamp(f.ImportEnded) +
			", and the import was in use at " + stamp(b.clock.Now())
		return migration.Done(f), nil
	case graph.UsageNotUsed:
		return b.surprising(r, f, "the import is still not used", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: "proof.not-from-snapshot", Message: "provisioned, but not from the snapshot: the import of " + r.Target.User + " is still not used",
				Hint: "the user has an empty Cloud PC built from the image: tell them, deprovision it, check that only a snapshot user setting reaches the group, then run `wave365 retry`",
			})
		}), nil
	}
	return b.surprising(r, f, "the import says "+quoteOr(im.Usage, "nothing")+" after provisioning", func(f migration.Facts) migration.Result {
		return migration.Unknown(f, migration.Problem{
			Code: "proof.unclear", Message: "the Cloud PC is provisioned, but its import says " + quoteOr(im.Usage, "nothing") + ", which proves neither",
			Hint: "ask the user to sign in and look for their files, then have it looked at again with " + reconcileCommand(r) + " --snapshot-id " + f.SnapshotID,
		})
	}), nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
