package playbook

import (
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// SettingSource is the provisioning source type that a migration needs.
const SettingSource = "snapshot"

// linkCache reads policies and user settings once for all rows together, as often as their age matters: a drift of a
// setting is found before a cut-over that is more than two minutes later, at a call in two minutes for a wave of any size.
// Safe for concurrent use.
type linkCache struct {
	graph Graph
	clock Clock

	// turn holds one token: whoever takes it may read and write what follows. A channel rather than a mutex, because
	// the calls are made while it is held, and waiting for them must count as waiting in virtual time.
	turn       chan struct{}
	at         time.Time // of the settings
	policiesAt time.Time
	policies   []graph.ProvisioningPolicy
	settings   []graph.UserSetting
}

// A cut-over has no way back: the settings it relies on are at most linkAge old. For what comes before, and for policies,
// whose drift keeps a Cloud PC from coming rather than making a wrong one, more is enough.
const (
	linkAge   = 2 * time.Minute
	earlyAge  = 5 * time.Minute
	policyAge = 10 * time.Minute
)

func (c *linkCache) read(ctx context.Context, age time.Duration) ([]graph.ProvisioningPolicy, []graph.UserSetting, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, nil, fault.Wrap(fault.Interrupted, "", "stopped while reading policies and settings", "", ctx.Err())
	}
	now := c.clock.Now()
	if c.policiesAt.IsZero() || now.Sub(c.policiesAt) >= policyAge {
		policies, err := c.graph.ProvisioningPolicies(ctx)
		if err != nil {
			return nil, nil, err
		}
		c.policiesAt, c.policies = now, policies
	}
	if c.at.IsZero() || now.Sub(c.at) >= age {
		settings, err := c.graph.UserSettings(ctx)
		if err != nil {
			return nil, nil, err
		}
		c.at, c.settings = now, settings
	}
	return c.policies, c.settings, nil
}

// linked checks that what will decide about the row's Cloud PC is as it was validated: the policy is assigned to the
// row's group, and the only user setting that reaches that group says snapshot. It gives nil when all is well.
func (b *Book) linked(ctx context.Context, r migration.Row) (*migration.Problem, error) {
	age := earlyAge
	if r.Step == migration.StepCutover {
		age = linkAge
	}
	policies, settings, err := b.links.read(ctx, age)
	if err != nil {
		return nil, err
	}
	return drift(r.Target, policies, settings), nil
}

// drift is the rule behind linked.
func drift(t migration.Target, policies []graph.ProvisioningPolicy, settings []graph.UserSetting) *migration.Problem {
	i := slices.IndexFunc(policies, func(p graph.ProvisioningPolicy) bool { return strings.EqualFold(p.ID, t.PolicyID) })
	if i < 0 {
		return &migration.Problem{
			Code: "policy.not-found", Message: "provisioning policy " + t.PolicyName + " is gone since validation",
			Hint: "restore the policy, or put another one into the wave file, then run `wave365 retry`",
		}
	}
	if !containsFold(policies[i].GroupIDs, t.GroupID) {
		return &migration.Problem{
			Code: "policy.not-assigned", Message: "provisioning policy " + t.PolicyName + " is no longer assigned to group " + t.GroupName,
			Hint: "assign the policy to the group again, then run `wave365 retry`",
		}
	}
	var reach []graph.UserSetting
	for _, s := range settings {
		if containsFold(s.GroupIDs, t.GroupID) {
			reach = append(reach, s)
		}
	}
	switch {
	case len(reach) == 0:
		return &migration.Problem{
			Code: "setting.not-snapshot", Message: "no user setting reaches group " + t.GroupName + " any more: Cloud PCs would be built from the image",
			Hint: "`wave365 resume` sets up the wave's user setting again; then run `wave365 retry`",
		}
	case len(reach) > 1:
		return &migration.Problem{
			Code: "setting.conflict", Message: "several user settings reach group " + t.GroupName + ": " + names(reach) + "; which one wins is not documented",
			Hint: "leave only the snapshot setting assigned to the group, then run `wave365 retry`",
		}
	case !strings.EqualFold(reach[0].ProvisioningSourceType, SettingSource):
		return &migration.Problem{
			Code: "setting.not-snapshot", Message: "user setting " + reach[0].DisplayName + " no longer says snapshot (a save in the portal can reset it): Cloud PCs would be built from the image",
			Hint: "set its provisioning source back to snapshot, then run `wave365 retry`",
		}
	}
	return nil
}

func names(settings []graph.UserSetting) string {
	var n []string
	for _, s := range settings {
		n = append(n, s.DisplayName)
	}
	return strings.Join(n, ", ")
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}
