package tenant

import (
	"slices"
	"strconv"
	"time"

	"wave365/pkg/sandbox/tenant/refusal"
)

func itoa(n int) string { return strconv.Itoa(n) }

func (u *user) in(g *group) *membership {
	for _, m := range u.groups {
		if m.group == g {
			return m
		}
	}
	return nil
}

// seen reports whether reads, and the Cloud PC service, see a membership by now.
func (t *Tenant) seen(m *membership) bool { return !m.visible.After(t.now) }

// sees reports whether the Cloud PC service sees the user in the group by now.
func (t *Tenant) sees(u *user, g *group) bool {
	m := u.in(g)
	return m != nil && t.seen(m)
}

func (t *Tenant) join(u *user, g *group, visible time.Time) {
	m := &membership{Entry: Entry{Seq: t.next()}, user: u, group: g, visible: visible}
	g.members = append(g.members, m)
	u.groups = append(u.groups, m)
}

// Members returns up to n direct members after seq that reads can see by now, and whether there are more.
func (t *Tenant) Members(now time.Time, groupID string, after int64, n int) ([]User, bool, error) {
	defer t.enter(now)()
	g, err := t.mustGroup(groupID)
	if err != nil {
		return nil, false, err
	}
	us, more := page(g.members, after, n, t.seen, func(m *membership) User {
		v := t.viewUser(m.user)
		v.Seq = m.Seq
		return v
	})
	return us, more, nil
}

// Member returns the member of a group with that id or user name, as reads see it.
func (t *Tenant) Member(now time.Time, groupID, key string) (User, bool, error) {
	defer t.enter(now)()
	g, err := t.mustGroup(groupID)
	if err != nil {
		return User{}, false, err
	}
	if u := t.findUser(key); u != nil {
		if t.sees(u, g) {
			return t.viewUser(u), true, nil
		}
	}
	return User{}, false, nil
}

// AddMembers adds all or none. A user who is a member already is a fault of kind Invalid whose message says so.
func (t *Tenant) AddMembers(now time.Time, groupID string, ids []string) error {
	defer t.enter(now)()
	g, err := t.mustGroup(groupID)
	if err != nil {
		return err
	}
	if err := g.accepts(); err != nil {
		return err
	}
	var us []*user
	for _, id := range ids {
		u := t.byID[lower(id)]
		if u == nil || u.deleted {
			return refusal.Gone(id)
		}
		if u.in(g) != nil || slices.Contains(us, u) {
			return refusal.BadRequest("One or more added object references already exist for the following modified properties: 'members'.")
		}
		us = append(us, u)
	}
	for _, u := range us {
		t.admit(u, g)
	}
	return nil
}

// admit adds a user who is not a member. Reads and the Cloud PC service see it after the membership lag.
func (t *Tenant) admit(u *user, g *group) {
	visible := t.now.Add(t.between(0, t.rules.MembershipMost, "membership", u.UPN, g.Name))
	t.join(u, g, visible)
	t.touch(u)
	for _, p := range g.licenses {
		t.grant(u, p, g, nil)
	}
	t.soon(u, visible)
}

// RemoveMember removes a user from a group. Reads see it at once, the Cloud PC service after the membership lag.
func (t *Tenant) RemoveMember(now time.Time, groupID, userID string) error {
	defer t.enter(now)()
	g, err := t.mustGroup(groupID)
	if err != nil {
		return err
	}
	if err := g.accepts(); err != nil {
		return err
	}
	u := t.byID[lower(userID)]
	if u == nil || u.in(g) == nil {
		return refusal.Gone(userID)
	}
	t.quit(u, g)
	return nil
}

// quit ends an existing membership.
func (t *Tenant) quit(u *user, g *group) {
	m := u.in(g)
	g.members, u.groups = without(g.members, m), without(u.groups, m)
	for _, p := range g.licenses {
		t.revoke(u, p, g)
	}
	t.touch(u)
	t.soon(u, t.now.Add(t.between(0, t.rules.MembershipMost, "membership", u.UPN, g.Name)))
}

func (g *group) accepts() error {
	switch {
	case g.Dynamic:
		return refusal.BadRequest("Members of a group with a dynamic membership rule cannot be changed directly.")
	case g.Synced:
		return refusal.BadRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
	case g.MailEnabled && !g.Unified:
		return refusal.BadRequest("Cannot Update a mail-enabled security groups and or distribution list.")
	case g.RoleAssignable, g.Restricted:
		return refusal.Denied("Insufficient privileges to complete the operation.")
	}
	return nil
}

// soon applies the rules to a user when something becomes visible; at once when it is.
func (t *Tenant) soon(u *user, when time.Time) {
	if when.After(t.now) {
		t.at(when, func() { t.evaluate(u) })
		return
	}
	t.evaluate(u)
}
