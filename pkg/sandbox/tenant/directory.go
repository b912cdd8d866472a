package tenant

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
)

type user struct {
	seq                 int64
	id, upn, name, dept string
	whereabouts
	enabled, deleted bool
	held             []*held
	groups           []*membership
	imp              *snapshot
	pcs              []*cloudPC // by seq, one of each product at most
	imports, builds  int
	fate             *fate
}

// whereabouts is where a user may use licenses, and when licensing learns of it.
type whereabouts struct {
	location string
	located  time.Time
}

type group struct {
	seq                                         int64
	id, name                                    string
	dynamic, synced, roleAssignable, restricted bool
	mail, unified                               bool
	members                                     []*membership // by seq
	licenses                                    []*product
	policies                                    []*policy
	settings                                    []*setting
	created                                     time.Time
}

type membership struct {
	seq     int64
	user    *user
	group   *group
	visible time.Time
}

// User is a person as the directory shows them.
type User struct {
	Seq                                 int64
	ID, UPN, Name, Department, Location string
	Enabled                             bool
	Licenses                            []Held
}

// Group is a security group.
type Group struct {
	Seq                                         int64
	ID, Name                                    string
	Dynamic, Synced, RoleAssignable, Restricted bool
	MailEnabled, Unified                        bool
	Licenses                                    []SKU
	Created                                     time.Time
	Members                                     int
}

func (t *Tenant) findUser(key string) *user {
	key = strings.ToLower(key)
	// A person who was deleted stays known by id for as long as their Cloud PC takes to go.
	if u := t.byID[key]; u != nil && !u.deleted {
		return u
	}
	return t.byUPN[key]
}

func (t *Tenant) mustUser(key string) (*user, error) {
	if u := t.findUser(key); u != nil {
		return u, nil
	}
	return nil, gone(key)
}

func gone(key string) error {
	return fault.New(fault.NotFound, "Request_ResourceNotFound",
		"Resource '"+key+"' does not exist or one of its queried reference-property objects are not present.", "")
}

// User finds a person by object id or user name; a fault NotFound when there is none.
func (t *Tenant) User(now time.Time, key string) (User, error) {
	t.enter(now)
	defer t.mu.Unlock()
	u, err := t.mustUser(key)
	if err != nil {
		return User{}, err
	}
	return t.viewUser(u), nil
}

// Users gives up to n people after seq, in a stable order, and whether there are more.
func (t *Tenant) Users(now time.Time, after int64, n int) ([]User, bool) {
	t.enter(now)
	defer t.mu.Unlock()
	return page(t.users, after, n, func(u *user) int64 { return u.seq },
		func(u *user) (User, bool) { return t.viewUser(u), true })
}

// UserCount is how many people there are.
func (t *Tenant) UserCount() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.users)
}

func (t *Tenant) viewUser(u *user) User {
	v := User{Seq: u.seq, ID: u.id, UPN: u.upn, Name: u.name, Department: u.dept, Location: u.location, Enabled: u.enabled}
	for _, h := range u.held {
		v.Licenses = append(v.Licenses, t.viewHeld(h))
	}
	return v
}

// SetUsageLocation changes where a person may use licenses.
func (t *Tenant) SetUsageLocation(now time.Time, key, location string) (User, error) {
	t.enter(now)
	defer t.mu.Unlock()
	u, err := t.mustUser(key)
	if err != nil {
		return User{}, err
	}
	if len(location) != 2 {
		return User{}, badRequest("Invalid value specified for property 'usageLocation' of resource 'User'.")
	}
	u.location = strings.ToUpper(location)
	u.located = t.now.Add(t.between(0, t.rules.locationLag, "location", u.upn))
	t.touch(u)
	return t.viewUser(u), nil
}

// DeleteUser removes a person for good: what a membership removal without /$ref does to those who may.
func (t *Tenant) DeleteUser(now time.Time, key string) (User, error) {
	t.enter(now)
	defer t.mu.Unlock()
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
		m.group.drop(m)
	}
	u.groups = nil
	for len(u.held) > 0 {
		t.revoke(u, u.held[0].prod, u.held[0].by) // one product may be held directly and by groups, and counts once
	}
	u.deleted = true
	t.evaluate(u)
	delete(t.byUPN, strings.ToLower(u.upn))
	t.users = removeSeq(t.users, u.seq, func(u *user) int64 { return u.seq })
	t.touch(u)
}

func (t *Tenant) mustGroup(id string) (*group, error) {
	if g := t.groupID[strings.ToLower(id)]; g != nil {
		return g, nil
	}
	return nil, gone(id)
}

// Group finds a group by id; a fault NotFound when there is none.
func (t *Tenant) Group(now time.Time, id string) (Group, error) {
	t.enter(now)
	defer t.mu.Unlock()
	g, err := t.mustGroup(id)
	if err != nil {
		return Group{}, err
	}
	return t.viewGroup(g), nil
}

// Groups gives up to n groups after seq, and whether there are more.
func (t *Tenant) Groups(now time.Time, after int64, n int) ([]Group, bool) {
	t.enter(now)
	defer t.mu.Unlock()
	return page(t.groups, after, n, func(g *group) int64 { return g.seq },
		func(g *group) (Group, bool) { return t.viewGroup(g), true })
}

func (t *Tenant) viewGroup(g *group) Group {
	v := Group{Seq: g.seq, ID: g.id, Name: g.name, Dynamic: g.dynamic, Synced: g.synced, RoleAssignable: g.roleAssignable,
		Restricted: g.restricted, MailEnabled: g.mail || g.unified, Unified: g.unified, Created: g.created, Members: len(g.members)}
	for _, p := range g.licenses {
		v.Licenses = append(v.Licenses, t.viewSKU(p))
	}
	return v
}

// CreateGroup makes an empty assigned security group.
func (t *Tenant) CreateGroup(now time.Time, name string) (Group, error) {
	t.enter(now)
	defer t.mu.Unlock()
	if strings.TrimSpace(name) == "" {
		return Group{}, badRequest("A value is required for property 'displayName' of resource 'Group'.")
	}
	g := &group{seq: t.next(), id: t.newID("group", name), name: name, created: t.now}
	t.addGroup(g)
	return t.viewGroup(g), nil
}

// DeleteGroup removes a group for good: its members lose what came with it, and nothing is assigned to it any more.
func (t *Tenant) DeleteGroup(now time.Time, id string) error {
	t.enter(now)
	defer t.mu.Unlock()
	g, err := t.mustGroup(id)
	if err != nil {
		return err
	}
	if g.synced || g.roleAssignable || g.restricted {
		return g.accepts()
	}
	reaches := func(a assigned) bool { return a.group == g }
	for _, p := range g.policies {
		p.to = slices.DeleteFunc(p.to, reaches)
	}
	for _, s := range g.settings {
		s.to = slices.DeleteFunc(s.to, reaches)
	}
	for _, m := range slices.Clone(g.members) {
		t.quit(m.user, g)
	}
	delete(t.groupID, lower(g.id))
	t.groups = removeSeq(t.groups, g.seq, func(g *group) int64 { return g.seq })
	return nil
}

func (t *Tenant) addGroup(g *group) {
	t.groups = append(t.groups, g)
	t.groupID[strings.ToLower(g.id)] = g
}

// newID numbers the things of one name, since names need not be unique.
func (t *Tenant) newID(kind, name string) string {
	key := kind + "\x00" + strings.ToLower(name)
	t.created[key]++
	if n := t.created[key]; n > 1 {
		return t.idFor(kind, name+"#"+itoa(n))
	}
	return t.idFor(kind, name)
}

func badRequest(msg string) error { return fault.New(fault.Invalid, "Request_BadRequest", msg, "") }
