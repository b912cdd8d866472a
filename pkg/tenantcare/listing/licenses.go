package listing

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/preflight/plans"
	"wave365/pkg/wave"
)

// License is a product of the tenant that makes Cloud PCs.
type License struct {
	ID   string `json:"id"`
	SKU  string `json:"sku"`
	Plan string `json:"plan"`
	// Enterprise licenses alone take a migration.
	Enterprise bool `json:"enterprise"`
	// VCPU, RAMGiB and DiskGiB are 0 where unknown.
	VCPU    int `json:"vcpu"`
	RAMGiB  int `json:"ram_gib"`
	DiskGiB int `json:"disk_gib"`
	// Status is the product's: "Enabled", "Warning", "Suspended", …
	Status string `json:"status"`
	Seats  Seats  `json:"seats"`
	// Takers are the users of a wave that name this license, in the file's order; nil without a wave.
	Takers []string `json:"takers,omitempty"`
}

// Seats counts the units of a product.
type Seats struct {
	Enabled   int `json:"enabled"`
	Warning   int `json:"warning"`
	Suspended int `json:"suspended"`
	LockedOut int `json:"locked_out"`
	Assigned  int `json:"assigned"`
	// Free can be assigned now.
	Free int `json:"free"`
}

// Short is how many seats a wave lacks; 0: none.
func (l License) Short() int { return max(0, len(l.Takers)-l.Seats.Free) }

// Licenses are the tenant's products that make Cloud PCs, Enterprise first, then by size and name.
func Licenses(skus []graph.SKU, catalogue []graph.ServicePlan) []License {
	var all []License
	for _, s := range skus {
		found := plans.Of(graph.License{SKUID: s.ID, SKUPartNumber: s.PartNumber, Plans: s.Plans}, catalogue)
		if len(found) == 0 {
			continue
		}
		p := found[0]
		l := License{ID: s.ID, SKU: s.PartNumber, Plan: p.Name, Enterprise: p.Enterprise, DiskGiB: p.DiskGiB, Status: s.Status,
			Seats: Seats{s.Enabled, s.Warning, s.Suspended, s.LockedOut, s.Consumed, s.Free()}}
		l.VCPU, l.RAMGiB = size(p, s.PartNumber, catalogue)
		all = append(all, l)
	}
	slices.SortStableFunc(all, func(a, b License) int {
		if a.Enterprise != b.Enterprise {
			if a.Enterprise {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.DiskGiB, b.DiskGiB), cmp.Compare(a.VCPU, b.VCPU), strings.Compare(a.SKU, b.SKU))
	})
	return all
}

var (
	cores  = regexp.MustCompile(`(?i)(\d+)[ _]*(?:vCPU|C[_/])`)
	memory = regexp.MustCompile(`(?i)(\d+)[ _]*GB`)
)

// size reads vCPU and RAM from the tenant's catalogue, else from the names: the first number before C or vCPU, the first
// before GB.
func size(p plans.Plan, sku string, catalogue []graph.ServicePlan) (vcpu, ram int) {
	for _, s := range catalogue {
		if s.ID != "" && strings.EqualFold(s.ID, p.ID) {
			return s.VCPU, s.RAMGiB
		}
	}
	first := func(re *regexp.Regexp) int {
		for _, name := range []string{p.Name, sku} {
			if m := re.FindStringSubmatch(name); m != nil {
				n, _ := strconv.Atoi(m[1])
				return n
			}
		}
		return 0
	}
	return first(cores), first(memory)
}

// Demand determines which users of a wave would take which license. unknown are the lines whose license the tenant does
// not own.
func Demand(licenses []License, rows []wave.Row) (out []License, unknown []wave.Row) {
	out = slices.Clone(licenses)
	for _, r := range rows {
		if r.License == "" {
			continue
		}
		i := slices.IndexFunc(out, func(l License) bool { return plans.SameSKU(r.License, l.ID, l.SKU) })
		if i < 0 {
			unknown = append(unknown, r)
			continue
		}
		out[i].Takers = append(out[i].Takers, r.User)
	}
	return out, unknown
}
