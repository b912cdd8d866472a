package tenant

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/catalog"
	"wave365/pkg/sandbox/tenant/refusal"
)

func lower(s string) string { return strings.ToLower(s) }

type product struct {
	catalog.Product
	units         Units
	used, holders int
	status        string
	// lingering is how many Cloud PCs of this product are in grace or being removed while their license is already
	// removed.
	lingering int
	waiting   []*user
}

// Units are the seats of a product by the state of their subscription.
type Units struct{ Enabled, Warning, Suspended, LockedOut int }

// free returns how many seats can be assigned: those in warning still can; a subscription that is suspended, locked out
// or deleted has none, whatever its numbers.
func (p *product) free() int {
	if p.status != "Enabled" && p.status != "Warning" {
		return 0
	}
	return p.units.Enabled + p.units.Warning - p.used - p.holders
}

// unitsOf returns the seats of a scenario's license, and the state of its subscription.
func unitsOf(l scenario.License) (Units, string) {
	u := Units{Enabled: l.Seats, Warning: l.Warning, Suspended: l.Suspended, LockedOut: l.LockedOut}
	status := l.Status
	switch byState := u.Warning+u.Suspended+u.LockedOut > 0; {
	case status == "" && (u.Enabled > 0 || !byState):
		status = "Enabled"
	case status == "" && u.Warning > 0:
		status = "Warning"
	case status == "" && u.Suspended > 0:
		status = "Suspended"
	case status == "":
		status = "LockedOut"
	case byState:
	case status == "Warning":
		u = Units{Warning: l.Seats}
	case status == "Suspended":
		u = Units{Suspended: l.Seats}
	case status == "LockedOut":
		u = Units{LockedOut: l.Seats}
	}
	return u, status
}

// held is a license that a user has. A non-empty err means the assignment failed and grants nothing.
type held struct {
	prod     *product
	by       *group // nil: direct
	ready    time.Time
	since    time.Time
	disabled []string
	err      string
}

// SKU is a product the tenant owns.
type SKU struct {
	catalog.Product
	Units    Units
	Consumed int
	Status   string
}

// Held is a license as the directory shows it.
type Held struct {
	SKU
	// ByGroup is the id of the group it comes from; empty: direct.
	ByGroup  string
	Since    time.Time
	Disabled []string
	// Error is empty or the reason why the assignment failed, such as CountViolation.
	Error string
	// PlanStatus is the provisioning status of its plan: Success, PendingProvisioning, Disabled or Error.
	PlanStatus string
}

func (t *Tenant) viewSKU(p *product) SKU {
	return SKU{Product: p.Product, Units: p.units, Consumed: p.used + p.holders, Status: p.status}
}

func (t *Tenant) viewHeld(h *held) Held {
	v := Held{SKU: t.viewSKU(h.prod), Since: h.since, Disabled: h.disabled, Error: h.err, PlanStatus: "Success"}
	if h.by != nil {
		v.ByGroup = h.by.ID
	}
	switch {
	case h.err != "":
		v.PlanStatus = "Error"
	case containsFold(h.disabled, h.prod.PlanID):
		v.PlanStatus = "Disabled"
	case h.ready.After(t.now):
		v.PlanStatus = "PendingProvisioning"
	}
	return v
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// SKUs returns the products the tenant owns.
func (t *Tenant) SKUs(now time.Time) []SKU {
	defer t.enter(now)()
	return views(t.products, t.viewSKU)
}

// Plans returns all service plans of Enterprise and Business, which is a catalog, not what the tenant owns.
func (t *Tenant) Plans() []catalog.Product {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := map[string]bool{}
	var out []catalog.Product
	add := func(p catalog.Product) {
		if p.PlanID != "" && !seen[p.PlanID] && (p.Edition == catalog.Enterprise || p.Edition == catalog.Business) {
			seen[p.PlanID] = true
			out = append(out, p)
		}
	}
	for _, p := range catalog.Products() {
		add(p)
	}
	for _, p := range t.products {
		add(p.Product)
	}
	return out
}

// Grant is a request for one license.
type Grant struct {
	SKUID         string
	DisabledPlans []string
}

// AssignLicense adds and removes direct licenses, all or nothing. A license that the user has already is not an error.
func (t *Tenant) AssignLicense(now time.Time, key string, add []Grant, remove []string) (User, error) {
	defer t.enter(now)()
	u, err := t.mustUser(key)
	if err == nil {
		err = t.assign(u, add, remove)
	}
	if err != nil {
		return User{}, err
	}
	return t.viewUser(u), nil
}

func (t *Tenant) assign(u *user, add []Grant, remove []string) error {
	for _, id := range remove {
		p := t.skuID[lower(id)]
		if p == nil {
			return noSKU(id)
		}
		if u.holds(p, nil) == nil {
			return refusal.BadRequest("User does not have a corresponding license.")
		}
	}
	for _, g := range add {
		p := t.skuID[lower(g.SKUID)]
		if p == nil {
			return noSKU(g.SKUID)
		}
		if u.holds(p, nil) != nil {
			continue
		}
		if u.Location == "" || u.located.After(t.now) {
			return refusal.BadRequest("License assignment cannot be done for user with invalid usage location.")
		}
		if u.holdsAny(p) == nil && p.free() <= 0 {
			return refusal.BadRequest("Subscription with SKU " + p.SKUID + " does not have any available licenses.")
		}
	}
	for _, id := range remove {
		t.revoke(u, t.skuID[lower(id)], nil)
	}
	for _, g := range add {
		p := t.skuID[lower(g.SKUID)]
		if h := u.holds(p, nil); h != nil {
			h.disabled = g.DisabledPlans
			continue
		}
		t.grant(u, p, nil, g.DisabledPlans)
	}
	t.touch(u)
	if len(remove) > 0 {
		t.soon(u, t.now.Add(t.licenseLag(u)))
	} else {
		t.evaluate(u)
	}
	return nil
}

func noSKU(id string) error {
	return refusal.BadRequest("License " + id + " does not correspond to a valid company License.")
}

func (t *Tenant) licenseLag(u *user) time.Duration {
	return t.between(0, t.rules.LicenseMost, "license", u.UPN)
}

func (u *user) holds(p *product, by *group) *held {
	for _, h := range u.held {
		if h.prod == p && h.by == by {
			return h
		}
	}
	return nil
}

// holdsAny returns a working assignment of the product, direct or by a group.
func (u *user) holdsAny(p *product) *held {
	for _, h := range u.held {
		if h.prod == p && h.err == "" {
			return h
		}
	}
	return nil
}

// grant assigns a license; one from a group without a free seat or an allowed location is kept as a failed assignment.
func (t *Tenant) grant(u *user, p *product, by *group, disabled []string) {
	h := &held{prod: p, by: by, since: t.now, disabled: disabled}
	if other := u.holdsAny(p); other != nil {
		h.ready = other.ready
	} else if by != nil && p.free() <= 0 {
		h.err = "CountViolation"
	} else {
		p.holders++
		h.ready = t.now.Add(t.licenseLag(u))
	}
	u.held = append(u.held, h)
	if h.err == "" {
		t.soon(u, h.ready)
	}
}

func (t *Tenant) revoke(u *user, p *product, by *group) {
	h := u.holds(p, by)
	if h == nil {
		return
	}
	u.held = slices.DeleteFunc(u.held, func(x *held) bool { return x == h })
	if h.err == "" && u.holdsAny(p) == nil {
		p.holders--
	}
}

// planFor returns the first Enterprise product that works for the user now.
func (t *Tenant) planFor(u *user) *product {
	if ps := t.plansFor(u); len(ps) > 0 {
		return ps[0]
	}
	return nil
}

// plansFor returns the Enterprise products that work for the user now, in the order of their assignment.
func (t *Tenant) plansFor(u *user) []*product {
	var out []*product
	for _, h := range u.held {
		if h.prod.Edition == catalog.Enterprise && !slices.Contains(out, h.prod) && t.viewHeld(h).PlanStatus == "Success" {
			out = append(out, h.prod)
		}
	}
	return out
}

// pcOf returns the user's Cloud PC of a product, or nil.
func (u *user) pcOf(p *product) *cloudPC {
	for _, pc := range u.pcs {
		if pc.prod == p {
			return pc
		}
	}
	return nil
}

func (t *Tenant) works(u *user, p *product) bool {
	for _, h := range u.held {
		if h.prod == p && t.viewHeld(h).PlanStatus == "Success" {
			return true
		}
	}
	return false
}
