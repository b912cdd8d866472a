// Package leaving takes a Cloud PC away from a person: out of the group, or the license away; the grace period; its end;
// until the Cloud PC is gone. It can stop before the point of no return.
package leaving

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/listing"
)

// Tenant are the calls it makes; *graph.Client makes them.
type Tenant interface {
	Reads
	RemoveMember(ctx context.Context, groupID, userID string) error
	RemoveLicense(ctx context.Context, userID, skuID string) error
	EndGracePeriod(ctx context.Context, id string) error
}

// Reads are the calls that change nothing.
type Reads interface {
	User(ctx context.Context, idOrUPN string) (graph.User, error)
	LicenseDetails(ctx context.Context, userID string) ([]graph.License, error)
	CloudPCsOf(ctx context.Context, upns []string) ([]graph.CloudPC, error)
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
	IsMember(ctx context.Context, groupID, userID string) (bool, error)
}

// The links that can be cut.
const (
	ByLicense    = "license"
	ByMembership = "membership"
)

// Choice selects a Cloud PC of a user, and the link that is cut. The zero value: the only one; the license where it is
// held directly, else the membership.
type Choice struct {
	// CloudPC is an id, Policy an id or a display name.
	CloudPC, Policy string
	// By is ByLicense or ByMembership.
	By string
}

// Leave is one Cloud PC that is to go, and how.
type Leave struct {
	User graph.User
	PC   graph.CloudPC
	// By is the link to cut; "" when none has to be cut any more: the Cloud PC is leaving, or will be as soon as the service
	// sees that a link is gone.
	By string
	// SKU and License are the license that makes the Cloud PC, as far as it is known which.
	SKU, License string
	// Groups are the groups by which the policy reaches the user.
	Groups []string
	// Follows describes that another Cloud PC will be made in its place; "" when none will.
	Follows string
}

// InGrace reports whether the Cloud PC is in its grace period, Leaving whether it is being deprovisioned already.
func (l Leave) InGrace() bool { return l.PC.Status == graph.StatusInGracePeriod }
func (l Leave) Leaving() bool { return leaving(l.PC.Status) }

// Ending reports whether a Cloud PC is on its way out: in its grace period, or being deprovisioned.
func Ending(pc graph.CloudPC) bool {
	return pc.Status == graph.StatusInGracePeriod || leaving(pc.Status)
}

// MadeBy reports whether a Cloud PC may be the one that a row's cut-over started: the one that the row waited for, or any when
// it knows none; never one that was there before the cut-over.
func MadeBy(row migration.Row, pc graph.CloudPC) bool {
	if row.Facts.CutOver.IsZero() || !pc.ProvisionedAt.IsZero() && pc.ProvisionedAt.Before(row.Facts.CutOver) {
		return false
	}
	return row.Facts.CloudPCID == "" || strings.EqualFold(pc.ID, row.Facts.CloudPCID)
}

func leaving(status string) bool {
	return status == graph.StatusDeprovisioning || status == graph.StatusNotProvisioned
}

// Losses lists what is lost for good, for the person who has to agree.
func (l Leave) Losses() []string {
	out := []string{"Cloud PC " + l.PC.DisplayName + " (" + cmp.Or(l.PC.ServicePlanName, "its disk") + "), with everything that was saved on it since it was provisioned"}
	if l.PC.ManagedDeviceName != "" {
		out = append(out, "its device "+l.PC.ManagedDeviceName+" in Intune and Entra ID")
	}
	switch l.By {
	case ByLicense:
		out = append(out, "the license "+l.License+", which becomes free for somebody else")
	case ByMembership:
		out = append(out, fmt.Sprintf("the membership in the groups of policy %s (%d)", l.PC.ProvisioningPolicyName, len(l.Groups)))
	}
	return out
}

// Look finds the Cloud PC and the link to cut. Errors: Conflict ("nothing-to-do") when the user has no Cloud PC that is
// meant; Invalid (deprovision.ambiguous) when several may be; Conflict (deprovision.refused) when it is being built, or
// when the license that is to go comes from a group.
func Look(ctx context.Context, t Reads, user graph.User, c Choice) (Leave, error) {
	l := Leave{User: user}
	pcs, err := t.CloudPCsOf(ctx, []string{user.UPN})
	if err != nil {
		return l, err
	}
	if l.PC, err = choose(pcs, user, c); err != nil {
		return l, err
	}
	if l.InGrace() || l.Leaving() {
		return l, nil
	}
	switch l.PC.Status {
	case graph.StatusProvisioned, graph.StatusProvisionedWithWarnings, graph.StatusFailed, graph.StatusPendingProvision:
	default:
		return l, refused(user.UPN + ": Cloud PC " + l.PC.DisplayName + " is " + l.PC.Status + ": wait until that has ended")
	}
	policies, err := t.ProvisioningPolicies(ctx)
	if err != nil {
		return l, err
	}
	for _, p := range policies {
		for _, g := range p.GroupIDs {
			in, err := t.IsMember(ctx, g, user.ID)
			switch {
			case err != nil:
				return l, err
			case !in:
			case strings.EqualFold(p.ID, l.PC.ProvisioningPolicyID):
				l.Groups = append(l.Groups, g)
			case l.Follows == "":
				l.Follows = p.DisplayName
			}
		}
	}
	return l, l.link(ctx, t, c.By)
}

func refused(why string) error {
	return fault.New(fault.Conflict, "deprovision.refused", why, "nothing was changed")
}

func choose(pcs []graph.CloudPC, user graph.User, c Choice) (graph.CloudPC, error) {
	mine := listing.Select(pcs, listing.Which{Users: []string{user.UPN}, Policy: c.Policy})
	if c.CloudPC != "" {
		mine = slices.DeleteFunc(mine, func(p graph.CloudPC) bool { return !strings.EqualFold(p.ID, c.CloudPC) })
	}
	switch len(mine) {
	case 1:
		return mine[0], nil
	case 0:
		return graph.CloudPC{}, fault.New(fault.Conflict, "nothing-to-do", user.UPN+" has no matching Cloud PC: nothing to do", "see which Cloud PCs there are", fault.NewCommand("cloudpc list"))
	}
	var which []string
	for _, p := range mine {
		which = append(which, p.DisplayName+" ("+p.ID+", "+p.Status+")")
	}
	return graph.CloudPC{}, fault.New(fault.Invalid, "deprovision.ambiguous", fmt.Sprintf("%s has %d Cloud PCs: %s", user.UPN, len(mine), strings.Join(which, "; ")),
		"name the one with --cloud-pc ID; nothing was changed")
}

// link finds the license behind the Cloud PC and decides which link is cut.
func (l *Leave) link(ctx context.Context, t Reads, by string) error {
	held, err := t.LicenseDetails(ctx, l.User.ID)
	if err != nil {
		return err
	}
	for _, h := range held {
		if slices.ContainsFunc(h.Plans, func(p graph.LicensePlan) bool { return strings.EqualFold(p.ID, l.PC.ServicePlanID) }) {
			l.SKU, l.License = h.SKUID, h.SKUPartNumber
		}
	}
	direct := l.SKU != "" && Direct(l.User, l.SKU)
	switch {
	case l.SKU == "" && by != ByMembership, len(l.Groups) == 0:
		return nil // a link is cut already, and the service has not shown it yet
	case by == ByLicense && !direct:
		return refused(l.User.UPN + " does not hold the license of Cloud PC " + l.PC.DisplayName + " directly: it comes from a group")
	case by == ByMembership || !direct:
		l.By = ByMembership
	default:
		l.By, l.Follows = ByLicense, "" // without the license no other one is made
	}
	return nil
}

// Direct reports whether the user holds a license by a direct assignment, regardless of other assignments.
func Direct(u graph.User, sku string) bool {
	return slices.ContainsFunc(u.LicenseStates, func(s graph.LicenseState) bool {
		return strings.EqualFold(s.SKUID, sku) && s.AssignedByGroup == ""
	})
}
