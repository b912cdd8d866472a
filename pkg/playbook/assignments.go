package playbook

import (
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/rules"
)

// assignments reads policies and user settings once for all rows together, as often as their age matters: a drift of a
// setting is found before a cut-over that is more than two minutes later, at a call in two minutes for a wave of any size.
// Safe for concurrent use.
type assignments struct {
	graph Graph
	clock Clock
	// giveWay is called with the settings when several of this tool's reach one group.
	giveWay func(context.Context, []graph.UserSetting) error

	// turn holds one token: the goroutine that takes it may read and write what follows. A channel rather than a mutex,
	// because the calls are made while it is held, and waiting for them must count as waiting in virtual time.
	turn       chan struct{}
	at         time.Time // of the settings
	policiesAt time.Time
	policies   []graph.ProvisioningPolicy
	settings   []graph.UserSetting
	shared     bool // several of this tool's settings reach one group, for now
}

// A cut-over cannot be reversed: the settings it relies on are at most linkAge old. What comes before it, and policies,
// whose drift prevents a Cloud PC rather than making a wrong one, may rely on older ones.
const (
	linkAge   = 2 * time.Minute
	earlyAge  = 5 * time.Minute
	policyAge = 10 * time.Minute
)

func (a *assignments) read(ctx context.Context, age time.Duration) ([]graph.ProvisioningPolicy, []graph.UserSetting, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, nil, fault.Wrap(fault.Interrupted, "", "stopped while reading policies and settings", "", ctx.Err())
	}
	now := a.clock.Now()
	if a.policiesAt.IsZero() || now.Sub(a.policiesAt) >= policyAge {
		policies, err := a.graph.ProvisioningPolicies(ctx)
		if err != nil {
			return nil, nil, err
		}
		a.policiesAt, a.policies = now, policies
	}
	if a.shared {
		age = min(age, half)
	}
	if a.at.IsZero() || now.Sub(a.at) >= age {
		settings, err := a.graph.UserSettings(ctx)
		if err != nil {
			return nil, nil, err
		}
		if a.shared = shared(settings); a.shared {
			if err := a.giveWay(ctx, settings); err != nil {
				return nil, nil, err
			}
		}
		a.at, a.settings = now, settings
	}
	return a.policies, a.settings, nil
}

// targetingIntact checks that what decides about the row's Cloud PC is as it was validated: the policy is assigned to the
// row's group, and the only user setting that reaches that group says snapshot. It returns that setting's id when it is,
// else the row's result.
func (b *Playbook) targetingIntact(ctx context.Context, r migration.Row) (settingID string, s stop, err error) {
	age := earlyAge
	if r.Step == migration.StepCutover {
		age = linkAge
	}
	policies, settings, err := b.assignments.read(ctx, age)
	if err != nil {
		s, err = stopWith(b.readFailed(r, err, "check.failed", "read policies and user settings"))
		return "", s, err
	}
	if s, err := b.groupGone(ctx, r); s != nil || err != nil {
		return "", s, err
	}
	id, problem := targeting(r.Target, policies, settings)
	if problem != nil && problem.Code == "setting.conflict" {
		if s := b.sharedSetting(r, rules.Reaching(settings, r.Target.GroupID), *problem); s != nil {
			return "", s, nil
		}
	}
	if problem != nil {
		res := migration.Failure(r.Facts, *problem)
		return "", &res, nil
	}
	return id, nil, nil
}

// groupGone gives the result of a row whose group was not there when it was looked for last; nil: it was. A group that was
// only just made may not show yet, so the row fails when two looks, apart in time, say the same.
func (b *Playbook) groupGone(ctx context.Context, r migration.Row) (stop, error) {
	id := strings.ToLower(r.Target.GroupID)
	seen, gone := b.recent.deleted.since(id)
	if !gone {
		return nil, nil
	}
	if b.clock.Now().Sub(seen) > apart/2 {
		answers, err := b.graph.Groups(ctx, []string{id})
		if err == nil {
			err = answers[0].Err
		}
		if err == nil {
			b.recent.deleted.there(id)
			return nil, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return stopWith(b.readFailed(r, err, "check.failed", "read group "+r.Target.GroupName))
		}
		b.recent.deleted.note(id, b.clock.Now())
	}
	p := migration.Problem{
		Code: "group.not-found", Message: "group " + r.Target.GroupName + " was deleted",
		Hint:     "assign the policy to another group, and run a wave file of the rows that are left; or restore the group in Entra ID > Deleted groups, then retry",
		Commands: retry(),
	}
	res := b.confirmTwice(r, r.Facts, p.Message, func(f migration.Facts) migration.Result { return migration.Failure(f, p) })
	return &res, nil
}

// groupMissed reads a row's group when a call about its members was answered with "not found", which may mean the user as
// well. It returns the row's result when the group is gone; nil: it exists, or err means something else.
func (b *Playbook) groupMissed(ctx context.Context, r migration.Row, err error) (stop, error) {
	if !fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	b.recent.deleted.suspect(r.Target.GroupID) // users that were not looked up yet are looked up now
	return b.groupGone(ctx, r)
}

// targeting is the rule behind targetingIntact.
func targeting(t migration.Target, policies []graph.ProvisioningPolicy, settings []graph.UserSetting) (settingID string, p *migration.Problem) {
	i := slices.IndexFunc(policies, func(p graph.ProvisioningPolicy) bool { return strings.EqualFold(p.ID, t.PolicyID) })
	if i < 0 {
		return "", &migration.Problem{
			Code: "policy.not-found", Message: "provisioning policy " + t.PolicyName + " has disappeared since validation",
			Hint:     "a policy that is created again is a different one: take back what this row has given, put a policy that is there into the row's line, and run the wave file again; rows that are done are left as they are",
			Commands: []fault.Command{fault.NewCommand("undo", "--row", t.User), fault.NewCommand("run", "WAVE")},
		}
	}
	if !containsFold(policies[i].GroupIDs, t.GroupID) {
		return "", &migration.Problem{
			Code: "policy.not-assigned", Message: "provisioning policy " + t.PolicyName + " is no longer assigned to group " + t.GroupName,
			Hint: "assign the policy to the group again, then retry", Commands: retry(),
		}
	}
	setting, broken := rules.Setting(rules.Reaching(settings, t.GroupID), t.GroupName)
	switch {
	case broken != nil:
		return "", &migration.Problem{Code: broken.Code, Message: broken.Message, Hint: settingRemedy(broken.Code) + ", then retry", Commands: append(rules.SwitchBack(setting, t.GroupName), retry()...)}
	case setting == nil:
		return "", &migration.Problem{
			Code: "setting.not-snapshot", Message: "no user setting reaches group " + t.GroupName + " any more: Cloud PCs would be built from the image",
			Hint: "retry sets up the wave's user setting again", Commands: retry(),
		}
	}
	return setting.ID, nil
}

// settingRemedy describes how to fix a violated rule about user settings.
func settingRemedy(code string) string {
	if code == "setting.conflict" {
		return "leave only the snapshot setting assigned to the group"
	}
	return "set its provisioning source back to snapshot (close after an earlier wave, or a save in the portal, has switched it), or take the group out of its assignment"
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}
