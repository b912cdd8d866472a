package preflight

import (
	"wave365/pkg/graph"
)

// PlanFacts is what validation read of the tenant besides the rows, for the plan of a run. Ids are in lower case.
type PlanFacts struct {
	// Settings are the user settings that reach a group, by group; what reaches none is not in there.
	Settings map[string][]graph.UserSetting
	// Outsiders are the members of a target group who are not in the wave, by group, as they are shown to people.
	Outsiders map[string][]string
	// Licenses are the tenant's products by id.
	Licenses map[string]graph.SKU
	// Takes is, for each row in the file's order, the product of which it will take a seat; "": none.
	Takes []string
	// Member is, for each row in the file's order, whether the user is in the target group already.
	Member []bool
}

func (c *check) planFacts() PlanFacts {
	a := PlanFacts{Settings: map[string][]graph.UserSetting{}, Outsiders: c.outside, Licenses: map[string]graph.SKU{},
		Takes: make([]string, len(c.rows)), Member: make([]bool, len(c.rows))}
	for group, r := range c.reach {
		if len(r.settings) > 0 {
			a.Settings[group] = r.settings
		}
	}
	for _, s := range c.facts.skus {
		a.Licenses[fold(s.ID)] = s
	}
	for i := range c.rows {
		r := &c.rows[i]
		a.Takes[i] = c.takes(r)
		a.Member[i] = r.target.GroupID != "" && r.in(r.target.GroupID)
	}
	return a
}
