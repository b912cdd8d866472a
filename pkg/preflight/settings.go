package preflight

import (
	"context"
	"strings"

	"wave365/pkg/graph"
)

// settings checks which user settings reach the target groups. A group that none reaches is fine: the run makes one.
func (c *check) settings(context.Context) error {
	if c.facts.settings == nil {
		return nil
	}
	shared := map[string]bool{}
	for i := range c.rows {
		r := &c.rows[i]
		if r.target.GroupID == "" {
			continue
		}
		var reach []graph.UserSetting
		for _, s := range c.facts.settings {
			for _, g := range s.GroupIDs {
				if strings.EqualFold(g, r.target.GroupID) {
					reach = append(reach, s)
				}
			}
		}
		name := cmpOr(r.target.GroupName, r.target.GroupID)
		switch {
		case len(reach) == 0:
		case len(reach) > 1:
			var n []string
			for _, s := range reach {
				n = append(n, s.DisplayName)
			}
			c.flag("setting.conflict", r, "policy", name, "several user settings reach group "+name+": "+strings.Join(n, ", ")+"; which one wins is not documented")
		case !strings.EqualFold(reach[0].ProvisioningSourceType, "snapshot"):
			c.flag("setting.not-snapshot", r, "policy", reach[0].DisplayName, "user setting "+reach[0].DisplayName+" reaches group "+name+" and does not say snapshot: the Cloud PC would be built from the image")
		case !shared[reach[0].ID] && c.foreign(reach[0]):
			shared[reach[0].ID] = true
			c.flagWave("setting.shared-with-others", reach[0].DisplayName, "user setting "+reach[0].DisplayName+" also reaches groups that are not in this wave")
		}
	}
	return nil
}

// foreign reports whether a setting reaches a group that no row of the wave uses.
func (c *check) foreign(s graph.UserSetting) bool {
	for _, g := range s.GroupIDs {
		used := false
		for i := range c.rows {
			used = used || strings.EqualFold(c.rows[i].target.GroupID, g)
		}
		if !used {
			return true
		}
	}
	return false
}
