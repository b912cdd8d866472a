package preflight

import (
	"cmp"
	"context"

	"wave365/pkg/preflight/rules"
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
		setting, broken := rules.Setting(reach, name)
		switch {
		case broken != nil:
			c.flag(broken.Code, r, "policy", name, broken.Message)
			if back := rules.SwitchBack(setting, name); back != nil && !r.done {
				c.remedy("the close of an earlier wave, or a person, switched it to image: switch it back to snapshot")
				c.last.Commands = back
			}
		case setting == nil:
		case !told[setting.ID]:
			told[setting.ID] = true
			for _, g := range setting.GroupIDs {
				if !used[fold(g)] {
					c.flagWave("setting.shared-with-others", setting.DisplayName, "user setting "+setting.DisplayName+" also reaches groups that are not in this wave")
					break
				}
			}
		}
	}
	return nil
}
