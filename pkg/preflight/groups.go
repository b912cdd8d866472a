package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// groups reads the groups behind the policies, and their members, once each, and says which of them cannot take the
// wave's users.
func (c *check) groups(ctx context.Context) error {
	c.facts.groups, c.facts.members = map[string]graph.Group{}, map[string]map[string]graph.Member{}
	var ids []string
	for i := range c.rows {
		if p := c.rows[i].policy; p != nil {
			for _, id := range p.GroupIDs {
				if !slices.Contains(ids, fold(id)) {
					ids = append(ids, fold(id))
				}
			}
		}
	}
	answers, err := c.tenant.Groups(ctx, ids)
	if err != nil {
		return c.refused(err, "groups", "GroupMember.Read.All")
	}
	for i, a := range answers {
		if a.Err == nil {
			c.facts.groups[ids[i]] = a.Group
		} else if !fault.Is(a.Err, fault.NotFound) {
			// What may not be read is not said to be missing.
			return c.refused(a.Err, "groups", "GroupMember.Read.All")
		}
	}
	for i := range c.rows {
		c.resolveGroup(&c.rows[i])
	}
	for _, id := range ids {
		if err := c.members(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// resolveGroup settles which group the row's user will be in.
func (c *check) resolveGroup(r *row) {
	if r.policy == nil {
		return
	}
	if r.Group != "" {
		r.target.GroupID = ""
		for _, id := range r.policy.GroupIDs {
			if fold(id) == fold(r.Group) || fold(c.facts.groups[fold(id)].DisplayName) == fold(r.Group) {
				r.target.GroupID = id
			}
		}
		if r.target.GroupID == "" {
			c.flag("group.not-found", r, "group", r.Group, "policy "+r.policy.DisplayName+" is not assigned to a group "+r.Group)
			return
		}
	}
	if r.target.GroupID == "" {
		return
	}
	g, ok := c.facts.groups[fold(r.target.GroupID)]
	if !ok {
		c.flag("group.not-found", r, "group", r.target.GroupID, "the group that policy "+r.policy.DisplayName+" is assigned to does not exist any more")
		return
	}
	r.target.GroupName = g.DisplayName
	switch {
	case g.Dynamic:
		c.flag("group.dynamic", r, "group", g.DisplayName, "group "+g.DisplayName+" is dynamic: members cannot be added")
	case g.Synced:
		c.flag("group.synced", r, "group", g.DisplayName, "group "+g.DisplayName+" is synchronised from on-premises: members cannot be added here")
	case g.RoleAssignable || g.Restricted:
		c.flag("group.role-assignable", r, "group", g.DisplayName, "group "+g.DisplayName+" is role-assignable or restricted: this sign-in cannot add members")
	}
	if len(g.LicenseSKUs) > 0 {
		c.flag("license.from-group", r, "group", g.DisplayName, "group "+g.DisplayName+" carries licenses: they arrive with the membership, which may start provisioning before the import has ended")
	}
}

// members reads a group's members once and warns about those who are not in the wave.
func (c *check) members(ctx context.Context, id string) error {
	list, err := c.tenant.GroupMembers(ctx, id)
	if err != nil {
		return c.refused(err, "group members", "GroupMember.Read.All")
	}
	members := make(map[string]graph.Member, len(list))
	for _, m := range list {
		members[fold(m.ID)] = m
	}
	c.facts.members[id] = members
	used := false
	for i := range c.rows {
		r := &c.rows[i]
		if fold(r.target.GroupID) != id {
			continue
		}
		used = true
		if r.user == nil {
			continue
		}
		if _, ok := members[fold(r.user.ID)]; ok {
			r.member = true
			delete(members, fold(r.user.ID))
		}
	}
	if !used || len(members) == 0 {
		return nil
	}
	var names []string
	for _, m := range list {
		if _, outside := members[fold(m.ID)]; outside {
			names = append(names, cmpOr(m.UPN, m.ID))
		}
	}
	slices.Sort(names)
	shown := strings.Join(names[:min(3, len(names))], ", ")
	if len(names) > 3 {
		shown += fmt.Sprintf(" and %d more", len(names)-3)
	}
	c.flagWave("group.outsiders", c.facts.groups[id].DisplayName,
		fmt.Sprintf("group %s has %d members who are not in this wave (%s): the snapshot setting will reach them too", c.facts.groups[id].DisplayName, len(names), shown))
	return nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
