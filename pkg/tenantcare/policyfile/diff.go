package policyfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/graph"
)

// Change is one difference between a policy and its file.
type Change struct {
	Property string `json:"property"`
	// Have is what the tenant has, Want what the file says; "" is none.
	Have string `json:"have"`
	Want string `json:"want"`
}

// Merge is the policy that is to be written, and what changes by it: have with everything the file gives. For a policy that
// does not exist yet have is the zero value. f must be resolved. Problems are properties that cannot be changed any more.
// Objects that the file does not give are not sent, so the service keeps them.
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
				problems = append(problems, Problem{f.line(p.name), p.name, fmt.Sprintf("%s is %s and cannot be changed to %s once the policy exists", p.name, from, to),
					"make a policy of another name"})
				continue
			}
			changes = append(changes, Change{p.name, from, to})
		}
		p.take(&want, f.Policy)
	}
	return want, changes, problems
}

// Differs lists the properties that the file gives and a policy does not have as the file says.
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

// Groups says how the assignment of a policy changes: its groups stay unless remove names them.
type Groups struct {
	// Want is the whole set to be written. Add and Remove are what changes; Stay are assigned, and not in the file.
	Want, Add, Remove, Stay []string
}

// Changed reports whether anything is to be written.
func (g Groups) Changed() bool { return len(g.Add)+len(g.Remove) > 0 }

// MergeGroups is the union of what is assigned and what the file wants, less remove; all are ids. A group that file and
// remove both name is wanted by the file: it stays.
func MergeGroups(have, file, remove []string) Groups {
	has := func(list []string, id string) bool {
		return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, id) })
	}
	var g Groups
	for _, id := range have {
		switch {
		case has(remove, id) && !has(file, id):
			g.Remove = append(g.Remove, id)
			continue
		case !has(file, id):
			g.Stay = append(g.Stay, id)
		}
		g.Want = append(g.Want, id)
	}
	for _, id := range file {
		if !has(g.Want, id) {
			g.Add, g.Want = append(g.Add, id), append(g.Want, id)
		}
	}
	return g
}

func object(pairs ...string) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			parts = append(parts, pairs[i]+": "+pairs[i+1])
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func showJoins(joins []graph.DomainJoin) string {
	var parts []string
	for _, j := range joins {
		if strings.EqualFold(j.RegionName, "automatic") && j.RegionGroup != "" {
			j.RegionName = "" // what the service says when it chose by itself
		}
		parts = append(parts, object("domainJoinType", j.Type, "onPremisesConnectionId", j.ConnectionID, "regionName", j.RegionName, "regionGroup", j.RegionGroup))
	}
	if len(parts) == 0 {
		return ""
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func showAutopilot(a *graph.Autopilot) string {
	if a == nil {
		return ""
	}
	return object("devicePreparationProfileId", a.ProfileID, "applicationTimeoutInMinutes", strconv.Itoa(a.TimeoutMinutes), "onFailureDeviceAccessDenied", strconv.FormatBool(a.DenyOnFailure))
}

// Properties are the names and values of what a policy has, in the order of a file; groups are left out.
func Properties(p graph.ProvisioningPolicy) []string {
	var pairs []string
	for _, prop := range properties() {
		if v := prop.shown(p); v != "" {
			pairs = append(pairs, prop.name, v)
		}
	}
	return pairs
}
