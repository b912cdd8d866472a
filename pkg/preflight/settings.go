package preflight

import (
	"cmp"
	"context"
	"strings"

	"wave365/pkg/graph"
)

// settings checks which user settings reach the target groups. A group that none reaches is fine: the run makes one.
func (c *check) settings(context.Context) error {
	used := map[string]bool{}
	for i := range c.rows {
		used[fold(c.rows[i].target.GroupID)] = true
	}
	told := map[string]bool{}
	for i := range c.rows {
		r := &c.rows[i]
		if r.target.GroupID == "" {
			continue
		}
		reach, name := c.reach[fold(r.target.GroupID)].settings, cmp.Or(r.target.GroupName, r.target.GroupID)
		switch {
		case len(reach) == 0:
		case len(reach) > 1:
			var n []string
			for _, s := range reach {
				n = append(n, s.DisplayName)
			}
			c.flag("setting.conflict", r, "policy", name, "several user settings reach group "+name+": "+strings.Join(n, ", ")+"; which one wins is not documented")
		case !strings.EqualFold(reach[0].ProvisioningSourceType, graph.SourceSnapshot):
			c.flag("setting.not-snapshot", r, "policy", reach[0].DisplayName, "user setting "+reach[0].DisplayName+" reaches group "+name+" and does not say snapshot: the Cloud PC would be built from the image")
		case !told[reach[0].ID]:
			told[reach[0].ID] = true
			for _, g := range reach[0].GroupIDs {
				if !used[fold(g)] {
					c.flagWave("setting.shared-with-others", reach[0].DisplayName, "user setting "+reach[0].DisplayName+" also reaches groups that are not in this wave")
					break
				}
			}
		}
	}
	return nil
}
