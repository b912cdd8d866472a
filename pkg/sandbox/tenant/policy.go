package tenant

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"wave365/pkg/sandbox/tenant/props"
	"wave365/pkg/sandbox/tenant/refusal"
)

// Assignable is a provisioning policy or a user setting: its properties, and the groups that it reaches.
type Assignable struct {
	Entry
	Props             props.Props
	Assignments       []Assignment
	Created, Modified time.Time
}

// Assignment is one group that a policy or a setting reaches.
type Assignment struct {
	GroupID string
	Created time.Time
}

// assignable is a policy or a setting inside.
type assignable struct {
	Entry
	props             props.Props
	to                []assigned
	created, modified time.Time
}

// assigned is the internal form of an assignment; order is their sequence.
type assigned struct {
	group   *group
	order   int64
	created time.Time
}

func (x *assignable) key() string { return x.ID }

func (x *assignable) name() string { return x.props.Text("displayName") }

func (x *assignable) view() Assignable {
	v := Assignable{Entry: x.Entry, Props: x.props, Created: x.created, Modified: x.modified, Assignments: make([]Assignment, len(x.to))}
	for i, a := range x.to {
		v.Assignments[i] = Assignment{GroupID: a.group.ID, Created: a.created}
	}
	return v
}

// policy is a provisioning policy.
type policy struct {
	assignable
	conn   *Connection
	hybrid bool
	// lost: it names a network connection that does not exist.
	lost bool
}

func (p *policy) kind() string { return cmp.Or(p.props.Text("provisioningType"), "dedicated") }

// Policies returns up to n policies after seq, and whether there are more.
func (t *Tenant) Policies(now time.Time, after int64, n int) ([]Assignable, bool) {
	return read(t, now, &t.policies, after, n, (*policy).view)
}

// Policy returns the one with that id.
func (t *Tenant) Policy(now time.Time, id string) (Assignable, error) {
	return look(t, now, id, t.mustPolicy, (*policy).view)
}

func (t *Tenant) mustPolicy(id string) (*policy, error) {
	return withID(t.policies, "provisioning policy", id)
}

// withID returns the element of a list with that id; what is the kind of object, for people.
func withID[T interface{ key() string }](list []T, what, id string) (x T, err error) {
	i := slices.IndexFunc(list, func(x T) bool { return strings.EqualFold(x.key(), id) })
	if i < 0 {
		return x, refusal.Missing(what, id)
	}
	return list[i], nil
}

// CreatePolicy creates a policy. displayName, imageId, imageDisplayName and a domain join are required; the documentation's
// own example omits imageType.
func (t *Tenant) CreatePolicy(now time.Time, given props.Props) (Assignable, error) {
	defer t.enter(now)()
	p := &policy{assignable: assignable{created: t.now, modified: t.now, props: props.Props{
		"description": "", "provisioningType": "dedicated", "imageType": "gallery", "enableSingleSignOn": false, "localAdminEnabled": false,
		"userExperienceType": "cloudPc", "managedBy": "windows365", "windowsSetting": map[string]any{"locale": "en-US"},
	}.With(given)}}
	if err := t.check(p); err != nil {
		return Assignable{}, err
	}
	p.Entry = Entry{t.next(), t.newID("policy", p.name())}
	t.policies = append(t.policies, p)
	return p.view(), nil
}

// PatchPolicy changes the given properties. What may not change after creation is refused.
func (t *Tenant) PatchPolicy(now time.Time, id string, given props.Props) (Assignable, error) {
	defer t.enter(now)()
	old, err := t.mustPolicy(id)
	if err != nil {
		return Assignable{}, err
	}
	for _, fixed := range []string{"provisioningType", "userExperienceType"} {
		if v, ok := given[fixed]; ok && v != old.props[fixed] {
			return Assignable{}, refusal.Invalid("invalidRequest", "The property '"+fixed+"' cannot be changed.")
		}
	}
	p := *old
	p.props, p.modified = old.props.With(given), t.now
	if err := t.check(&p); err != nil {
		return Assignable{}, err
	}
	*old = p
	return old.view(), nil
}

// check refuses properties that are not a valid policy, and finds the network connection that it names.
func (t *Tenant) check(p *policy) error {
	join, err := props.CheckPolicy(p.props)
	if err != nil {
		return err
	}
	// Whether a connection is looked up here is documented nowhere, and the documentation's example uses an arbitrary
	// one.
	p.conn, p.hybrid = t.connection(join.Connection), join.Hybrid
	p.lost = join.Connection != "" && p.conn == nil
	return nil
}

// DeletePolicy deletes a policy that nobody uses; else a refusal whose status a knob chooses.
func (t *Tenant) DeletePolicy(now time.Time, id string) error {
	defer t.enter(now)()
	p, err := t.mustPolicy(id)
	if err != nil {
		return err
	}
	inUse := len(p.to) > 0 || slices.ContainsFunc(t.pcs, func(pc *cloudPC) bool { return pc.PolicyID == p.ID })
	if inUse {
		return refusal.Chosen(t.rules.DeletePolicyInUse, "provisioningPolicyInUse", "The provisioning policy is in use.")
	}
	t.policies = without(t.policies, p)
	return nil
}

// AssignPolicy replaces the groups that a policy reaches. The rules are applied at once to those who lose it, or gain
// it.
func (t *Tenant) AssignPolicy(now time.Time, id string, groupIDs []string) error {
	defer t.enter(now)()
	p, err := t.mustPolicy(id)
	if err != nil {
		return err
	}
	return t.reassign(&p.assignable, groupIDs)
}

// reassign replaces the groups that a policy or a setting reaches, and applies the rules to the members of groups added
// or removed.
func (t *Tenant) reassign(x *assignable, groupIDs []string) error {
	to, changed, err := t.assignees(x.to, groupIDs)
	if err != nil {
		return err
	}
	x.to, x.modified = to, t.now
	t.evaluateGroups(changed)
	return nil
}

// assignees returns the new set, keeping what was there, and the groups added or removed.
func (t *Tenant) assignees(old []assigned, ids []string) (to []assigned, changed []*group, err error) {
	keep := map[*group]bool{}
	for _, id := range ids {
		g := t.groupID[lower(id)]
		if g == nil {
			return nil, nil, refusal.Invalid("groupNotFound", "The group '"+id+"' was not found.")
		}
		if keep[g] {
			continue
		}
		keep[g] = true
		if i := slices.IndexFunc(old, func(a assigned) bool { return a.group == g }); i >= 0 {
			to = append(to, old[i])
			continue
		}
		to = append(to, assigned{group: g, order: t.next(), created: t.now})
		changed = append(changed, g)
	}
	for _, a := range old {
		if !keep[a.group] {
			changed = append(changed, a.group)
		}
	}
	return to, changed, nil
}

func (t *Tenant) evaluateGroups(gs []*group) {
	for _, g := range gs {
		for _, m := range slices.Clone(g.members) {
			if t.seen(m) {
				t.evaluate(m.user)
			}
		}
	}
}

// policyFor returns the dedicated policy that was assigned first among those that reach the user now.
func (t *Tenant) policyFor(u *user) *policy {
	var best *policy
	var order int64
	for _, p := range t.policies {
		if p.kind() != "dedicated" {
			continue
		}
		for _, a := range p.to {
			if (best == nil || a.order < order) && t.sees(u, a.group) {
				best, order = p, a.order
			}
		}
	}
	return best
}

// reached reports whether a policy or a setting reaches the user now.
func (t *Tenant) reached(u *user, x *assignable) bool {
	return slices.ContainsFunc(x.to, func(a assigned) bool { return t.sees(u, a.group) })
}

// reaches reports whether the policy with that id still reaches the user.
func (t *Tenant) reaches(policyID string, u *user) bool {
	return slices.ContainsFunc(t.policies, func(p *policy) bool { return p.ID == policyID && t.reached(u, &p.assignable) })
}
