package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/preflight/plans"
	"wave365/pkg/wave"
)

// sizes compares every disk with its license.
func (c *check) sizes(context.Context) error {
	c.eachRow(func(r *row) {
		if plans.TooSmall(r.target.PlanGiB, r.target.Disk.Virtual) {
			c.flag("license.disk-too-small", r, "blob", fmt.Sprint(r.target.Disk.Virtual),
				fmt.Sprintf("the disk has %s and %s has %d GB", gibText(r.target.Disk.Virtual), cmp.Or(r.target.SKUName, r.target.PlanName), r.target.PlanGiB))
		}
	})
	return nil
}

func gibText(n int64) string {
	if n%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%.3f GiB", float64(n)/(1<<30))
}

// seats compares the rows that need a license with its free units, over the whole wave: in file order, the last rows
// go without. Rows with errors take no seat. Units of a product that is not in the Enabled state are not free.
func (c *check) seats(context.Context) error {
	if c.facts.unread[readSKUs] {
		return nil
	}
	wrong := c.wrong()
	need := map[string][]*row{}
	c.eachRow(func(r *row) {
		if sku := c.takes(r); sku != "" && !wrong[r.Line] {
			need[sku] = append(need[sku], r)
		}
	})
	for _, s := range c.facts.skus {
		rows, free := need[fold(s.ID)], 0
		if strings.EqualFold(s.Status, "Enabled") {
			free = max(0, s.Enabled-s.Consumed)
		}
		for _, r := range rows[min(free, len(rows)):] {
			c.flag("license.no-seats", r, "license", s.PartNumber,
				fmt.Sprintf("%d rows need %s and %d of its seats are free: none is left for this row", len(rows), s.PartNumber, free))
		}
	}
	return nil
}

// takes is the id of the product of which the row will take a seat, lower case; "" for none.
func (c *check) takes(r *row) string {
	if r.target.Trigger == migration.TriggerLicense {
		return fold(r.target.SKUID)
	}
	if r.user == nil || r.in(r.target.GroupID) || slices.ContainsFunc(r.held, func(h held) bool { return h.plan.Usable() }) {
		return ""
	}
	for _, h := range c.groupLicenses(r) {
		return fold(h.sku)
	}
	return ""
}

// wrong tells the lines that have an error.
func (c *check) wrong() map[int]bool {
	lines := map[int]bool{}
	for _, list := range [][]wave.Finding{c.in.Findings, c.found} {
		for _, f := range list {
			if f.Severity == wave.Error {
				lines[f.Line] = true
			}
		}
	}
	return lines
}
