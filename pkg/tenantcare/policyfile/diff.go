package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/graph"
)

// Change is one difference between a policy and its file.
type Change struct {
	Property string `json:"property"`
	// Have is the tenant's value, Want the file's; "" is none.
	Have string `json:"have"`
	Want string `json:"want"`
}

// Merge returns the policy that is to be written, and what changes by it: have with everything the file gives. For a policy
// that does not exist yet have is the zero value. f must be resolved. Problems are properties that cannot be changed any
// more. Objects that the file does not give are not sent, so the service keeps them.
func (f *File) Merge(have graph.ProvisioningPolicy) (want graph.ProvisioningPolicy, changes []Change, problems []Problem) {
	want = have
	want.Extras = graph.PolicyExtras{}
	for _, p := range properties() {
		if p.take == nil || !f.Gives(p.name) {
			continue
		}
		from, to := p.shown(have), p.shown(f.Policy)
		if from != to && !(have.ID == "" && to == "") {
			if p.fixed && have.ID != "" && from != "" {
				problems = append(problems, Problem{f.Line(p.name), p.name, fmt.Sprintf("%s is %s and cannot be changed to %s once the policy exists", p.name, from, to),
					"make a policy of another name"})
				continue
			}
			changes = append(changes, Change{p.name, from, to})
		}
		p.take(&want, f.Policy)
	}
	return want, changes, problems
}

// Differs lists the properties that the file gives and that differ in a policy.
func (f *File) Differs(have graph.ProvisioningPolicy) []string {
	_, changes, problems := f.Merge(have)
	var names []string
	for _, c := range changes {
		names = append(names, c.Property)
	}
	for _, p := range problems {
		names = append(names, p.Property)
	}
	return names
}

// Shows reports whether a policy has every change.
func Shows(p graph.ProvisioningPolicy, changes []Change) bool {
	for _, c := range changes {
		for _, prop := range properties() {
			if prop.name == c.Property && prop.shown(p) != c.Want {
				return false
			}
		}
	}
	return true
}

// shown is a policy's value of a property, in one line; "" stands for none.
func (prop property) shown(p graph.ProvisioningPolicy) string {
	if prop.value == nil {
		return ""
	}
	p.DomainJoin = slices.Clone(p.DomainJoin)
	for i, j := range p.DomainJoin {
		if strings.EqualFold(j.RegionName, "automatic") && j.RegionGroup != "" {
			p.DomainJoin[i].RegionName = "" // the service's own choice
		}
	}
	return flow(prop.value(p))
}

// Properties are the names and values of what a policy has, in the order of a file; groups are left out.
func Properties(p graph.ProvisioningPolicy) []string {
	var pairs []string
	for _, prop := range properties() {
		if v := prop.shown(p); v != "" && prop.take != nil {
			pairs = append(pairs, prop.name, v)
		}
	}
	return pairs
}
