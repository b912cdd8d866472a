// Package plans determines which Cloud PC a license stands for: edition and disk of the service plan behind it, by the
// tenant's own catalogue, the vendor's public list, or the license's name. It does not read anything, and does not
// judge what that means for a wave.
package plans

import (
	"cmp"
	"slices"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/wave"
)

// Plan is a service plan of a license from which a Cloud PC is made.
type Plan struct {
	// ID is the service plan's; empty: only the license's own name identifies it.
	ID, Name string
	// Enterprise plans alone take a migration.
	Enterprise bool
	// DiskGiB is the Cloud PC's disk; 0: not known.
	DiskGiB int
	// Status is that of the plan within a user's license: "Success" is usable; "Disabled" and "Error" are not and will
	// not be; the others are not yet.
	Status string
}

// Usable reports whether a Cloud PC can be made from it now.
func (p Plan) Usable() bool { return strings.EqualFold(p.Status, "Success") }

// Pending reports whether it may become usable by itself.
func (p Plan) Pending() bool { return strings.HasPrefix(strings.ToLower(p.Status), "pending") }

// Of returns the Cloud PC plans of a license, none when it is another product. The tenant's catalogue counts first, by
// the plan's id; then the public list, by plan id, by SKU id and by part number; then the names.
func Of(l graph.License, catalogue []graph.ServicePlan) []Plan {
	var found []Plan
	for _, p := range l.Plans {
		if known, ok := byPlan(p, catalogue); ok {
			found = append(found, known)
		}
	}
	if len(found) > 0 {
		return found
	}
	row, listed := licenseTable().bySKU[strings.ToLower(l.SKUID)]
	if !listed {
		row, listed = licenseTable().byName[plain(l.SKUPartNumber)]
	}
	if !listed && !Named(l.SKUPartNumber) && !slices.ContainsFunc(l.Plans, func(p graph.LicensePlan) bool { return Named(p.Name) }) {
		return nil
	}
	plan := carrier(l)
	if listed {
		return []Plan{{ID: plan.ID, Name: cmp.Or(row.Plan, plan.Name, row.SKU), Enterprise: row.enterprise(), DiskGiB: row.DiskGiB, Status: plan.Status}}
	}
	return []Plan{{
		ID: plan.ID, Name: cmp.Or(plan.Name, l.SKUPartNumber), Status: plan.Status,
		Enterprise: enterpriseName(plan.Name) && enterpriseName(l.SKUPartNumber),
		DiskGiB:    cmp.Or(diskFromName(plan.Name), diskFromName(l.SKUPartNumber)),
	}}
}

// byPlan looks a plan up by its id.
func byPlan(p graph.LicensePlan, catalogue []graph.ServicePlan) (Plan, bool) {
	row, listed := licenseTable().byPlan[strings.ToLower(p.ID)]
	for _, s := range catalogue {
		if strings.EqualFold(s.ID, p.ID) {
			return Plan{ID: s.ID, Name: s.DisplayName, Enterprise: enterprise(s), DiskGiB: cmp.Or(s.StorageGiB, row.DiskGiB, diskFromName(p.Name)), Status: p.Status}, true
		}
	}
	return Plan{ID: row.PlanID, Name: row.Plan, Enterprise: row.enterprise(), DiskGiB: row.DiskGiB, Status: p.Status}, listed
}

// carrier picks the plan within a license of Windows 365 that the Cloud PC hangs on, when its id is not known.
func carrier(l graph.License) graph.LicensePlan {
	for _, p := range l.Plans {
		if Named(p.Name) {
			return p
		}
	}
	if len(l.Plans) == 1 {
		return l.Plans[0]
	}
	return graph.LicensePlan{Status: "Success"}
}

func enterprise(s graph.ServicePlan) bool {
	return strings.EqualFold(s.Type, "enterprise") && (s.ProvisioningType == "" || strings.EqualFold(s.ProvisioningType, "dedicated")) && enterpriseName(s.DisplayName)
}

// SameSKU reports whether a cell of the wave names this product: by id, by part number, or by a part number that is
// written with blanks, commas or underscores in other places.
func SameSKU(cell, id, partNumber string) bool {
	cell = wave.NameKey(cell)
	return cell == strings.ToLower(id) || cell == wave.NameKey(partNumber) || plain(cell) == plain(partNumber)
}

// TooSmall is the license disk rule: the plan's GB, read as GiB, must be at least the disk's virtual size in bytes, as
// its footer has it. Unknown sizes (0) are never too small.
func TooSmall(planGiB int, virtual int64) bool {
	return planGiB > 0 && virtual > int64(planGiB)<<30
}
