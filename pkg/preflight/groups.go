package preflight

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/wave"
)

const permissionGroups = "GroupMember.Read.All"

// groups reads the groups behind policies and user settings once each, with their members, and reports which of those
// that rows will join cannot take the wave's users.
func (c *check) groups(ctx context.Context) error {
	c.facts.groups, c.reach = map[string]graph.Group{}, c.assignments()
	ids := c.groupIDs()
	answers, err := c.tenant.Groups(ctx, ids)
	if err != nil {
		return c.refused(err, "groups", permissionGroups)
	}
	c.facts.unreadGroups = map[string]error{}
	t := &tally{code: "group.unreadable", things: "groups", total: len(ids)}
	for i, a := range answers {
		if err := t.add(a.Err); err != nil {
			return c.refused(err, "groups", permissionGroups)
		}
		switch {
		case a.Err == nil:
			c.facts.groups[ids[i]] = a.Group
		case !fault.Is(a.Err, fault.NotFound):
			// A group that cannot be read is not reported as missing.
			c.facts.unreadGroups[ids[i]] = a.Err
		}
	}
	users := map[string][]*row{} // group → rows that will be in it
	for i := range c.rows {
		if r := &c.rows[i]; c.resolveGroup(r) {
			users[fold(r.target.GroupID)] = append(users[fold(r.target.GroupID)], r)
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		_, exists := c.facts.groups[id]
		_, brings := c.reach[id]
		return !exists && c.facts.unreadGroups[id] == nil || len(users[id]) == 0 && !brings
	})
	outside := map[string]string{}
	unread, err := c.memberships(ctx, ids, func(id string, members []graph.Member) {
		if len(users[id]) > 0 {
			outside[id] = c.outsiders(id, members, users[id])
		}
	})
	for i, id := range ids {
		c.membersUnread(id, users[id], unread[i])
	}
	for _, id := range ids {
		if outside[id] != "" {
			c.flagWave("group.outsiders", c.groupName(id), outside[id])
		}
	}
	return err
}

// membersUnread reports that a group's members could not be read: each row that is to join it is in doubt; for a group
// that no row joins, it is unknown which users it affects.
func (c *check) membersUnread(id string, rows []*row, err error) {
	if err == nil || fault.Is(err, fault.NotFound) {
		return
	}
	for _, r := range rows {
		c.unreadable("group.unreadable", r, "group", c.groupName(id), err)
	}
	if len(rows) == 0 {
		c.flagWave("group.unreadable", c.groupName(id), "cannot tell whom the policies and settings of group "+c.groupName(id)+" reach: "+why(err))
	}
}

// groupIDs are the groups of the policies in use, in the order of the rows, and then those that bring anybody anything.
func (c *check) groupIDs() []string {
	var ids []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for i := range c.rows {
		if p := c.rows[i].policy; p != nil && !seen["policy "+p.ID] {
			seen["policy "+p.ID] = true
			for _, id := range p.GroupIDs {
				add(fold(id))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.reach)) {
		add(id)
	}
	return ids
}

// resolveGroup determines the group that the row's user will be in. It returns false when there is none.
func (c *check) resolveGroup(r *row) bool {
	if r.policy == nil {
		return false
	}
	if r.Group != "" && !c.namedGroup(r) {
		return false
	}
	if r.target.GroupID == "" {
		return false
	}
	g, ok := c.facts.groups[fold(r.target.GroupID)]
	if err := c.facts.unreadGroups[fold(r.target.GroupID)]; err != nil {
		c.unreadable("group.unreadable", r, "group", r.target.GroupID, err)
		return true // its members may be readable all the same
	}
	if !ok {
		c.flag("group.not-found", r, "group", r.target.GroupID, "the group that policy "+r.policy.DisplayName+" is assigned to does not exist any more")
		return false
	}
	r.target.GroupName = g.DisplayName
	switch {
	case g.Dynamic:
		c.flag("group.dynamic", r, "group", g.DisplayName, "group "+g.DisplayName+" is dynamic: members cannot be added")
	case g.Synced:
		c.flag("group.synced", r, "group", g.DisplayName, "group "+g.DisplayName+" is synchronized from on-premises: members cannot be added here")
	case g.MailEnabled && !g.Unified:
		c.flag("group.mail-enabled", r, "group", g.DisplayName, "group "+g.DisplayName+" is mail-enabled: its members can be changed in Exchange only")
	case g.RoleAssignable || g.Restricted:
		c.flag("group.role-assignable", r, "group", g.DisplayName, "group "+g.DisplayName+" is role-assignable or restricted: this sign-in cannot add members")
	}
	return true
}

// namedGroup settles which of the policy's groups the row names.
func (c *check) namedGroup(r *row) bool {
	var hits, names []string
	var unread error
	for _, id := range r.policy.GroupIDs {
		unread = cmp.Or(unread, c.facts.unreadGroups[fold(id)])
		names = append(names, c.facts.groups[fold(id)].DisplayName)
		if fold(id) == fold(r.Group) {
			hits = []string{id}
			break
		}
		if fold(c.facts.groups[fold(id)].DisplayName) == fold(r.Group) {
			hits = append(hits, id)
		}
	}
	r.target.GroupID = ""
	switch {
	case len(hits) == 0 && unread != nil:
		c.unreadable("group.unreadable", r, "group", r.Group, unread)
	case len(hits) == 0:
		c.flag("group.not-found", r, "group", r.Group, "policy "+r.policy.DisplayName+" is not assigned to a group "+r.Group+wave.Mistaken(r.Group, names))
	case len(hits) == 1:
		r.target.GroupID = hits[0]
	default:
		c.flag("group.ambiguous", r, "group", r.Group, fmt.Sprintf("%d groups of policy %s are called %s (%s)", len(hits), r.policy.DisplayName, r.Group, strings.Join(hits, ", ")))
	}
	return len(hits) == 1
}

// outsiders describes which members of a group no row of the wave is for; "" when all have one.
func (c *check) outsiders(group string, list []graph.Member, rows []*row) string {
	var users []string
	for _, r := range rows {
		if r.user != nil {
			users = append(users, r.user.ID)
		}
	}
	names, members := Outsiders(list, users)
	if len(names) == 0 {
		return ""
	}
	c.outside[group] = names
	shown := strings.Join(names[:min(3, len(names))], ", ")
	if len(names) > 3 {
		shown += fmt.Sprintf(" and %d more", len(names)-3)
	}
	return fmt.Sprintf("group %s has members without a row for it in this wave, %d of %d (%s): the snapshot setting and the policy reach them too",
		c.groupName(group), len(names), members, shown)
}

// Outsiders returns the members of a group who are not among the users with those object ids, as they are shown to people, and
// how many members there are.
func Outsiders(list []graph.Member, users []string) (names []string, members int) {
	outside := make(map[string]graph.Member, len(list))
	for _, m := range list {
		outside[fold(m.ID)] = m
	}
	members = len(outside)
	for _, id := range users {
		delete(outside, fold(id))
	}
	for _, m := range outside {
		names = append(names, memberName(m))
	}
	slices.Sort(names)
	return names, members
}

// memberName is how a member is shown; a member that is not a user is named by its kind. Nested groups do not affect
// whom a provisioning policy reaches, so their members are not read.
func memberName(m graph.Member) string {
	switch {
	case m.UPN != "":
		return m.UPN
	case m.Type == "" || m.Type == "user":
		return m.ID
	}
	return m.Type + " " + m.ID
}
