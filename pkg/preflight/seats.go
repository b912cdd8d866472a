package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"wave365/pkg/estimate"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/plans"
	"wave365/pkg/wave"
)

// sizes compares every disk with its license.
func (c *check) sizes(context.Context) error {
	c.eachRow(func(r *row) {
		if plans.TooSmall(r.target.PlanGiB, r.target.Disk.Virtual) {
			c.flag("license.disk-too-small", r, "license", gibText(r.target.Disk.Virtual),
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

// seats compares the rows that need a license with its free units, over the whole wave: in file order, the last rows go
// without. Rows with errors take no seat. Seats of a product that is suspended, locked out or deleted cannot be assigned,
// and give no Cloud PC to users who have one; units in their grace period can be assigned, but expire.
func (c *check) seats(context.Context) error {
	if c.facts.unread[readSKUs] {
		return nil
	}
	wrong := c.wrong()
	need, use := map[string][]*row{}, map[string][]*row{}
	c.eachRow(func(r *row) {
		switch sku := c.takes(r); {
		case wrong[r.Line]:
		case sku != "":
			need[sku] = append(need[sku], r)
		default:
			for _, h := range r.held {
				if h.plan.Enterprise && (r.plan == "" || fold(h.plan.ID) == fold(r.plan)) {
					use[fold(h.sku)] = append(use[fold(h.sku)], r)
					break
				}
			}
		}
	})
	for _, s := range c.facts.skus {
		rows, holders := need[fold(s.ID)], use[fold(s.ID)]
		if state, usable := subscriptionState(s.Status); !usable {
			for _, r := range append(holders, rows...) {
				c.flag("license.not-usable", r, "license", s.PartNumber, "the subscription of "+s.PartNumber+" is "+state+": no Cloud PC is provisioned with it")
			}
			continue
		}
		c.grace(s, len(rows), len(rows)+len(holders))
		free := s.Free()
		for _, r := range rows[min(free, len(rows)):] {
			c.flag("license.no-seats", r, "license", s.PartNumber,
				fmt.Sprintf("%d rows need %s and %d of its seats are free: none is left for this row%s", len(rows), s.PartNumber, free, shut(s)))
		}
	}
	return nil
}

// subscriptionState returns the state of a product that cannot be used.
func subscriptionState(status string) (state string, usable bool) {
	switch status {
	case "Suspended":
		return "suspended: it has expired and was not renewed", false
	case "LockedOut":
		return "locked out: it was cancelled or blocked", false
	case "Deleted":
		return "deleted", false
	case "Enabled", "Warning":
		return "", true
	}
	return "in an unknown state (" + cmp.Or(status, "not given") + ")", false
}

// shut describes seats that cannot be assigned because of the state of their subscription.
func shut(s graph.SKU) string {
	if n := s.Suspended + s.LockedOut; n > 0 {
		return fmt.Sprintf(" (%d more are of a subscription that is suspended or locked out)", n)
	}
	return ""
}

// grace warns when rows use units that are in their grace period: those to be taken, or any when the whole product is in it.
func (c *check) grace(s graph.SKU, taken, used int) {
	if s.Status == "Warning" && used > 0 || s.Warning > 0 && taken > max(0, s.Enabled-s.Consumed) {
		c.flagWave("license.in-grace", s.PartNumber, fmt.Sprintf("the subscription of %s has expired and is in its grace period: %d of its seats end with it", s.PartNumber, s.Warning))
	}
}

// daily compares the rows that would be imported with what the service is documented to accept in a day.
func (c *check) daily(context.Context) error {
	limit, n, wrong := cmp.Or(c.in.DailyImports, estimate.DailyImports), 0, c.wrong()
	c.eachRow(func(r *row) {
		if !wrong[r.Line] && !r.done {
			n++
		}
	})
	if n > limit {
		c.flagWave("import.over-daily-limit", fmt.Sprint(n), fmt.Sprintf("%d rows are %d imports, and the service is said to accept about %d of one tenant in a day", n, n, limit))
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

// wrong returns the lines that have an error.
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
