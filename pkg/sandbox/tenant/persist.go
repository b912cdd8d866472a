package tenant

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"wave365/pkg/fault"
)

// saved is the state that differs from the scenario. It holds no secret: of a signed URL only its end was kept.
type saved struct {
	Version  int
	Tenant   string
	Now      time.Time
	Seq      int64
	Events   events
	Users    []savedUser
	Groups   []savedGroup
	Policies []savedPolicy
	Settings []savedPolicy
	Conns    []savedConn
	Images   []savedImage
	Imports  []savedImport
	CloudPCs []savedPC
	Waiting  map[string][]string // SKU id to user ids
	Created  map[string]int
	Daily    map[string]int
	Audit    []AuditEvent
	Mails    []Mail
}

type savedUser struct {
	ID, Location    string
	Located         time.Time
	Deleted         bool
	Held            []savedHeld
	Groups          []savedMember
	Imports, Builds int
}

type savedHeld struct {
	SKU, By, Err string
	Ready, Since time.Time
	Disabled     []string
}

type savedMember struct {
	Seq     int64
	Group   string
	Visible time.Time
}

type savedGroup struct {
	Seq      int64
	ID, Name string
	Created  time.Time
}

type savedPolicy struct {
	Seq               int64
	ID                string
	Props             Props
	To                []savedAssigned
	Created, Modified time.Time
}

type savedAssigned struct {
	Group   string
	Order   int64
	Created time.Time
}

type savedConn struct {
	ID      string
	Free    int
	Checked time.Time
	Running bool
}

type savedImage struct {
	Seq int64
	DeviceImage
}

type savedImport struct {
	User string
	snapshotFields
}

// snapshotFields lets snapshot be stored without its user.
type snapshotFields snapshot

type savedPC struct {
	User, SKU string
	Seq       int64
	PC        *cloudPC
}

// Snapshot is everything that changed since New. Restore brings it back.
func (t *Tenant) Snapshot() ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := saved{Version: 1, Tenant: t.org.ID, Now: t.now, Seq: t.seq, Events: t.events, Created: t.created, Daily: t.daily,
		Audit: t.audit, Mails: t.mails, Waiting: map[string][]string{}}
	touched := slices.SortedFunc(maps.Keys(t.touched), func(a, b *user) int { return cmp.Compare(a.seq, b.seq) })
	for _, u := range touched {
		su := savedUser{ID: u.id, Location: u.location, Located: u.located, Deleted: u.deleted, Imports: u.imports, Builds: u.builds}
		for _, h := range u.held {
			sh := savedHeld{SKU: h.prod.SKUID, Err: h.err, Ready: h.ready, Since: h.since, Disabled: h.disabled}
			if h.by != nil {
				sh.By = h.by.id
			}
			su.Held = append(su.Held, sh)
		}
		for _, m := range u.groups {
			su.Groups = append(su.Groups, savedMember{Seq: m.seq, Group: m.group.id, Visible: m.visible})
		}
		s.Users = append(s.Users, su)
	}
	for _, g := range t.groups {
		if t.fresh[g.id] {
			s.Groups = append(s.Groups, savedGroup{Seq: g.seq, ID: g.id, Name: g.name, Created: g.created})
		}
	}
	for _, p := range t.policies {
		s.Policies = append(s.Policies, savedPolicy{p.seq, p.id, p.props, saveAssigned(p.to), p.created, p.modified})
	}
	for _, p := range t.settings {
		s.Settings = append(s.Settings, savedPolicy{p.seq, p.id, p.props, saveAssigned(p.to), p.created, p.modified})
	}
	for _, c := range t.conns {
		s.Conns = append(s.Conns, savedConn{c.id, c.free, c.checked, c.running})
	}
	for _, i := range t.images {
		s.Images = append(s.Images, savedImage{i.seq, i.DeviceImage})
	}
	for _, im := range t.importsInOrder() {
		s.Imports = append(s.Imports, savedImport{im.user.id, snapshotFields(*im)})
	}
	for _, pc := range t.pcs {
		s.CloudPCs = append(s.CloudPCs, savedPC{pc.user.id, pc.prod.SKUID, pc.seq, pc})
	}
	for _, p := range t.products {
		for _, u := range p.waiting {
			s.Waiting[p.SKUID] = append(s.Waiting[p.SKUID], u.id)
		}
	}
	return json.Marshal(s)
}

func saveAssigned(to []assigned) []savedAssigned {
	var out []savedAssigned
	for _, a := range to {
		out = append(out, savedAssigned{a.group.id, a.order, a.created})
	}
	return out
}

// Restore brings back what Snapshot gave, into a new tenant of the same scenario and seed. What time did meanwhile
// happens at the next look. A state of another tenant is a fault Invalid, and the tenant is then not to be used.
func (t *Tenant) Restore(b []byte) error {
	var s saved
	if err := json.Unmarshal(b, &s); err != nil {
		return fault.Wrap(fault.Invalid, "sandbox.state", "the tenant's saved state cannot be read", "start with an empty state folder", err)
	}
	if s.Version == 0 {
		return nil
	}
	if s.Version != 1 || s.Tenant != t.org.ID {
		return fault.New(fault.Invalid, "sandbox.state", "the saved state belongs to another tenant or version", "start with an empty state folder")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r := restorer{t: t}
	for _, g := range s.Groups {
		t.addGroup(&group{seq: g.Seq, id: g.ID, name: g.Name, created: g.Created})
		t.fresh[g.ID] = true
	}
	r.users(s.Users)
	r.policies(s.Policies)
	r.settings(s.Settings)
	for _, sc := range s.Conns {
		if c := t.connection(sc.ID); c != nil {
			c.free, c.checked, c.running = sc.Free, sc.Checked, sc.Running
		}
	}
	t.images = nil
	for _, i := range s.Images {
		t.images = append(t.images, &deviceImage{i.Seq, i.DeviceImage})
	}
	r.imports(s.Imports)
	r.cloudPCs(s.CloudPCs, s.Waiting)
	if r.lost != "" {
		return fault.New(fault.Invalid, "sandbox.state", "the saved state names "+r.lost+", which the scenario does not have",
			"the scenario was edited: start with an empty state folder")
	}
	t.now, t.seq, t.events, t.audit, t.mails = s.Now, s.Seq, s.Events, s.Audit, s.Mails
	t.created, t.daily = orEmpty(s.Created), orEmpty(s.Daily)
	t.rescheduleExpiry()
	return nil
}

// rescheduleExpiry lets imports expire as the knobs say now: they may have changed while the state was kept.
func (t *Tenant) rescheduleExpiry() {
	t.events = slices.DeleteFunc(t.events, func(e event) bool { return e.Kind == importExpires })
	for _, s := range t.importsInOrder() {
		if t.rules.importExpires > 0 && s.Status == ImportSucceeded && s.Usage == NotUsed {
			t.events = append(t.events, event{At: s.Ended.Add(t.rules.importExpires), Kind: importExpires, Key: lower(s.user.id), N: s.N})
		}
	}
	heap.Init(&t.events)
}

func orEmpty(m map[string]int) map[string]int {
	if m == nil {
		return map[string]int{}
	}
	return m
}
