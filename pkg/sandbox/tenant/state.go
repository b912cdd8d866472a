package tenant

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// State is the content of a tenant, for people and tests.
type State struct {
	Now time.Time
	// Seq is the last number that was assigned to an object.
	Seq int64
	// Users are those who changed since the scenario, with the groups they are in or will be seen in.
	Users       []Person
	Groups      []Group
	Policies    []Assignable
	Settings    []Assignable
	Connections []Connection
	Images      []DeviceImage
	Imports     []Import
	CloudPCs    []CloudPC
	SKUs        []SKU
	Audit       []AuditEvent
	Mails       []Mail
}

// Person is a user with the ids of the groups.
type Person struct {
	User
	Groups []string
}

// State returns the tenant's current state.
func (t *Tenant) State() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := State{Now: t.now, Seq: t.seq, Audit: slices.Clone(t.audit), Mails: slices.Clone(t.mails)}
	for _, u := range slices.SortedFunc(maps.Keys(t.touched), func(a, b *user) int { return cmp.Compare(a.Seq, b.Seq) }) {
		p := Person{User: t.viewUser(u)}
		for _, m := range u.groups {
			p.Groups = append(p.Groups, m.group.ID)
		}
		s.Users = append(s.Users, p)
	}
	s.Groups = views(t.groups, t.viewGroup)
	s.Policies = views(t.policies, (*policy).view)
	s.Settings = views(t.settings, (*setting).view)
	s.Connections = views(t.conns, t.viewConnection)
	s.Images = views(t.images, (*DeviceImage).view)
	s.Imports = views(t.importsInOrder(), t.viewImport)
	s.CloudPCs = views(t.pcs, t.viewPC)
	s.SKUs = views(t.products, t.viewSKU)
	return s
}

func views[T, V any](list []T, view func(T) V) []V {
	out := make([]V, len(list))
	for i, x := range list {
		out[i] = view(x)
	}
	return out
}
