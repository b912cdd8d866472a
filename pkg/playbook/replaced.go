package playbook

import (
	"cmp"
	"strings"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// An import becomes one Cloud PC. When somebody replaces that one, the service builds the next from the image, often under the same
// id, and says nothing about it; that the import was in use, or is gone, then proves nothing of the Cloud PC that is there.

// actionReprovision is the remote action that builds a Cloud PC again under its id.
const actionReprovision = "reprovision"

// usedBefore reports whether the import became, or may have become, an earlier Cloud PC of the user than the present one, which may
// have the earlier one's id.
func usedBefore(f migration.Facts) bool {
	return f.UsedBy != "" && !strings.EqualFold(f.UsedBy, f.CloudPCID) || !f.LostSeen.IsZero() && f.Provisioned.After(f.LostSeen)
}

// mayHaveUsed reports whether the row's Cloud PC has used the import, or may have: not one that failed, and not one that was found
// to be provisioned while the import was still unused.
func mayHaveUsed(f migration.Facts) bool {
	return f.CloudPCID != "" && f.CloudPCStatus != pcFailed && !provenUnused(f)
}

// provenUnused reports whether the row's Cloud PC was found to be provisioned while the import was still unused.
func provenUnused(f migration.Facts) bool {
	return f.UsageStatus == graph.UsageNotUsed && !f.Provisioned.IsZero()
}

// pcLost notes that the row's Cloud PC was lost then, when it may have used the import.
func pcLost(f migration.Facts, at time.Time) migration.Facts {
	if f.LostSeen.IsZero() && mayHaveUsed(f) {
		f.LostSeen = at
	}
	return f
}

// replaced notes what the present look at the row's Cloud PC tells of an earlier one: f is what was known before it. Where nothing
// tells, such as of one that came and went while no process was looking, the present one counts as the only one.
func replaced(f migration.Facts, pc graph.CloudPC) migration.Facts {
	if !strings.EqualFold(f.CloudPCID, pc.ID) {
		if mayHaveUsed(f) {
			f.UsedBy = cmp.Or(f.UsedBy, f.CloudPCID)
		}
		f.FailedSeen = time.Time{}
	} else if again := pc.ProvisionedAt; !f.Provisioned.IsZero() && again.After(f.Provisioned) {
		f = pcLost(f, f.Provisioned)
	} else if leaving(f.CloudPCStatus) && f.Suspect != "" && !leaving(pc.Status) {
		f = pcLost(f, f.SuspectAt) // seen leaving once: it may be the same one, if it was provisioned before that
	}
	if at := reprovisioned(pc); at.After(f.CutOver) && f.FailedSeen.IsZero() && f.LostSeen.IsZero() && !provenUnused(f) {
		f.LostSeen = at
	}
	return f
}

// reprovisioned is when somebody last had the Cloud PC built again; zero: nothing says so.
func reprovisioned(pc graph.CloudPC) time.Time {
	a := pc.LastAction
	if !strings.EqualFold(a.Name, actionReprovision) || strings.EqualFold(a.State, "canceled") || strings.EqualFold(a.State, "notSupported") {
		return time.Time{}
	}
	return a.Began
}
