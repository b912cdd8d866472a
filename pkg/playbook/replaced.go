package playbook

import (
	"cmp"
	"context"
	"slices"
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
	if f.CloudPCStatus == pcFailed && f.FailedSeen.IsZero() { // seen by an earlier version, which did not note when
		f.FailedSeen = cmp.Or(f.SuspectAt, f.CutOver)
	}
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
	// One before the Cloud PC was last found ready was judged then, by what was known of the import before it.
	if at := reprovisioned(pc); at.After(later(f.CutOver, f.Provisioned)) && f.FailedSeen.IsZero() && f.LostSeen.IsZero() && !provenUnused(f) {
		f.LostSeen = at
	}
	return f
}

// readyAt notes when the Cloud PC was provisioned. That the import was unused when it was last read, before that, says nothing any more.
func readyAt(f migration.Facts, at time.Time) migration.Facts {
	if !at.Equal(f.Provisioned) && f.UsageStatus == graph.UsageNotUsed {
		f.UsageStatus = ""
	}
	f.Provisioned = at
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

// justReady reports whether the row's Cloud PC was found to be ready a moment ago, which is enough for the proof. Later, after a
// wait or an outage or where no process was looking, somebody may have replaced it.
func justReady(r migration.Row, now time.Time) bool {
	return r.Reason == migration.ReasonStepDone && now.Sub(r.UpdatedAt) <= lookHolds
}

// lookAgain looks once more at the Cloud PCs of the rows for which the last look is too old. It returns the rows with what is known
// now, and sets the results of those about which nothing can be proven now: they could not be read, or are being built again.
func (b *Playbook) lookAgain(ctx context.Context, rows []migration.Row, results []migration.Result) ([]migration.Row, error) {
	rows = slices.Clone(rows)
	var old []migration.Row
	var at []int
	for i, r := range rows {
		if !justReady(r, b.clock.Now()) {
			old, at = append(old, r), append(at, i)
		}
	}
	own, unread := b.cloudPCsNow(ctx, old)
	for k, i := range at {
		r := &rows[i]
		if unread[k] != nil {
			var err error
			if results[i], err = b.readFailed(*r, unread[k], "proof.unreadable", "list Cloud PCs"); err != nil {
				return nil, err
			}
			continue
		}
		pc, ok := pick(own[k], *r)
		if !ok {
			continue // it was there once: that it is gone proves nothing of what it was built from
		}
		f := replaced(r.Facts, pc)
		ready := pc.Status == pcProvisioned || pc.Status == pcWarnings
		if ready {
			f = readyAt(f, pc.ProvisionedAt)
		}
		f.CloudPCID, f.CloudPCName, f.CloudPCStatus, f.ServicePlan = pc.ID, pc.DisplayName, pc.Status, pc.ServicePlanName
		if !ready && mayHaveUsed(r.Facts) && reprovisioned(pc).After(f.Provisioned) {
			results[i] = b.earlierUsed(*r, f)
		}
		r.Facts = f
	}
	return rows, nil
}

// cloudPCsNow reads the Cloud PCs of rows' users, by name, or why they could not be read.
func (b *Playbook) cloudPCsNow(ctx context.Context, rows []migration.Row) (own [][]graph.CloudPC, unread []error) {
	own, unread = make([][]graph.CloudPC, len(rows)), make([]error, len(rows))
	l := cloudPCList{byName: map[string][]graph.CloudPC{}}
	var all []string
	for _, r := range rows {
		for _, n := range r.Names() {
			all = append(all, strings.ToLower(n))
		}
	}
	for chunk := range slices.Chunk(all, atOnce(rows)) {
		if l.err == nil {
			var pcs []graph.CloudPC
			pcs, l.err = b.graph.CloudPCsOf(ctx, chunk)
			l.add(pcs)
		}
	}
	for i, r := range rows {
		own[i], unread[i] = l.of(r)
	}
	b.keepOwn(ctx, rows, own, unread)
	return own, unread
}
