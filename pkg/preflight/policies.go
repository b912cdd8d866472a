package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/wave"
)

// policies resolves every row's provisioning policy and its group.
func (c *check) policies(context.Context) error {
	if c.facts.unread[readPolicies] {
		return nil
	}
	byID, byName := map[string]*graph.ProvisioningPolicy{}, map[string][]*graph.ProvisioningPolicy{}
	for k := range c.facts.policies {
		p := &c.facts.policies[k]
		byID[fold(p.ID)] = p
		byName[fold(p.DisplayName)] = append(byName[fold(p.DisplayName)], p)
	}
	for i := range c.rows {
		r := &c.rows[i]
		if r.Policy == "" {
			continue
		}
		hits := byName[fold(r.Policy)]
		if p := byID[fold(r.Policy)]; p != nil {
			hits = []*graph.ProvisioningPolicy{p}
		}
		switch len(hits) {
		case 0:
			c.flag("policy.not-found", r, "policy", r.Policy, "the tenant has no provisioning policy "+r.Policy+c.nearestPolicy(r.Policy))
		case 1:
			c.policy(r, hits[0])
		default:
			ids := make([]string, len(hits))
			for k, p := range hits {
				ids[k] = p.ID
			}
			c.flag("policy.ambiguous", r, "policy", r.Policy, fmt.Sprintf("%d provisioning policies are called %s (%s)", len(hits), r.Policy, strings.Join(ids, ", ")))
			c.remedy("write the policy's id in place of its name")
		}
	}
	return nil
}

// policy gives the row its policy, and the policy's group when there is only one.
func (c *check) policy(r *row, p *graph.ProvisioningPolicy) {
	r.policy, r.target.PolicyID, r.target.PolicyName = p, p.ID, p.DisplayName
	if p.Unreadable != "" {
		c.flag("policy.unreadable", r, "policy", r.Policy, "the record of policy "+p.DisplayName+" cannot be read: "+p.Unreadable)
		return
	}
	if !dedicated(p) {
		c.flag("policy.shared-type", r, "policy", r.Policy, "policy "+p.DisplayName+" is of type "+p.ProvisioningType+"; a migration needs dedicated")
	}
	switch {
	case len(p.GroupIDs) == 0:
		c.flag("policy.not-assigned", r, "policy", r.Policy, "policy "+p.DisplayName+" is not assigned to any group")
	case len(p.GroupIDs) == 1:
		r.target.GroupID = p.GroupIDs[0]
	case r.Group == "":
		c.flag("policy.several-groups", r, "group", "", "policy "+p.DisplayName+" is assigned to several groups: the row must say which one in column group")
	}
}

// nearestPolicy names a policy that differs only in case and punctuation, or else what there is to choose from.
func (c *check) nearestPolicy(name string) string {
	const shown = 8
	plain := func(s string) string { return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(fold(s)) }
	var names []string
	for _, p := range c.facts.policies {
		if plain(p.DisplayName) == plain(name) {
			return "; did you mean " + p.DisplayName + "?"
		}
		names = append(names, p.DisplayName)
	}
	if why := wave.Mistaken(name, names); why != "" {
		return why
	}
	if len(names) == 0 {
		return "; it has none at all"
	}
	slices.Sort(names)
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("; it has %s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return "; it has " + strings.Join(names, ", ")
}
