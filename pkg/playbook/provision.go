package playbook

import (
	"context"
	"strings"
	"time"

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

// provisionWait looks at the Cloud PCs of all rows that wait, with one list.
func (b *Book) provisionWait(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	results := make([]migration.Result, len(rows))
	pcs, err := b.graph.CloudPCs(ctx, "")
	byUser := make(map[string][]graph.CloudPC, len(pcs))
	for _, pc := range pcs {
		u := strings.ToLower(pc.UserPrincipalName)
		byUser[u] = append(byUser[u], pc)
	}
	for i, r := range rows {
		if err != nil {
			results[i] = unread(b, r, err, "provision.unreadable", "list Cloud PCs")
			continue
		}
		results[i] = b.judgeCloudPC(r, byUser[strings.ToLower(r.Target.UPN)])
	}
	return results, nil
}

// judgeCloudPC says what the Cloud PCs of a row's user mean for the row.
func (b *Book) judgeCloudPC(r migration.Row, pcs []graph.CloudPC) migration.Result {
	f, now := r.Facts, b.clock.Now()
	pc, ok := pick(pcs, r)
	if !ok {
		if len(pcs) > 0 {
			return b.wrongCloudPC(r, pcs[0])
		}
		if now.Sub(later(f.CutOver, f.Retried)) > provisionPatience {
			return migration.Failure(f, migration.Problem{
				Code: "provision.not-started", Message: "no Cloud PC appeared for " + r.Target.User + " within " + provisionPatience.String() + " of the cut-over",
				Hint: "check in Intune that the license is active and the policy reaches the user, then run `wave365 retry`",
			})
		}
		return migration.Wait(calm(f), nextLook(now.Sub(f.CutOver), b.pace.provisionTime()), "waiting for provisioning to begin")
	}
	f.CloudPCID, f.CloudPCName, f.CloudPCStatus, f.ServicePlan = pc.ID, pc.DisplayName, pc.Status, pc.ServicePlanName
	switch pc.Status {
	case pcProvisioned, pcWarnings:
		if !pc.ProvisionedAt.After(f.ImportEnded) {
			return b.wrongCloudPC(r, pc)
		}
		f = calm(f)
		f.Provisioned = pc.ProvisionedAt
		if pc.Status == pcWarnings {
			f.Warning = warning(pc)
		}
		b.pace.sawProvision(pc.ProvisionedAt.Sub(f.CutOver))
		return migration.Done(f)
	case pcFailed:
		return b.surprising(r, f, "provisioning failed", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: "provision.failed", Message: "the service could not provision the Cloud PC: " + detail(pc), ServiceCode: pc.Detail.Code,
				Hint: "mend the cause, press Retry for this Cloud PC in Intune, then run `wave365 retry`; the imported snapshot is kept until it is used",
			})
		})
	case pcGrace, pcDeprovisioned:
		return b.surprising(r, f, "the Cloud PC is leaving ("+pc.Status+")", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: "provision.leaving", Message: "the Cloud PC of " + r.Target.User + " is " + pc.Status + ": its license, group or policy was taken away",
				Hint: "put back what was removed within the grace period, then run `wave365 retry`",
			})
		})
	}
	if now.Sub(later(f.CutOver, f.Retried)) > provisionPatience {
		return migration.Failure(f, migration.Problem{
			Code: "provision.stuck", Message: "the Cloud PC of " + r.Target.User + " is still " + pc.Status + " " + provisionPatience.String() + " after the cut-over",
			Hint: "look at it in Intune; when it is provisioned, run `wave365 retry` to prove it",
		})
	}
	return migration.Wait(calm(f), nextLook(now.Sub(f.CutOver), b.pace.provisionTime()), r.Note)
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

// wrongCloudPC handles a Cloud PC that cannot be the one of this migration.
func (b *Book) wrongCloudPC(r migration.Row, pc graph.CloudPC) migration.Result {
	return b.surprising(r, r.Facts, "another Cloud PC is in the way", func(f migration.Facts) migration.Result {
		p := migration.Problem{
			Code: "provision.wrong-policy", Message: r.Target.User + " has a Cloud PC under policy " + quoteOr(pc.ProvisioningPolicyName, "(none)") + ", not under " + r.Target.PolicyName,
			Hint: "find out which group brings the other policy; after that Cloud PC is gone, run `wave365 retry`",
		}
		if strings.EqualFold(pc.ProvisioningPolicyID, r.Target.PolicyID) {
			p.Code = "provision.older"
			p.Message = "the Cloud PC of " + r.Target.User + " was provisioned before its import had ended, so not from the snapshot"
			p.Hint = "deprovision it, then run `wave365 retry`"
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
