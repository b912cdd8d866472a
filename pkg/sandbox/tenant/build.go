package tenant

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/catalog"
	"wave365/pkg/sandbox/tenant/props"
	"wave365/pkg/sandbox/tenant/rules"
)

// build makes the tenant from its scenario. It provisions nothing: the story begins in the state of the scenario, and
// the rules are applied to a user when something about them changes.
func (t *Tenant) build(s *scenario.Scenario) error {
	t.buildProducts(s)
	for i := range s.Users {
		if err := t.buildUser(&s.Users[i]); err != nil {
			return err
		}
	}
	if err := t.buildGroups(s); err != nil {
		return err
	}
	if err := t.buildImages(s); err != nil {
		return err
	}
	if err := t.buildConnections(s); err != nil {
		return err
	}
	if err := t.buildPolicies(s); err != nil {
		return err
	}
	for _, f := range s.Fates {
		if err := t.buildFate(f); err != nil {
			return err
		}
	}
	for _, im := range s.Imports {
		if err := t.buildImport(im); err != nil {
			return err
		}
	}
	for _, c := range s.CloudPCs {
		if err := t.buildCloudPC(c); err != nil {
			return err
		}
	}
	clear(t.touched)
	return t.schedule(s.Events, t.start)
}

func unknown(field, name, what string) error {
	return fault.New(fault.Invalid, "scenario.unknown", field+": there is no "+what+" \""+name+"\"", "add it to the scenario or correct the name")
}

func (t *Tenant) buildProducts(s *scenario.Scenario) {
	known := map[string]catalog.Product{}
	for _, p := range catalog.Products() {
		known[lower(p.SKU)] = p
	}
	for _, l := range s.Licenses {
		p, ok := known[lower(l.SKU)]
		if !ok {
			p = catalog.Product{SKU: l.SKU, Plan: l.SKU}
			if l.DiskGiB > 0 {
				p.Edition = edition(l.SKU)
			}
		}
		if t.skuID[lower(p.SKUID)] != nil {
			p.SKUID = "" // the second product of one part number is another product
		}
		p.SKUID = cmp.Or(l.ID, p.SKUID, t.newID("sku", l.SKU))
		p.Plan = cmp.Or(l.Plan, p.Plan, l.SKU)
		p.PlanID = cmp.Or(l.PlanID, p.PlanID, t.idFor("plan", p.Plan))
		p.DiskGiB = cmp.Or(l.DiskGiB, p.DiskGiB)
		x := &product{Product: p, used: l.Used}
		x.units, x.status = unitsOf(l)
		t.products = append(t.products, x)
		t.skuID[lower(p.SKUID)] = x
	}
}

func edition(sku string) string {
	switch s := lower(sku); {
	case strings.HasPrefix(s, "cpc_b") || strings.Contains(s, "business"):
		return catalog.Business
	case strings.HasPrefix(s, "cpc_s") || strings.Contains(s, "_s_") || strings.Contains(s, "frontline"):
		return catalog.Frontline
	}
	return catalog.Enterprise
}

func (t *Tenant) product(sku string) *product {
	return find(t.products, sku, func(p *product) (id, name string) { return p.SKUID, p.SKU })
}

// find returns the object with that id, or that exact name, or that name in another case; nil: none.
func find[T any](list []*T, key string, names func(*T) (id, name string)) *T {
	var exact, folded *T
	for _, x := range list {
		id, name := names(x)
		switch {
		case strings.EqualFold(id, key):
			return x
		case name == key && exact == nil:
			exact = x
		case folded == nil && strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(key)):
			folded = x
		}
	}
	return cmp.Or(exact, folded)
}

func (t *Tenant) fullName(upn string) string {
	if !strings.Contains(upn, "@") && t.org.Domain != "" {
		return upn + "@" + t.org.Domain
	}
	return upn
}

func (t *Tenant) buildUser(su *scenario.User) error {
	u := &user{User: User{Entry: Entry{Seq: t.next()}, UPN: t.fullName(su.UPN), Department: su.Department, Enabled: !su.Disabled,
		Location: cmp.Or(su.Location, "CH")}}
	if u.Location == "none" {
		u.Location = ""
	}
	u.ID = cmp.Or(su.ID, t.idFor("user", u.UPN))
	local, _, _ := strings.Cut(u.UPN, "@")
	u.Name = cmp.Or(su.DisplayName, local)
	if t.byUPN[lower(u.UPN)] != nil || t.byID[lower(u.ID)] != nil {
		return fault.New(fault.Invalid, "scenario.duplicate", "users: "+u.UPN+" is there twice", "remove one of them")
	}
	for _, sku := range su.Licenses {
		p := t.product(sku)
		if p == nil {
			return unknown("users: "+su.UPN, sku, "license")
		}
		p.holders++
		u.held = append(u.held, &held{prod: p, since: t.start, ready: t.start})
	}
	t.users = append(t.users, u)
	t.byID[lower(u.ID)], t.byUPN[lower(u.UPN)] = u, u
	return nil
}

func (t *Tenant) buildGroups(s *scenario.Scenario) error {
	for _, sg := range s.Groups {
		g := &group{Group: Group{Entry: Entry{t.next(), cmp.Or(sg.ID, t.newID("group", sg.Name))}, Name: sg.Name, Dynamic: sg.Dynamic,
			Synced: sg.Synced, RoleAssignable: sg.RoleAssignable, Restricted: sg.Restricted, MailEnabled: sg.MailEnabled || sg.Unified,
			Unified: sg.Unified, Created: t.start}}
		t.addGroup(g)
		for _, sku := range sg.Licenses {
			p := t.product(sku)
			if p == nil {
				return unknown("groups: "+sg.Name, sku, "license")
			}
			g.licenses = append(g.licenses, p)
		}
		for _, name := range sg.Members {
			u, err := t.who("groups: "+sg.Name, name)
			if err != nil {
				return err
			}
			if u.in(g) != nil {
				continue
			}
			t.join(u, g, t.start)
			for _, p := range g.licenses {
				if u.holdsAny(p) == nil {
					p.holders++
				}
				u.held = append(u.held, &held{prod: p, by: g, since: t.start, ready: t.start})
			}
		}
	}
	return nil
}

func (t *Tenant) buildImages(s *scenario.Scenario) error {
	list := catalog.Images()
	if len(s.Images) > 0 {
		list = nil
		for _, i := range s.Images {
			parts := append(strings.SplitN(i.ID, "_", 3), "", "")
			list = append(list, catalog.Image{ID: i.ID, Name: cmp.Or(i.Name, i.ID), Status: cmp.Or(i.Status, "supported"),
				Publisher: parts[0], Offer: parts[1], SKU: parts[2], SizeGB: 64})
		}
	}
	for _, i := range s.SourceImages {
		t.sources[lower(i.ID)] = i.Error
	}
	for _, i := range list {
		t.gallery = append(t.gallery, GalleryImage{Seq: t.next(), Image: i})
	}
	return nil
}

func (t *Tenant) buildConnections(s *scenario.Scenario) error {
	for _, c := range s.Connections {
		ago, err := rules.Duration("connections: "+c.Name+": checked", c.Checked, time.Hour)
		if err != nil {
			return err
		}
		t.conns = append(t.conns, &Connection{Entry: Entry{t.next(), cmp.Or(c.ID, t.newID("connection", c.Name))}, Name: c.Name,
			Health: cmp.Or(c.Health, "passed"), Checked: t.start.Add(-ago), FreeAddresses: max(0, cmp.Or(c.FreeAddresses, 200)), Hybrid: c.Hybrid})
	}
	return nil
}

func (t *Tenant) groupNamed(name string) *group {
	return find(t.groups, name, func(g *group) (id, name string) { return g.ID, g.Name })
}

func (t *Tenant) groupsNamed(field string, names []string) ([]assigned, error) {
	var to []assigned
	for _, name := range names {
		g := t.groupNamed(name)
		if g == nil {
			return nil, unknown(field, name, "group")
		}
		to = append(to, assigned{group: g, order: t.next(), created: t.start})
	}
	return to, nil
}

func (t *Tenant) buildPolicies(s *scenario.Scenario) error {
	for _, sp := range s.Policies {
		p := &policy{assignable: assignable{Entry: Entry{Seq: t.next()}, created: t.start, modified: t.start}}
		join := map[string]any{"domainJoinType": "azureADJoin"}
		if sp.Hybrid {
			join["domainJoinType"], p.hybrid = "hybridAzureADJoin", true
		}
		if sp.Connection != "" {
			i := slices.IndexFunc(t.conns, func(c *Connection) bool { return c.Name == sp.Connection || c.ID == sp.Connection })
			if i < 0 {
				return unknown("policies: "+sp.Name, sp.Connection, "connection")
			}
			p.conn = t.conns[i]
			join["onPremisesConnectionId"] = p.conn.ID
		} else {
			region := cmp.Or(sp.Region, "switzerlandnorth")
			join["regionName"], join["regionGroup"] = region, catalog.RegionGroup(region)
		}
		img := t.gallery[0]
		if sp.Image != "" {
			img.ID, img.Name = sp.Image, sp.Image
			if i := slices.IndexFunc(t.gallery, func(g GalleryImage) bool { return g.ID == sp.Image }); i >= 0 {
				img = t.gallery[i]
			}
		}
		p.props = props.Props{"displayName": sp.Name, "description": "", "provisioningType": cmp.Or(sp.Type, "dedicated"),
			"imageId": img.ID, "imageDisplayName": img.Name, "imageType": "gallery", "domainJoinConfigurations": []any{join},
			"enableSingleSignOn": true, "localAdminEnabled": false, "userExperienceType": "cloudPc", "managedBy": "windows365",
			"windowsSetting": map[string]any{"locale": "en-US"}}
		p.ID = cmp.Or(sp.ID, t.newID("policy", sp.Name))
		var err error
		if p.to, err = t.groupsNamed("policies: "+sp.Name, sp.Groups); err != nil {
			return err
		}
		t.policies = append(t.policies, p)
	}
	for _, ss := range s.Settings {
		x := &setting{assignable{Entry: Entry{Seq: t.next()}, created: t.start, modified: t.start, props: props.SettingDefaults().With(props.Props{"displayName": ss.Name})}}
		if ss.Source != "" {
			x.props["provisioningSourceType"] = ss.Source
		}
		x.ID = cmp.Or(ss.ID, t.newID("setting", ss.Name))
		var err error
		if x.to, err = t.groupsNamed("settings: "+ss.Name, ss.Groups); err != nil {
			return err
		}
		t.settings = append(t.settings, x)
	}
	return nil
}
