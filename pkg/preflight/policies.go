package preflight

import (
	"context"
	"strings"

	"wave365/pkg/graph"
)

// policies resolves every row's provisioning policy and its group.
func (c *check) policies(context.Context) error {
	if c.facts.policies == nil {
		return nil
	}
	for i := range c.rows {
		r := &c.rows[i]
		if r.Policy == "" {
			continue
		}
		var hits []*graph.ProvisioningPolicy
		for k := range c.facts.policies {
			p := &c.facts.policies[k]
			if strings.EqualFold(p.ID, r.Policy) {
				hits = []*graph.ProvisioningPolicy{p}
				break
			}
			if fold(p.DisplayName) == fold(r.Policy) {
				hits = append(hits, p)
			}
		}
		switch len(hits) {
		case 0:
			c.flag("policy.not-found", r, "policy", r.Policy, "the tenant has no provisioning policy "+r.Policy+c.nearestPolicy(r.Policy))
			continue
		case 1:
		default:
			c.flag("policy.ambiguous", r, "policy", r.Policy, "several provisioning policies are called "+r.Policy)
			continue
		}
		p := hits[0]
		r.policy, r.target.PolicyID, r.target.PolicyName = p, p.ID, p.DisplayName
		if p.ProvisioningType != "" && !strings.EqualFold(p.ProvisioningType, "dedicated") {
			c.flag("policy.shared-type", r, "policy", r.Policy, "policy "+p.DisplayName+" is of type "+p.ProvisioningType+"; a migration needs dedicated")
		}
		switch len(p.GroupIDs) {
		case 0:
			c.flag("policy.not-assigned", r, "policy", r.Policy, "policy "+p.DisplayName+" is not assigned to any group")
		case 1:
			r.target.GroupID = p.GroupIDs[0]
		default:
			if r.Group == "" {
				c.flag("policy.several-groups", r, "group", "", "policy "+p.DisplayName+" is assigned to several groups: the row must say which one in column group")
			}
		}
	}
	return nil
}

// nearestPolicy names a policy that differs only in case and punctuation, when there is one.
func (c *check) nearestPolicy(name string) string {
	plain := func(s string) string { return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(fold(s)) }
	for _, p := range c.facts.policies {
		if plain(p.DisplayName) == plain(name) {
			return "; did you mean " + p.DisplayName + "?"
		}
	}
	return ""
}
