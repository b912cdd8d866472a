package tenant

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/sandbox/tenant/refusal"
)

// User is a user as the directory shows them.
type User struct {
	Entry
	UPN, Name, Department, Location string
	Enabled                         bool
	Licenses                        []Held
}

// user is a person inside: the licenses are in held.
type user struct {
	User
	located         time.Time // when licensing learns of the location
	deleted         bool
	held            []*held
	groups          []*membership
	imp             *snapshot
	pcs             []*cloudPC // by seq, one of each product at most
	imports, builds int
	fate            *fate
}

// Group is a security group.
type Group struct {
	Entry
	Name                                        string
	Dynamic, Synced, RoleAssignable, Restricted bool
	MailEnabled, Unified                        bool
	Licenses                                    []SKU
	Created                                     time.Time
	Members                                     int
}

// group is the internal form of a group: members are counted, and licenses shown, when they are read.
type group struct {
	Group
	members  []*membership // by seq
	licenses []*product
}

type membership struct {
	Entry
	user    *user
	group   *group
	visible time.Time
}

func (t *Tenant) findUser(key string) *user {
	key = strings.ToLower(key)
	// A deleted user stays known by id until their Cloud PC is gone.
	if u := t.byID[key]; u != nil && !u.deleted {
		return u
	}
	return t.byUPN[key]
}

func (t *Tenant) mustUser(key string) (*user, error) {
	if u := t.findUser(key); u != nil {
		return u, nil
	}
	return nil, refusal.Gone(key)
}

// User returns a user by object id or user name; a fault of kind NotFound when there is none.
func (t *Tenant) User(now time.Time, key string) (User, error) {
	return look(t, now, key, t.mustUser, t.viewUser)
}

// Users returns up to n users after seq, in a stable order, and whether there are more.
func (t *Tenant) Users(now time.Time, after int64, n int) ([]User, bool) {
	return read(t, now, &t.users, after, n, t.viewUser)
}

// UserCount returns the number of users.
func (t *Tenant) UserCount() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.users)
}

func (t *Tenant) viewUser(u *user) User {
	v := u.User
	for _, h := range u.held {
		v.Licenses = append(v.Licenses, t.viewHeld(h))
	}
	return v
}

// SetUsageLocation changes the location in which a user may use licenses.
func (t *Tenant) SetUsageLocation(now time.Time, key, location string) (User, error) {
	defer t.enter(now)()
	u, err := t.mustUser(key)
	if err != nil {
		return User{}, err
	}
	if len(location) != 2 {
		return User{}, refusal.BadRequest("Invalid value specified for property 'usageLocation' of resource 'User'.")
	}
	u.Location = strings.ToUpper(location)
	u.located = t.now.Add(t.between(0, t.rules.LocationMost, "location", u.UPN))
	t.touch(u)
	return t.viewUser(u), nil
}

// DeleteUser deletes a user: which a membership removal without /$ref does, for callers with the permission.
func (t *Tenant) DeleteUser(now time.Time, key string) (User, error) {
	defer t.enter(now)()
	u, err := t.mustUser(key)
	if err != nil {
		return User{}, err
	}
	v := t.viewUser(u)
	t.deleteUser(u)
	return v, nil
}

func (t *Tenant) deleteUser(u *user) {
	for _, m := range u.groups {
		m.group.members = without(m.group.members, m)
	}
	u.groups = nil
	for len(u.held) > 0 {
		t.revoke(u, u.held[0].prod, u.held[0].by) // one product may be held directly and by groups, and counts once
	}
	u.deleted = true
	t.evaluate(u)
	delete(t.byUPN, strings.ToLower(u.UPN))
	t.users = without(t.users, u)
	t.touch(u)
}

func (t *Tenant) mustGroup(id string) (*group, error) {
	if g := t.groupID[strings.ToLower(id)]; g != nil {
		return g, nil
	}
	return nil, refusal.Gone(id)
}

// Group returns a group by id; a fault of kind NotFound when there is none.
func (t *Tenant) Group(now time.Time, id string) (Group, error) {
	return look(t, now, id, t.mustGroup, t.viewGroup)
}

// Groups returns up to n groups after seq, and whether there are more.
func (t *Tenant) Groups(now time.Time, after int64, n int) ([]Group, bool) {
	return read(t, now, &t.groups, after, n, t.viewGroup)
}

func (t *Tenant) viewGroup(g *group) Group {
	v := g.Group
	v.Members = len(g.members)
	for _, p := range g.licenses {
		v.Licenses = append(v.Licenses, t.viewSKU(p))
	}
	return v
}

// CreateGroup creates an empty security group with assigned membership.
func (t *Tenant) CreateGroup(now time.Time, name string) (Group, error) {
	defer t.enter(now)()
	if strings.TrimSpace(name) == "" {
		return Group{}, refusal.BadRequest("A value is required for property 'displayName' of resource 'Group'.")
	}
	g := &group{Group: Group{Entry: Entry{t.next(), t.newID("group", name)}, Name: name, Created: t.now}}
	t.addGroup(g)
	return t.viewGroup(g), nil
}

// DeleteGroup deletes a group: its members lose what it gave them, and nothing is assigned to it any more.
func (t *Tenant) DeleteGroup(now time.Time, id string) error {
	defer t.enter(now)()
	g, err := t.mustGroup(id)
	if err != nil {
		return err
	}
	if g.Synced || g.RoleAssignable || g.Restricted {
		return g.accepts()
	}
	reaches := func(a assigned) bool { return a.group == g }
	for _, p := range t.policies {
		p.to = slices.DeleteFunc(p.to, reaches)
	}
	for _, s := range t.settings {
		s.to = slices.DeleteFunc(s.to, reaches)
	}
	for _, m := range slices.Clone(g.members) {
		t.quit(m.user, g)
	}
	delete(t.groupID, lower(g.ID))
	t.groups = without(t.groups, g)
	return nil
}

func (t *Tenant) addGroup(g *group) {
	t.groups = append(t.groups, g)
	t.groupID[strings.ToLower(g.ID)] = g
}

// newID returns an id from a counter per kind and name, since names need not be unique.
func (t *Tenant) newID(kind, name string) string {
	key := kind + "\x00" + strings.ToLower(name)
	t.created[key]++
	if n := t.created[key]; n > 1 {
		return t.idFor(kind, name+"#"+itoa(n))
	}
	return t.idFor(kind, name)
}
