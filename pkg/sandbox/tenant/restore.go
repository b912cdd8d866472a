package tenant

import (
	"cmp"
	"slices"
	"strings"
)

// restorer puts saved things back and remembers the first name that it did not find.
type restorer struct {
	t    *Tenant
	lost string
}

func (r *restorer) miss(what string) {
	if r.lost == "" {
		r.lost = what
	}
}

func (r *restorer) user(id string) *user {
	u := r.t.byID[lower(id)]
	if u == nil {
		r.miss("user " + id)
	}
	return u
}

func (r *restorer) group(id string) *group {
	g := r.t.groupID[lower(id)]
	if g == nil {
		r.miss("group " + id)
	}
	return g
}

func (r *restorer) product(id string) *product {
	p := r.t.skuID[lower(id)]
	if p == nil {
		r.miss("license " + id)
	}
	return p
}

func (r *restorer) users(list []savedUser) {
	t := r.t
	dirty := map[*group]bool{}
	gone := map[*user]bool{}
	for _, su := range list {
		u := r.user(su.ID)
		if u == nil {
			continue
		}
		for _, m := range u.groups {
			dirty[m.group] = true
		}
		for _, h := range u.held {
			u.countOut(h)
		}
		u.groups, u.held, gone[u] = nil, nil, true
	}
	for g := range dirty {
		g.members = slices.DeleteFunc(g.members, func(m *membership) bool { return gone[m.user] })
	}
	for _, su := range list {
		u := r.user(su.ID)
		if u == nil {
			continue
		}
		u.location, u.located, u.deleted, u.imports, u.builds = su.Location, su.Located, su.Deleted, su.Imports, su.Builds
		for _, sm := range su.Groups {
			if g := r.group(sm.Group); g != nil {
				m := &membership{seq: sm.Seq, user: u, group: g, visible: sm.Visible}
				u.groups = append(u.groups, m)
				g.members = append(g.members, m)
				dirty[g] = true
			}
		}
		for _, sh := range su.Held {
			if p := r.product(sh.SKU); p != nil {
				h := &held{prod: p, ready: sh.Ready, since: sh.Since, disabled: sh.Disabled, err: sh.Err}
				if sh.By != "" {
					h.by = r.group(sh.By)
				}
				if h.err == "" && u.holdsAny(p) == nil {
					p.holders++
				}
				u.held = append(u.held, h)
			}
		}
		if u.deleted {
			delete(t.byUPN, lower(u.upn))
			t.users = removeSeq(t.users, u.seq, func(u *user) int64 { return u.seq })
		}
		t.touch(u)
	}
	for g := range dirty {
		slices.SortFunc(g.members, func(a, b *membership) int { return cmp.Compare(a.seq, b.seq) })
	}
}

// countOut takes a license out of the seat count when it is the last working one of its product.
func (u *user) countOut(h *held) {
	u.held = slices.DeleteFunc(slices.Clone(u.held), func(x *held) bool { return x == h })
	if h.err == "" && u.holdsAny(h.prod) == nil {
		h.prod.holders--
	}
}

func (r *restorer) assigned(list []savedAssigned) []assigned {
	var to []assigned
	for _, a := range list {
		if g := r.group(a.Group); g != nil {
			to = append(to, assigned{group: g, order: a.Order, created: a.Created})
		}
	}
	return to
}

func (r *restorer) policies(list []savedPolicy) {
	for _, g := range r.t.groups {
		g.policies = nil
	}
	r.t.policies = nil
	for _, sp := range list {
		p := &policy{seq: sp.Seq, id: sp.ID, props: sp.Props, created: sp.Created, modified: sp.Modified, to: r.assigned(sp.To)}
		if err := r.t.check(p); err != nil {
			r.miss("a connection of policy " + p.name())
		}
		for _, a := range p.to {
			a.group.policies = append(a.group.policies, p)
		}
		r.t.policies = append(r.t.policies, p)
	}
}

func (r *restorer) settings(list []savedPolicy) {
	for _, g := range r.t.groups {
		g.settings = nil
	}
	r.t.settings = nil
	for _, sp := range list {
		s := &setting{seq: sp.Seq, id: sp.ID, props: sp.Props, created: sp.Created, modified: sp.Modified, to: r.assigned(sp.To)}
		for _, a := range s.to {
			a.group.settings = append(a.group.settings, s)
		}
		r.t.settings = append(r.t.settings, s)
	}
}

func (r *restorer) imports(list []savedImport) {
	for _, u := range r.t.users {
		u.imp = nil
	}
	clear(r.t.imports)
	for _, si := range list {
		s := snapshot(si.snapshotFields)
		if s.user = r.user(si.User); s.user != nil {
			s.user.imp, r.t.imports[s.ID] = &s, &s
		}
	}
}

func (r *restorer) cloudPCs(list []savedPC, waiting map[string][]string) {
	t := r.t
	for _, u := range t.users {
		u.pcs = nil
	}
	t.pcs = nil
	clear(t.pcID)
	for _, p := range t.products {
		p.lingering = 0
		p.waiting = nil
		for _, id := range waiting[p.SKUID] {
			if u := r.user(id); u != nil {
				p.waiting = append(p.waiting, u)
			}
		}
	}
	for _, sp := range list {
		pc := sp.PC
		pc.seq, pc.user, pc.prod = sp.Seq, r.user(sp.User), r.product(sp.SKU)
		if pc.user == nil || pc.prod == nil {
			continue
		}
		if pc.Lingers {
			pc.prod.lingering++
		}
		pc.user.pcs = append(pc.user.pcs, pc)
		t.pcs = append(t.pcs, pc)
		t.pcID[strings.ToLower(pc.ID)] = pc
	}
}
