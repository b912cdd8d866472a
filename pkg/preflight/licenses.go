package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// licenses settles for every row which license, which plan and which trigger it has.
func (c *check) licenses(ctx context.Context) error {
	if err := c.readLicenses(ctx); err != nil {
		return err
	}
	for i := range c.rows {
		r := &c.rows[i]
		r.target.Trigger = c.in.Trigger
		if r.target.Trigger == "" {
			r.target.Trigger = migration.TriggerMembership
			if r.License != "" {
				r.target.Trigger = migration.TriggerLicense
			}
		}
		switch {
		case r.License != "":
			c.namedLicense(r)
		case r.user != nil:
			c.heldLicense(r)
		}
		if r.target.Trigger == migration.TriggerLicense && r.License == "" {
			c.flag("license.missing", r, "license", "", "the license is to be assigned last, but the row names none")
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
	const stretch = 200
	for from := 0; from < len(ids); from += stretch {
		part := ids[from:min(from+stretch, len(ids))]
		c.progress("licenses", from, len(ids))
		answers, err := c.tenant.LicenseDetailsOf(ctx, part)
		if err != nil {
			return c.refused(err, "licenses of users", "LicenseAssignment.Read.All")
		}
		for k, a := range answers {
			if a.Err != nil && !fault.Is(a.Err, fault.NotFound) {
				if err := c.refused(a.Err, "licenses of users", "LicenseAssignment.Read.All"); err != nil {
					return err
				}
			}
			for _, i := range at[fold(part[k])] {
				c.rows[i].plans = c.cloudPCLicenses(a.Licenses)
			}
		}
	}
	c.progress("licenses", len(ids), len(ids))
	return nil
}

// cloudPCLicenses keeps the licenses that hold a usable Cloud PC plan.
func (c *check) cloudPCLicenses(all []graph.License) []graph.License {
	return slices.DeleteFunc(slices.Clone(all), func(l graph.License) bool {
		return !slices.ContainsFunc(l.Plans, func(p graph.LicensePlan) bool {
			_, ok := cloudPCPlan(p, l.SKUID, l.SKUPartNumber, c.facts.plans)
			return ok && strings.EqualFold(p.Status, "Success")
		})
	})
}

// namedLicense resolves the license that the row wants assigned.
func (c *check) namedLicense(r *row) {
	if c.facts.skus == nil {
		return
	}
	var hits []graph.SKU
	for _, s := range c.facts.skus {
		if sameSKU(r.License, s.ID, s.PartNumber) {
			hits = append(hits, s)
		}
	}
	switch {
	case len(hits) == 0:
		c.flag("license.unknown-sku", r, "license", r.License, "the tenant does not own a license "+r.License+c.owned())
		return
	case len(hits) > 1:
		c.flag("license.ambiguous", r, "license", r.License, "several of the tenant's licenses are called "+r.License)
		return
	}
	sku := hits[0]
	r.target.SKUID, r.target.SKUName = sku.ID, sku.PartNumber
	var plans []plan
	for _, p := range sku.Plans {
		if cp, ok := cloudPCPlan(p, sku.ID, sku.PartNumber, c.facts.plans); ok {
			plans = append(plans, cp)
		}
	}
	c.settlePlan(r, plans, sku.PartNumber)
	if r.target.Trigger != migration.TriggerLicense {
		return
	}
	for _, l := range r.plans {
		c.flag("user.already-targeted", r, "license", l.SKUPartNumber,
			r.User+" holds "+l.SKUPartNumber+" already: joining the group would start provisioning before the import, so the license cannot come last")
		break
	}
}

// heldLicense finds the plan behind the license that the user holds.
func (c *check) heldLicense(r *row) {
	if len(r.plans) == 0 {
		if r.target.Trigger == migration.TriggerMembership {
			c.flag("license.missing", r, "license", "", r.User+" holds no Windows 365 license, and the row names none")
		}
		return
	}
	var plans []plan
	name := ""
	for _, l := range r.plans {
		for _, p := range l.Plans {
			if cp, ok := cloudPCPlan(p, l.SKUID, l.SKUPartNumber, c.facts.plans); ok && strings.EqualFold(p.Status, "Success") {
				plans, name = append(plans, cp), l.SKUPartNumber
			}
		}
	}
	c.settlePlan(r, plans, name)
}

// settlePlan picks the one Enterprise plan; none or several of different size are errors, never a guess.
func (c *check) settlePlan(r *row, plans []plan, name string) {
	usable := slices.DeleteFunc(slices.Clone(plans), func(p plan) bool { return !p.enterprise })
	if len(usable) == 0 {
		c.flag("license.not-enterprise", r, "license", name, name+" is not a Windows 365 Enterprise license; only those take a migration")
		return
	}
	for _, p := range usable[1:] {
		if p.diskGiB != usable[0].diskGiB {
			c.flag("license.ambiguous", r, "license", name, fmt.Sprintf("%s has several Cloud PC plans with different disks (%d GB and %d GB)", r.User, usable[0].diskGiB, p.diskGiB))
			return
		}
	}
	if usable[0].diskGiB == 0 {
		c.flag("license.ambiguous", r, "license", name, "the disk size of "+name+" is not known: it is in neither the tenant's plans, nor the license table, nor its name")
		return
	}
	r.target.PlanID, r.target.PlanName, r.target.PlanGiB = usable[0].id, usable[0].name, usable[0].diskGiB
}

// owned lists the Windows 365 licenses of the tenant, as a help for a misspelt one.
func (c *check) owned() string {
	var names []string
	for _, s := range c.facts.skus {
		if cloudPCName(s.PartNumber) {
			names = append(names, s.PartNumber)
		}
	}
	if len(names) == 0 {
		return "; it owns no Windows 365 license at all"
	}
	slices.Sort(names)
	return "; it owns " + strings.Join(names, ", ")
}

// seats compares the rows that need a license with its free units, over the whole wave.
func (c *check) seats(context.Context) error {
	free := map[string]int{}
	for _, s := range c.facts.skus {
		if strings.EqualFold(s.Status, "Enabled") {
			free[fold(s.ID)] = max(0, s.Enabled-s.Consumed)
		}
	}
	need := map[string][]*row{}
	for i := range c.rows {
		r := &c.rows[i]
		if r.target.Trigger == migration.TriggerLicense && r.target.SKUID != "" && !c.wrong(r) {
			need[fold(r.target.SKUID)] = append(need[fold(r.target.SKUID)], r)
		}
	}
	for id, rows := range need {
		for _, r := range rows[min(free[id], len(rows)):] {
			c.flag("license.no-seats", r, "license", r.target.SKUName,
				fmt.Sprintf("%d rows need %s and %d seats are free: none is left for this one", len(rows), r.target.SKUName, free[id]))
		}
	}
	return nil
}

// wrong reports whether the row has an error already, so that it will not take a seat.
func (c *check) wrong(r *row) bool {
	for _, list := range [][]finding{c.in.Findings, c.found} {
		for _, f := range list {
			if f.Line == r.Line && f.Severity == severityError {
				return true
			}
		}
	}
	return false
}
