package preflight

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/graph"
	"wave365/pkg/wave"
)

// reach is what a group brings its members. Nested groups do not count: Windows 365 does not support them for
// provisioning policies, and user settings are assigned in the same way.
type reach struct {
	policies []*graph.ProvisioningPolicy
	settings []graph.UserSetting
}

// assignments maps groups (lower case) to what is assigned to them. It includes only policies that could make the Cloud
// PC of a row: those of Windows 365 for dedicated Cloud PCs.
func (c *check) assignments() map[string]reach {
	all := map[string]reach{}
	for i := range c.facts.policies {
		p := &c.facts.policies[i]
		if !dedicated(p) || p.ManagedBy != "" && !strings.Contains(strings.ToLower(p.ManagedBy), "windows365") {
			continue
		}
		for _, g := range p.GroupIDs {
			r := all[fold(g)]
			r.policies = append(r.policies, p)
			all[fold(g)] = r
		}
	}
	for i := range c.facts.settings {
		s := c.facts.settings[i]
		for _, g := range s.GroupIDs {
			r := all[fold(g)]
			r.settings = append(r.settings, s)
			all[fold(g)] = r
		}
	}
	return all
}

func dedicated(p *graph.ProvisioningPolicy) bool {
	return p.ProvisioningType == "" || strings.EqualFold(p.ProvisioningType, graph.ProvisioningDedicated)
}

// memberships reads the members of each group once, several groups at a time, and records in the rows which of them
// their users are in. seen receives each group's members, one group at a time, in no order. unread holds, for each
// group that could not be read, why; the error is for the check as a whole.
func (c *check) memberships(ctx context.Context, groups []string, seen func(group string, members []graph.Member)) (unread []error, err error) {
	errs, done := make([]error, len(groups)), 0
	var mu sync.Mutex
	var reading errgroup.Group
	reading.SetLimit(askers)
	for i, group := range groups {
		reading.Go(func() error {
			members, err := c.tenant.GroupMembers(ctx, group)
			mu.Lock()
			defer mu.Unlock()
			for _, m := range members {
				for _, r := range c.byID[fold(m.ID)] {
					r.groups = append(r.groups, group)
				}
			}
			if errs[i] = err; err == nil {
				seen(group, members)
			}
			done++
			c.progress("groups", done, len(groups))
			return nil
		})
	}
	_ = reading.Wait()
	t := &tally{code: "group.unreadable", things: "groups' members", total: len(groups)}
	for _, err := range errs {
		if end := t.add(err); end != nil {
			return make([]error, len(groups)), c.refused(end, "group members", permissionGroups)
		}
	}
	return errs, nil
}

// in reports whether the row's user is a direct member of that group, as far as its members were read.
func (r *row) in(group string) bool { return slices.Contains(r.groups, fold(group)) }

// elsewhere finds what else reaches a row's user: provisioning policies besides the row's own, through its group or through
// others that the user is in, and user settings through those others. Which setting wins is not documented; of the policies
// it is the one that was assigned first, and the service does not report which that was.
func (c *check) elsewhere(context.Context) error {
	c.eachRow(func(r *row) {
		if r.user == nil || r.policy == nil || r.target.GroupID == "" {
			return
		}
		own := fold(r.target.GroupID)
		groups := slices.DeleteFunc(slices.Clone(r.groups), func(g string) bool { return g == own })
		slices.Sort(groups)
		if dedicated(r.policy) {
			c.otherPolicy(r, append([]string{own}, groups...))
		}
		if len(c.reach[own].settings) < 2 { // else the conflict was reported
			c.otherSetting(r, own, groups)
		}
	})
	return nil
}

// otherPolicy flags the first policy besides the row's own that comes with one of these groups.
func (c *check) otherPolicy(r *row, groups []string) {
	for _, g := range groups {
		for _, p := range c.reach[g].policies {
			if p.ID != r.policy.ID {
				c.flag("policy.ambiguous", r, "policy", p.DisplayName, "policy "+p.DisplayName+" reaches the user too, through group "+c.groupName(g)+
					": of "+p.DisplayName+" and "+r.policy.DisplayName+" the one that was assigned first makes the Cloud PC")
				return
			}
		}
	}
}

// otherSetting flags the settings besides that of the row's group that come with these groups. When all of them say
// snapshot the Cloud PC comes from the snapshot whichever wins, so that is a warning.
func (c *check) otherSetting(r *row, own string, groups []string) {
	var others []string
	safe, seen := true, map[string]bool{}
	for _, s := range c.reach[own].settings {
		seen[s.ID] = true
	}
	for _, g := range groups {
		for _, s := range c.reach[g].settings {
			if seen[s.ID] {
				continue
			}
			seen[s.ID] = true
			source := cmp.Or(s.ProvisioningSourceType, "image")
			others = append(others, s.DisplayName+" ("+source+", through group "+c.groupName(g)+")")
			safe = safe && strings.EqualFold(source, graph.SourceSnapshot)
		}
	}
	if len(others) == 0 {
		return
	}
	c.flag("setting.conflict", r, "user", r.User, "the user is also reached by user setting "+strings.Join(others, " and ")+
		", besides that of group "+r.target.GroupName+"; which one wins is not documented")
	if safe {
		c.last.Severity = wave.Warning
		c.last.Message += "; all of them build from snapshots, but they may differ in what they allow the user"
	}
}

func (c *check) groupName(id string) string { return cmp.Or(c.facts.groups[id].DisplayName, id) }
