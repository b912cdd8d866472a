package preflight

import (
	"context"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// existing finds what is in a row's way already: a Cloud PC, an import, or a user whom nothing is left to start
// provisioning for.
func (c *check) existing(context.Context) error {
	byUser := map[string][]graph.CloudPC{}
	for _, pc := range c.facts.pcs {
		byUser[fold(pc.UserPrincipalName)] = append(byUser[fold(pc.UserPrincipalName)], pc)
	}
	for i := range c.rows {
		r := &c.rows[i]
		if r.user == nil {
			continue
		}
		for _, pc := range byUser[fold(r.user.UPN)] {
			if strings.EqualFold(pc.ProvisioningPolicyID, r.target.PolicyID) || r.target.PlanID == "" || strings.EqualFold(pc.ServicePlanID, r.target.PlanID) {
				c.flag("user.has-cloud-pc", r, "user", r.User, r.User+" has a Cloud PC already: "+pc.DisplayName+" ("+pc.Status+")")
				break
			}
		}
		if id := c.in.LiveImports[fold(r.user.ID)]; id != "" {
			c.flag("user.has-import", r, "user", r.User, r.User+" has an imported snapshot already: "+id)
		}
		if r.target.Trigger == migration.TriggerMembership && r.member && len(r.plans) > 0 {
			c.flag("user.already-targeted", r, "user", r.User, r.User+" is licensed and in the group already: nothing is left to start provisioning with")
		}
	}
	return nil
}
