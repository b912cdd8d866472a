package closing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/leaving"
	"wave365/pkg/tenantcare/snapshotsetting"
)

// people reports users who were left half-way, who lost the link to the Cloud PC, and who would be built from the image
// from now on.
func (p *Plan) people(x facts.Index) {
	for _, row := range x.Rows {
		switch {
		case row.State != migration.Succeeded:
			p.notMigrated(x, row)
		case !x.Member(row.Target):
			p.leftGroup(row.Target, len(x.CloudPCsOf(row)) > 0)
		}
	}
	for _, g := range x.Groups() {
		p.group(x, g)
	}
}

// leftGroup reports a user who was migrated and is no longer in the wave's group.
func (p *Plan) leftGroup(t migration.Target, hasCloudPC bool) {
	if !hasCloudPC {
		p.leave(fault.Command{}, "%s has no Cloud PC of this wave any more, and is not in group %s", t.User, t.GroupName)
		return
	}
	p.leave(fault.NewCommand("cloudpc show", t.User), "%s is not in group %s any more: the grace period of the Cloud PC has begun", t.User, t.GroupName)
}

// notMigrated reports a user who was not migrated, but for whom something was changed.
func (p *Plan) notMigrated(x facts.Index, row migration.Row) {
	t, changed := row.Target, x.Changed(row)
	var pc graph.CloudPC
	all := x.CloudPCsOf(row)
	if len(all) > 0 {
		pc = all[0]
	}
	switch {
	case len(all) > 0 && pc.Status == graph.StatusFailed && row.State == migration.Skipped:
		p.leave(fault.NewCommand("cloudpc show", t.User), "Cloud PC %s of %s has failed; this run did not make it", pc.DisplayName, t.User)
	case len(all) > 0 && pc.Status == graph.StatusFailed:
		p.failed(x, row, pc)
	case len(changed) == 0:
	case len(all) > 0 && !leaving.Ending(pc) && !leaving.MadeBy(row, pc):
		p.leave(fault.NewCommand("cloudpc show", t.User), "%s has Cloud PC %s, which this run did not make: ask before anything is taken back; it depends on the license and the membership", t.User, pc.DisplayName)
	default:
		p.leave(fault.NewCommand("undo", "--row", t.User).For(x.Run.ID), "%s was not migrated, and of what this run did is left: %s", t.User, strings.Join(changed, ", "))
	}
}

// failed names a retry for a row whose Cloud PC has failed. Where the setting of its group builds from images, or does once
// the run is closed, a retry is refused until the setting is switched to snapshots again.
func (p *Plan) failed(x facts.Index, row migration.Row, pc graph.CloudPC) {
	t, retry := row.Target, fault.NewCommand("retry", "--row", row.Target.User).For(x.Run.ID)
	text := fmt.Sprintf("Cloud PC %s of %s has failed", pc.DisplayName, t.User)
	reaches := func(s graph.UserSetting) bool { return tenantcare.Has(s.GroupIDs, t.GroupID) }
	ensure := func(s graph.UserSetting) []fault.Command {
		return []fault.Command{fault.NewCommand("setting ensure", "--group", cmp.Or(t.GroupName, t.GroupID), "--name", s.DisplayName), retry}
	}
	if i := slices.IndexFunc(p.Switch, reaches); i >= 0 {
		p.Leftovers = append(p.Leftovers, Leftover{What: text + "; retry first, then close. Once closed, a retry takes both commands, in this order", Commands: ensure(p.Switch[i])})
		return
	}
	for _, s := range x.Settings {
		if reaches(s) && !strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot) && strings.HasPrefix(s.DisplayName, x.Marker) {
			p.Leftovers = append(p.Leftovers, Leftover{What: text + "; its user setting builds from the image again, so a retry takes both commands, in this order", Commands: ensure(s)})
			return
		}
	}
	p.leave(retry, "%s", text)
}

// group is about a group of the run: whether it was made for it, and who of its members is not in the wave.
func (p *Plan) group(x facts.Index, g snapshotsetting.Group) {
	members := x.Members[strings.ToLower(g.ID)]
	switch n := len(members); {
	case !x.Made(g.ID) || x.Gone[strings.ToLower(g.ID)]:
	case n == 0:
		p.leave(fault.NewCommand("undo", "--groups").For(x.Run.ID), "group %s was made for this wave, and nobody is in it", g.Name)
	default:
		p.leave(fault.Command{}, "group %s was made for this wave and stays: the Cloud PCs of its members (%d) depend on it", g.Name, n)
	}
	var who []string
	for _, m := range members {
		if m.UPN != "" && !x.Needs.Has(m.ID) && !x.Having[strings.ToLower(m.UPN)] {
			who = append(who, m.UPN)
		}
	}
	if len(who) > 0 {
		p.leave(fault.Command{}, "members of group %s who are not in this wave have no Cloud PC (%d); with a license they get one from the image: %s", g.Name, len(who), some(who))
	}
}
