package playbook

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// Statuses of a Cloud PC that decide something. Every other one means: look again later.
const (
	pcProvisioned   = "provisioned"
	pcWarnings      = "provisionedWithWarnings"
	pcFailed        = "failed"
	pcGrace         = "inGracePeriod"
	pcDeprovisioned = "deprovisioning"
)

// provisionPatience is how long after the cut-over a Cloud PC may take to end one way or the other.
const provisionPatience = 12 * time.Hour

// provisionWait reads the Cloud PCs of all rows that wait: one list of those that are being provisioned, then, by name,
// those of the users who have left it, or are not in it yet.
func (b *Playbook) provisionWait(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	results := make([]migration.Result, len(rows))
	list := b.listCloudPCs(ctx, rows)
	own, unread := make([][]graph.CloudPC, len(rows)), make([]error, len(rows))
	for i, r := range rows {
		own[i], unread[i] = list.of(r)
	}
	b.keepOwn(ctx, rows, own, unread)
	var none []int // positions of rows whose users have no Cloud PC
	for i, r := range rows {
		switch err := unread[i]; {
		case err != nil:
			if results[i], err = b.readFailed(r, err, "provision.unreadable", "list Cloud PCs"); err != nil {
				return nil, err
			}
		case !list.tells(r):
			results[i] = migration.Wait(r.Facts, b.provisionLook(r, r.Facts.CutOver), "waiting for provisioning to begin")
		case len(own[i]) == 0:
			none = append(none, i)
		default:
			results[i] = b.judgeCloudPC(r, own[i])
		}
	}
	if err := b.missing(ctx, rows, none, results); err != nil {
		return nil, err
	}
	return b.consumed(ctx, rows, results)
}

// cloudPCList is what was read of the Cloud PCs of some users. Names are in lower case.
type cloudPCList struct {
	byName map[string][]graph.CloudPC
	// building are the names under which one is being built, asked the names that were looked up
	building, asked names
	// failed is why names could not be looked up, err why nothing was read.
	failed map[string]error
	err    error
}

// names is a set of UPNs, in small letters.
type names map[string]bool

// has reports whether the row's user is, or was, called by one of them.
func (s names) has(r migration.Row) bool {
	return slices.ContainsFunc(r.Names(), func(n string) bool { return s[strings.ToLower(n)] })
}

// listCloudPCs reads the list of those that are being provisioned, then looks up by name those of the users who have left it, or
// should be in it.
func (b *Playbook) listCloudPCs(ctx context.Context, rows []migration.Row) cloudPCList {
	l := cloudPCList{byName: map[string][]graph.CloudPC{}, building: names{}, asked: names{}, failed: map[string]error{}}
	pcs, err := b.graph.CloudPCs(ctx, "status eq 'provisioning'")
	l.add(pcs)
	for n := range l.byName {
		l.building[n] = true
	}
	if err != nil {
		l.err = err
		return l
	}
	for chunk := range slices.Chunk(b.whoLeft(rows, l.building), atOnce(rows)) {
		if err == nil {
			pcs, err = b.graph.CloudPCsOf(ctx, chunk)
			l.add(pcs)
		}
		for _, n := range chunk {
			l.asked[n], l.failed[n] = true, err
		}
	}
	return l
}

// whoLeft lists the names of the users whose Cloud PC is not being built any more, or not under the name that they have now.
func (b *Playbook) whoLeft(rows []migration.Row, building names) (left []string) {
	for _, r := range rows {
		called := r.Names()
		// What is being built under an earlier name may be another user's.
		latest := len(called) > 0 && building[strings.ToLower(called[0])]
		if !latest && (building.has(r) || r.Facts.CloudPCID != "" || b.due(r)) {
			for _, n := range called {
				left = append(left, strings.ToLower(n))
			}
		}
	}
	return left
}

func (l cloudPCList) add(pcs []graph.CloudPC) {
	for _, pc := range pcs {
		n := strings.ToLower(pc.UserPrincipalName)
		l.byName[n] = append(l.byName[n], pc)
	}
}

// tells reports whether the list decides about the row: otherwise its Cloud PC is not expected to exist yet.
func (l cloudPCList) tells(r migration.Row) bool { return l.building.has(r) || l.asked.has(r) }

// of gives the Cloud PCs under the names of the row's user, the latest name first, or why they could not be read.
func (l cloudPCList) of(r migration.Row) (own []graph.CloudPC, err error) {
	err = l.err
	for _, n := range r.Names() {
		n = strings.ToLower(n)
		err = cmp.Or(err, l.failed[n])
		own = append(own, l.byName[n]...)
	}
	return own, err
}

// atOnce is how many users are looked up together: fewer after failures, because a list is worth nothing before its
// last page, and where every second page is refused a long one is never read to its end.
func atOnce(rows []migration.Row) int {
	tries := 0
	for _, r := range rows {
		tries = max(tries, r.Tries)
	}
	return max(1, 300>>tries)
}

// due reports whether a Cloud PC that is not in the list of those being built may exist already: it did not exist yet
// when it was last looked for, or another one blocks it.
func (b *Playbook) due(r migration.Row) bool {
	return b.clock.Now().Sub(r.Facts.CutOver) >= b.pace.Provision(r.Target.PolicyID)/2 || r.Facts.Suspect != ""
}

// usageGone is noted for an import whose record is gone while the Cloud PC seems to be still being built: too early for it
// to have been used up, when a second look confirms it.
const usageGone = "gone"

// consumed reads, once while a Cloud PC is being built, whether its import is in use: that it was is half of the proof,
// and the record is gone when the Cloud PC is ready. What cannot be read now is left to the proof.
func (b *Playbook) consumed(ctx context.Context, rows []migration.Row, results []migration.Result) ([]migration.Result, error) {
	var ids []string
	var at []int
	for i, res := range results {
		if asksForUse(rows[i], res) {
			ids, at = append(ids, res.Facts.SnapshotID), append(at, i)
		}
	}
	if len(ids) == 0 || ctx.Err() != nil {
		return results, nil
	}
	answers, err := b.graph.ImportResults(ctx, ids)
	if err != nil {
		return results, nil
	}
	for k, i := range at {
		f, now := &results[i].Facts, b.clock.Now()
		switch im := answers[k].Import; {
		case fault.Is(answers[k].Err, fault.NotFound):
			if f.UsageStatus == usageGone && f.GoneSeen.IsZero() {
				f.GoneSeen = now
			}
			f.UsageStatus, results[i].Delay = usageGone, min(results[i].Delay, apart)
		case answers[k].Err == nil && im.Usage == graph.UsageInUse && assigned(im.AssignedUser, rows[i]):
			f.UsageStatus, f.UsedSeen, f.GoneSeen, f.UsedBy = im.Usage, now, time.Time{}, cmp.Or(f.UsedBy, f.CloudPCID)
		}
	}
	return results, nil
}

// asksForUse reports whether the row's import is to be read now: its Cloud PC was just found, or the import's record was seen to
// be gone once.
func asksForUse(r migration.Row, res migration.Result) bool {
	f := res.Facts
	unread := r.Facts.CloudPCID == "" || f.UsageStatus == usageGone && f.GoneSeen.IsZero()
	return res.Kind == migration.ResultWait && f.CloudPCID != "" && unread && f.SnapshotID != ""
}

// judgeCloudPC decides what the Cloud PCs of a row's user mean for the row.
func (b *Playbook) judgeCloudPC(r migration.Row, pcs []graph.CloudPC) migration.Result {
	f, now := r.Facts, b.clock.Now()
	pc, ok := pick(pcs, r)
	if !ok {
		if len(pcs) > 0 {
			return b.wrongCloudPC(r, pcs[0])
		}
		if now.Sub(later(f.CutOver, f.Retried)) > provisionPatience {
			return b.overdue(f, migration.Problem{
				Code: "provision.not-started", Message: "no Cloud PC appeared for " + r.Target.User + " within " + clocks.Long(provisionPatience) + " of the cut-over",
				Hint: "check in Intune that the license is active and the policy reaches the user, then retry", Commands: retry(),
			})
		}
		return migration.Wait(clearSuspicion(f), b.provisionLook(r, f.CutOver), "waiting for provisioning to begin")
	}
	f = replaced(f, pc)
	f.CloudPCID, f.CloudPCName, f.CloudPCStatus, f.ServicePlan = pc.ID, pc.DisplayName, pc.Status, pc.ServicePlanName
	switch pc.Status {
	case pcProvisioned, pcWarnings:
		if !pc.ProvisionedAt.After(f.ImportEnded) {
			return b.wrongCloudPC(r, pc)
		}
		f = readyAt(clearSuspicion(f), pc.ProvisionedAt)
		if pc.Status == pcWarnings {
			f.Warning = warning(pc)
		}
		r.Facts = f
		b.pace.LearnProvision(r)
		return migration.Done(f)
	case pcFailed:
		f.FailedSeen = now
		return b.confirmTwice(r, f, "provisioning failed", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: "provision.failed", Message: "the service could not provision the Cloud PC: " + detail(pc), ServiceCode: pc.Detail.Code,
				Hint: "fix the cause, press Retry for this Cloud PC in Intune, then retry; the imported snapshot is kept until it is used", Commands: retry(),
			})
		})
	case pcGrace, pcDeprovisioned:
		if isWrong(r, pc) && now.Sub(f.Retried) < provisionPatience {
			return migration.Wait(clearSuspicion(r.Facts), b.aligned(half, half), "waiting until the Cloud PC that did not come from the snapshot is gone")
		}
		return b.confirmTwice(r, f, "the Cloud PC is leaving ("+pc.Status+")", func(f migration.Facts) migration.Result {
			return migration.Failure(pcLost(f, f.SuspectAt), migration.Problem{
				Code: "provision.leaving", Message: "the Cloud PC of " + r.Target.User + " is " + pc.Status + ": its license, group or policy was taken away",
				Hint: "put back what was removed within the grace period, then retry", Commands: retry(),
			})
		})
	}
	if now.Sub(later(f.CutOver, f.Retried)) > provisionPatience {
		return b.overdue(f, migration.Problem{
			Code: "provision.stuck", Message: "the Cloud PC of " + r.Target.User + " is still " + pc.Status + " " + clocks.Long(provisionPatience) + " after the cut-over",
			Hint: "look at it in Intune; when it is provisioned, retry to prove it", Commands: retry(),
		})
	}
	return migration.Wait(clearSuspicion(f), b.provisionLook(r, f.CutOver), r.Note)
}

// overdue lets a row fail for the time its Cloud PC took, but not before it was watched for two hours more.
func (b *Playbook) overdue(f migration.Facts, p migration.Problem) migration.Result {
	return b.late(f, "it takes longer than any Cloud PC should", 2*time.Hour, estimate.ProvisionGrid, p)
}

// late lets a row fail for the time it took, but not before it was watched for so long more: a clock that was set forward,
// or a machine that slept, makes every row look late.
func (b *Playbook) late(f migration.Facts, what string, more, grid time.Duration, p migration.Problem) migration.Result {
	if f.Suspect != what {
		f.Suspect, f.SuspectAt = what, b.clock.Now()
	}
	if b.clock.Now().Sub(f.SuspectAt) < more {
		return migration.Wait(f, b.aligned(grid, grid), p.Message)
	}
	return migration.Failure(f, p)
}

// pick gives the user's Cloud PC under the row's policy.
func pick(pcs []graph.CloudPC, r migration.Row) (graph.CloudPC, bool) {
	for _, pc := range pcs {
		if strings.EqualFold(pc.ProvisioningPolicyID, r.Target.PolicyID) {
			return pc, true
		}
	}
	return graph.CloudPC{}, false
}

// wrongCloudPC handles a Cloud PC that cannot be the one of this migration. Whoever made it, this row must not ask for its
// removal.
func (b *Playbook) wrongCloudPC(r migration.Row, pc graph.CloudPC) migration.Result {
	return b.confirmTwice(r, r.Facts, "another Cloud PC is in the way", func(f migration.Facts) migration.Result {
		decide := "ask " + r.Target.User + " and the tenant's Windows 365 administrator about it, and do not end it before they have decided"
		p := migration.Problem{
			Code: "provision.wrong-policy", Message: r.Target.User + " has a Cloud PC under policy " + quoteOr(pc.ProvisioningPolicyName, "(none)") + ", not under " + r.Target.PolicyName,
			Hint: "find out which group brings the other policy; " + decide + ", then retry", Commands: retry(),
		}
		if strings.EqualFold(pc.ProvisioningPolicyID, r.Target.PolicyID) {
			p.Code = "provision.older"
			p.Message = r.Target.User + " has a Cloud PC that is older than this row's import: " + describeCloudPC(pc)
			p.Hint = "another run, another ledger or a colleague made it; it may be what the user works on: " + decide +
				". Import " + f.SnapshotID + " of this row is unused: purge removes it"
			p.Commands = []fault.Command{fault.NewCommand("purge", "--id", f.SnapshotID)}
		}
		return migration.Failure(f, p)
	})
}

func warning(pc graph.CloudPC) string {
	if d := detail(pc); d != "it gave no reason" {
		return d
	}
	return "provisioned with warnings; the service gave no detail"
}

func detail(pc graph.CloudPC) string {
	switch {
	case pc.Detail.Message != "" && pc.Detail.Code != "":
		return pc.Detail.Message + " (" + pc.Detail.Code + ")"
	case pc.Detail.Message != "":
		return pc.Detail.Message
	}
	return quoteOr(pc.Detail.Code, "it gave no reason")
}
