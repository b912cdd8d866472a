package tenant

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func removeSeq[T any](list []T, s int64, seq func(T) int64) []T {
	i, ok := slices.BinarySearchFunc(list, s, func(x T, s int64) int { return cmp.Compare(seq(x), s) })
	if !ok {
		return list
	}
	return slices.Delete(list, i, i+1)
}

func (g *group) drop(m *membership) {
	g.members = removeSeq(g.members, m.seq, func(m *membership) int64 { return m.seq })
}

func (u *user) in(g *group) *membership {
	for _, m := range u.groups {
		if m.group == g {
			return m
		}
	}
	return nil
}

func (t *Tenant) join(u *user, g *group, visible time.Time) {
	m := &membership{seq: t.next(), user: u, group: g, visible: visible}
	g.members = append(g.members, m)
	u.groups = append(u.groups, m)
}

// Members gives up to n direct members after seq that reads can see by now, and whether there are more.
func (t *Tenant) Members(now time.Time, groupID string, after int64, n int) ([]User, bool, error) {
	t.enter(now)
	defer t.mu.Unlock()
	g, err := t.mustGroup(groupID)
	if err != nil {
		return nil, false, err
	}
	us, more := page(g.members, after, n, func(m *membership) int64 { return m.seq }, func(m *membership) (User, bool) {
		v := t.viewUser(m.user)
		v.Seq = m.seq
		return v, !m.visible.After(t.now)
	})
	return us, more, nil
}

// Member is the one member of a group with that id or user name, as reads see it.
func (t *Tenant) Member(now time.Time, groupID, key string) (User, bool, error) {
	t.enter(now)
	defer t.mu.Unlock()
	g, err := t.mustGroup(groupID)
	if err != nil {
		return User{}, false, err
	}
	if u := t.findUser(key); u != nil {
		if m := u.in(g); m != nil && !m.visible.After(t.now) {
			return t.viewUser(u), true, nil
		}
	}
	return User{}, false, nil
}

// GroupsOf are the groups that a person is directly in, as reads see it.
func (t *Tenant) GroupsOf(now time.Time, key string) ([]Group, error) {
	t.enter(now)
	defer t.mu.Unlock()
	u, err := t.mustUser(key)
	if err != nil {
		return nil, err
	}
	var out []Group
	for _, m := range u.groups {
		if !m.visible.After(t.now) {
			out = append(out, t.viewGroup(m.group))
		}
	}
	return out, nil
}

// AddMembers adds all or none. A person who is in already is a fault Invalid whose message says so.
func (t *Tenant) AddMembers(now time.Time, groupID string, ids []string) error {
	t.enter(now)
	defer t.mu.Unlock()
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
			return gone(id)
		}
		if u.in(g) != nil || slices.Contains(us, u) {
			return badRequest("One or more added object references already exist for the following modified properties: 'members'.")
		}
		us = append(us, u)
	}
	for _, u := range us {
		t.admit(u, g)
	}
	return nil
}

// admit makes a person a member who is none. Reads and the Cloud PC service see it after the membership lag.
func (t *Tenant) admit(u *user, g *group) {
	visible := t.now.Add(t.between(0, t.rules.membershipLag, "membership", u.upn, g.name))
	t.join(u, g, visible)
	t.touch(u)
	for _, p := range g.licenses {
		t.grant(u, p, g, nil)
	}
	t.soon(u, visible)
}

// RemoveMember takes a person out of a group. Reads see it at once, the Cloud PC service after the membership lag.
func (t *Tenant) RemoveMember(now time.Time, groupID, userID string) error {
	t.enter(now)
	defer t.mu.Unlock()
	g, err := t.mustGroup(groupID)
	if err != nil {
		return err
	}
	if err := g.accepts(); err != nil {
		return err
	}
	u := t.byID[lower(userID)]
	if u == nil || u.in(g) == nil {
		return gone(userID)
	}
	t.quit(u, g)
	return nil
}

// quit ends a membership that there is.
func (t *Tenant) quit(u *user, g *group) {
	m := u.in(g)
	g.drop(m)
	u.groups = slices.DeleteFunc(u.groups, func(x *membership) bool { return x == m })
	for _, p := range g.licenses {
		t.revoke(u, p, g)
	}
	t.touch(u)
	t.soon(u, t.now.Add(t.between(0, t.rules.membershipLag, "membership", u.upn, g.name)))
}

func (g *group) accepts() error {
	switch {
	case g.dynamic:
		return badRequest("Members of a group with a dynamic membership rule cannot be changed directly.")
	case g.synced:
		return badRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
	case g.mail:
		return badRequest("Cannot Update a mail-enabled security groups and or distribution list.")
	case g.roleAssignable, g.restricted:
		return denied("Insufficient privileges to complete the operation.")
	}
	return nil
}

// soon looks at a user again when something becomes visible; at once when it is.
func (t *Tenant) soon(u *user, when time.Time) {
	if when.After(t.now) {
		t.at(when, evaluateUser, lower(u.id), 0)
		return
	}
	t.evaluate(u)
}
