package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/plans"
	"wave365/pkg/wave"
)

// held is a Windows 365 license of a user, or of a group.
type held struct {
	sku, name string
	plan      plans.Plan
	// group is the id of the group that it came with; empty: assigned directly.
	group string
}

// licenses determines for every row which license and which plan it has, and reports what is wrong with them.
func (c *check) licenses(ctx context.Context) error {
	if err := c.readLicenses(ctx); err != nil {
		return err
	}
	for i := range c.rows {
		r := &c.rows[i]
		if r.License != "" {
			c.namedLicense(r)
		} else if r.target.Trigger == migration.TriggerLicense {
			c.flag("license.missing", r, "license", "", "the license is to be assigned last, but the row names none")
		}
		switch {
		case r.user == nil || r.unlicensed:
		case r.target.Trigger == migration.TriggerRelicense:
			c.relicense(r)
		case r.target.Trigger == migration.TriggerLicense:
			c.licenseLast(r)
		default:
			c.membershipLast(r)
		}
	}
	return nil
}

// readLicenses reads what the users of the wave hold, in batches.
func (c *check) readLicenses(ctx context.Context) error {
	var ids []string
	at := map[string][]int{}
	for i := range c.rows {
		if u := c.rows[i].user; u != nil {
			if at[fold(u.ID)] == nil {
				ids = append(ids, u.ID)
			}
			at[fold(u.ID)] = append(at[fold(u.ID)], i)
		}
	}
	t := &tally{code: "license.unreadable", things: "users' licenses", total: len(ids)}
	answers, err := ask(ctx, c, "licenses", ids, t, c.tenant.LicenseDetailsOf, func(a graph.LicenseAnswer) error { return a.Err })
	if err != nil {
		c.eachRow(func(r *row) { r.unlicensed = true })
		return c.refused(err, "licenses of users", "LicenseAssignment.Read.All")
	}
	for k, a := range answers {
		for _, i := range at[fold(ids[k])] {
			r := &c.rows[i]
			r.held, r.unlicensed = c.cloudPCLicenses(r.user, a.Licenses), a.Err != nil
			if a.Err != nil {
				c.unreadable("license.unreadable", r, "user", r.User, a.Err)
			}
		}
	}
	return nil
}

// cloudPCLicenses keeps the Windows 365 licenses among those that a user holds.
func (c *check) cloudPCLicenses(u *graph.User, all []graph.License) []held {
	var found []held
	for _, l := range all {
		for _, p := range plans.Of(l, c.facts.plans) {
			h := held{sku: l.SKUID, name: l.SKUPartNumber, plan: p}
			for _, s := range u.LicenseStates {
				if strings.EqualFold(s.SKUID, l.SKUID) {
					// Held in both ways, the direct one stays when the group goes.
					if h.group = s.AssignedByGroup; h.group == "" {
						break
					}
				}
			}
			found = append(found, h)
		}
	}
	return found
}

// namedLicense resolves the license that the row names.
func (c *check) namedLicense(r *row) {
	if c.facts.unread[readSKUs] {
		return
	}
	var hits []graph.SKU
	var ids []string
	for _, s := range c.facts.skus {
		if fold(s.ID) == fold(r.License) {
			hits = []graph.SKU{s}
			break
		}
		if plans.SameSKU(r.License, s.ID, s.PartNumber) {
			hits, ids = append(hits, s), append(ids, s.ID)
		}
	}
	switch len(hits) {
	case 1:
		r.sku = &hits[0]
		r.target.SKUID, r.target.SKUName = r.sku.ID, r.sku.PartNumber
		c.settlePlan(r, r.License, c.plansOf(*r.sku))
	case 0:
		c.flag("license.unknown-sku", r, "license", r.License, "the tenant does not own a license "+r.License+c.owned(r.License))
	default:
		c.flag("license.ambiguous", r, "license", r.License, fmt.Sprintf("%d of the tenant's products are called %s (%s)", len(hits), r.License, strings.Join(ids, ", ")))
		c.remedy("write the product's id in place of its part number")
	}
}

func (c *check) plansOf(s graph.SKU) []plans.Plan {
	return plans.Of(graph.License{SKUID: s.ID, SKUPartNumber: s.PartNumber, Plans: s.Plans}, c.facts.plans)
}

// leaveLicense is how a user who would be licensed too early gets the membership last instead.
const leaveLicense = "leave the license cell empty, so that the membership comes last"

// licenseLast checks a row whose license closes the last link: until then the user may hold none that could start
// provisioning, and the group that is joined before the import may bring none. A license that is not usable yet may
// become so at any time, so it counts.
func (c *check) licenseLast(r *row) {
	const so = ": the Cloud PC would be started before the snapshot is there"
	for _, h := range r.held {
		if h.plan.Enterprise && (h.plan.Usable() || h.plan.Pending()) {
			c.flag("user.already-targeted", r, "license", h.name, r.User+" holds "+h.name+" already and joins the group before the import"+so)
			if !r.in(r.target.GroupID) && h.plan.Usable() {
				c.remedy(leaveLicense)
			}
			return
		}
	}
	for _, h := range c.groupLicenses(r) {
		if h.plan.Enterprise {
			c.flag("user.already-targeted", r, "group", r.target.GroupName, "group "+r.target.GroupName+" gives its members "+h.name+", and the user joins it before the import"+so)
			c.remedy(leaveLicense)
			return
		}
	}
}

// relicense checks a row whose license is taken away before the import and given back as the cut-over: it must be held
// directly, be the only one that starts a Cloud PC, and the user must not be in the group yet. A user who holds none, and
// whose row names one, gets it last as with the license trigger.
func (c *check) relicense(r *row) {
	starts := slices.DeleteFunc(slices.Clone(r.held), func(h held) bool { return !h.plan.Enterprise || !h.plan.Usable() && !h.plan.Pending() })
	if len(starts) == 0 {
		if r.sku == nil {
			c.flag("license.missing", r, "license", r.License, c.whyUnlicensed(r))
			return
		}
		r.target.Trigger = migration.TriggerLicense
		c.licenseLast(r)
		return
	}
	h := starts[0]
	for _, other := range starts[1:] {
		if !strings.EqualFold(other.sku, h.sku) {
			c.flag("license.ambiguous", r, "license", h.name, r.User+" holds "+h.name+" and "+other.name+": with either of them the Cloud PC would be started before the snapshot is there")
			c.remedy("take one of them away; --trigger relicense takes away and gives back one license")
			return
		}
	}
	switch {
	case h.group != "":
		c.flag("license.from-group", r, "user", h.name, "the license "+h.name+" of "+r.User+" comes from group "+c.groupName(fold(h.group))+", so it cannot be taken away and given back")
		c.last.Severity = wave.Error
		c.remedy("assign the license directly and take the user out of that group, or run the row without --trigger relicense")
		return
	case r.sku != nil && !strings.EqualFold(r.sku.ID, h.sku):
		c.flag("license.ambiguous", r, "license", r.License, r.User+" holds "+h.name+", and the row names "+r.sku.PartNumber)
		c.remedy("leave the license cell empty: with --trigger relicense it is the license that the user holds")
		return
	case r.target.GroupID != "" && r.in(r.target.GroupID):
		c.flag("user.already-targeted", r, "user", r.User, r.User+" is licensed and in group "+c.groupName(fold(r.target.GroupID))+" already: a Cloud PC may be started at any time")
		return
	}
	for _, g := range c.groupLicenses(r) {
		if g.plan.Enterprise {
			c.flag("user.already-targeted", r, "group", r.target.GroupName, "group "+r.target.GroupName+" gives its members "+g.name+", and the user joins it before the import: the Cloud PC would be started before the snapshot is there")
			return
		}
	}
	r.target.SKUID, r.target.SKUName = h.sku, h.name
	c.settlePlan(r, h.name, []plans.Plan{h.plan})
}

// membershipLast checks a row whose membership closes the last link: the user must already hold a usable license, or
// get it with the membership. A user who is a member already leaves nothing to close.
func (c *check) membershipLast(r *row) {
	usable := slices.DeleteFunc(slices.Clone(r.held), func(h held) bool { return !h.plan.Usable() })
	if r.sku != nil {
		usable = slices.DeleteFunc(usable, func(h held) bool { return !strings.EqualFold(h.sku, r.sku.ID) })
	}
	fromGroup := len(usable) == 0
	if fromGroup {
		if usable = c.groupLicenses(r); len(usable) > 0 {
			c.flag("license.from-group", r, "group", r.target.GroupName, "the license "+usable[0].name+" of "+r.User+" comes with group "+r.target.GroupName+": it starts the provisioning together with the membership, and goes with it")
		}
	} else if usable[0].group != "" {
		c.flag("license.from-group", r, "user", usable[0].name, "the license "+usable[0].name+" of "+r.User+" comes from group "+usable[0].group+": it lasts as long as that membership")
	}
	if len(usable) == 0 {
		c.flag("license.missing", r, "license", r.License, c.whyUnlicensed(r))
		return
	}
	if r.sku == nil {
		var all []plans.Plan
		for _, h := range usable {
			all = append(all, h.plan)
		}
		c.settlePlan(r, usable[0].name, all)
	}
	if fromGroup {
		// It is not held before the cut-over, so it must not be looked for then.
		r.target.PlanID = ""
	}
	if r.policy == nil {
		return
	}
	for _, g := range r.policy.GroupIDs {
		if r.in(g) {
			c.flag("user.already-targeted", r, "user", r.User, r.User+" is licensed and in group "+c.groupName(fold(g))+" already: nothing is left to start provisioning with")
			return
		}
	}
}

func (c *check) whyUnlicensed(r *row) string {
	for _, h := range r.held {
		if !h.plan.Usable() {
			return r.User + " holds " + h.name + ", but its Cloud PC plan is " + cmp.Or(h.plan.Status, "in an unknown state") + ", not usable yet"
		}
	}
	if r.License != "" {
		return "the membership is to come last, but " + r.User + " does not hold " + r.License + " yet"
	}
	return r.User + " holds no Windows 365 license, and the row names none"
}

// groupLicenses are the Windows 365 licenses that come with the row's group.
func (c *check) groupLicenses(r *row) []held {
	var found []held
	g := c.facts.groups[fold(r.target.GroupID)]
	for _, id := range g.LicenseSKUs {
		for _, s := range c.facts.skus {
			if !strings.EqualFold(s.ID, id) || r.sku != nil && !strings.EqualFold(r.sku.ID, id) && r.target.Trigger == migration.TriggerMembership {
				continue
			}
			for _, p := range c.plansOf(s) {
				found = append(found, held{sku: s.ID, name: s.PartNumber, plan: p, group: g.ID})
			}
		}
	}
	return found
}

// settlePlan picks the one Enterprise plan; none or several of different size are errors, never a guess.
func (c *check) settlePlan(r *row, name string, all []plans.Plan) {
	usable := slices.DeleteFunc(slices.Clone(all), func(p plans.Plan) bool { return !p.Enterprise })
	if len(usable) == 0 {
		c.flag("license.not-enterprise", r, "license", name, name+" is not a Windows 365 Enterprise license; only those can be used for a migration")
		return
	}
	for _, p := range usable[1:] {
		if p.DiskGiB != usable[0].DiskGiB {
			c.flag("license.ambiguous", r, "license", name, fmt.Sprintf("%s has several Cloud PC plans with different disks (%d GB and %d GB)", r.User, usable[0].DiskGiB, p.DiskGiB))
			return
		}
	}
	if usable[0].DiskGiB == 0 {
		c.flag("license.ambiguous", r, "license", name, "the disk size of "+name+" is not known: it is in neither the tenant's plans, nor the license table, nor its name")
		c.remedy("name a Windows 365 Enterprise license that says its disk, such as CPC_E_2C_8GB_128GB")
		return
	}
	r.plan = usable[0].ID
	r.target.PlanID, r.target.PlanName, r.target.PlanGiB = usable[0].ID, usable[0].Name, usable[0].DiskGiB
}

// owned lists the Windows 365 licenses of the tenant, or the one that a misspelt name was meant to be.
func (c *check) owned(name string) string {
	var names []string
	for _, s := range c.facts.skus {
		if plans.Named(s.PartNumber) {
			names = append(names, s.PartNumber)
		}
	}
	if len(names) == 0 {
		return "; it owns no Windows 365 license at all"
	}
	if why := wave.Mistaken(name, names); why != "" {
		return why
	}
	slices.Sort(names)
	return "; it owns " + strings.Join(names, ", ")
}

// order warns of rows whose membership comes last: their disk is imported before a policy reaches the user, and the
// documented order is policy first.
func (c *check) order(context.Context) error {
	wrong := c.wrong()
	var lines []string
	for i := range c.rows {
		if r := &c.rows[i]; !r.done && !wrong[r.Line] && r.target.Trigger == migration.TriggerMembership && r.policy != nil && r.user != nil {
			lines = append(lines, strconv.Itoa(r.Line))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	const shown = 10
	where := "line "
	if len(lines) > 1 {
		where = "lines "
	}
	where += strings.Join(lines[:min(shown, len(lines))], ", ")
	if len(lines) > shown {
		where += ", …"
	}
	c.flagWave("user.policy-after-import", strconv.Itoa(len(lines)), "disks are imported before their users join the policy's group; the documented order is the other one ("+where+")")
	return nil
}
