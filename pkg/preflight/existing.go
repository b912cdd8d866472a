package preflight

import (
	"cmp"
	"context"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// existing finds what is in a row's way already: a Cloud PC, or an import.
func (c *check) existing(ctx context.Context) error {
	byUser := map[string][]graph.CloudPC{}
	for _, pc := range c.facts.pcs {
		byUser[fold(pc.UserPrincipalName)] = append(byUser[fold(pc.UserPrincipalName)], pc)
	}
	c.eachRow(func(r *row) {
		if r.user == nil {
			return
		}
		for _, pc := range byUser[fold(r.user.UPN)] {
			if inTheWay(pc, r.target.PolicyID, r.plan) {
				c.flag("user.has-cloud-pc", r, "user", r.User, r.User+" has a Cloud PC already: "+pc.DisplayName+" ("+pc.Status+")")
				return
			}
		}
	})
	return c.imports(ctx)
}

// inTheWay reports whether a Cloud PC keeps another one from being made under this policy and plan; an empty plan is
// not known, and any Cloud PC may be in its way. "notProvisioned" is no Cloud PC: it stands for a license whose user no
// policy reaches yet.
func inTheWay(pc graph.CloudPC, policy, plan string) bool {
	if strings.EqualFold(pc.Status, graph.StatusNotProvisioned) {
		return false
	}
	return plan == "" || strings.EqualFold(pc.ServicePlanID, plan) || strings.EqualFold(pc.ProvisioningPolicyID, policy)
}

// imports finds records of imported snapshots: those of this ledger's runs, each looked up, and, where the service can
// list them, those of other tools too. Any record is in the way, also that of a failed import.
func (c *check) imports(ctx context.Context) error {
	found := map[string]graph.Import{} // by user, id or UPN in lower case
	switch all, err := c.tenant.ListImports(ctx); {
	case err == nil:
		for _, im := range all {
			found[fold(im.AssignedUser)] = im
		}
	case fault.Is(err, fault.NotFound): // most services have no such call
	default:
		if err := c.refused(err, "imports", "CloudPC.Read.All"); err != nil {
			return err
		}
	}
	if err := c.ownImports(ctx, found); err != nil {
		return err
	}
	c.eachRow(func(r *row) {
		if r.user == nil {
			return
		}
		im, ok := found[fold(r.user.ID)]
		if !ok {
			im, ok = found[fold(r.user.UPN)]
		}
		if ok {
			c.flag("user.has-import", r, "user", r.User, r.User+" has an imported snapshot already: "+im.SnapshotID+" ("+importText(im)+")")
		}
	})
	return nil
}

// ownImports looks up the snapshots that the ledger knows for users of this wave.
func (c *check) ownImports(ctx context.Context, found map[string]graph.Import) error {
	var users, ids []string
	asked := map[string]bool{}
	c.eachRow(func(r *row) {
		if r.user == nil || asked[fold(r.user.ID)] {
			return
		}
		user := fold(r.user.ID)
		asked[user] = true
		if _, known := found[user]; !known {
			for _, id := range c.in.LiveImports[user] {
				users, ids = append(users, user), append(ids, id)
			}
		}
	})
	answers, err := c.tenant.ImportResults(ctx, ids)
	if err != nil {
		return c.refused(err, "imports", "CloudPC.Read.All")
	}
	for i, a := range answers {
		switch {
		case a.Err == nil:
			found[users[i]] = a.Import
		case !fault.Is(a.Err, fault.NotFound): // used up, or purged
			if err := c.refused(a.Err, "imports", "CloudPC.Read.All"); err != nil {
				return err
			}
		}
	}
	return nil
}

func importText(im graph.Import) string {
	if im.Status == graph.ImportSucceeded {
		return im.Status + ", " + cmp.Or(im.Usage, "usage unknown")
	}
	return cmp.Or(im.Status, "state unknown")
}
