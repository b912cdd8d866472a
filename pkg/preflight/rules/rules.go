// Package rules are the rules that validation and the run share: what must be true of a row's user and of the user
// setting of its group, and what in the tenant would block an import. They take what was read and return what is wrong,
// without a remedy, which depends on the caller. It does not read anything.
package rules

import (
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/preflight/plans"
)

// Broken is a rule that is violated, as a finding code and a message for people.
type Broken struct{ Code, Message string }

// Reaching gives the user settings that are assigned to the group.
func Reaching(settings []graph.UserSetting, groupID string) []graph.UserSetting {
	var reach []graph.UserSetting
	for _, s := range settings {
		if slices.ContainsFunc(s.GroupIDs, func(g string) bool { return strings.EqualFold(g, groupID) }) {
			reach = append(reach, s)
		}
	}
	return reach
}

// Setting applies the rule on which a migration rests: exactly one user setting reaches the group, and it says snapshot.
// reach are those that do, as [Reaching] returns them, group is the group's name. It returns that setting; nil with nil
// when none reaches the group, which only the caller can judge.
func Setting(reach []graph.UserSetting, group string) (*graph.UserSetting, *Broken) {
	switch {
	case len(reach) == 0:
		return nil, nil
	case len(reach) > 1:
		names := make([]string, len(reach))
		for i, s := range reach {
			names[i] = s.DisplayName
		}
		return nil, &Broken{"setting.conflict", "several user settings reach group " + group + ": " + strings.Join(names, ", ") + "; which one wins is not documented"}
	case !strings.EqualFold(reach[0].ProvisioningSourceType, graph.SourceSnapshot):
		return &reach[0], &Broken{"setting.not-snapshot", "user setting " + reach[0].DisplayName + " reaches group " + group +
			" and does not build from snapshots: Cloud PCs would be built from the image"}
	}
	return &reach[0], nil
}

// First returns, of several user settings of this tool that reach a group and all say snapshot, the one that stays: the one that
// was created first, and of two that were created at the same time the one with the smaller id. Two runs that begin at the same
// time on one group, from two ledgers, create one each, and both decide in the same way. nil: it is not such a case.
func First(reach []graph.UserSetting) *graph.UserSetting {
	if len(reach) < 2 {
		return nil
	}
	first := &reach[0]
	for i, s := range reach {
		if !strings.HasPrefix(s.DisplayName, OwnSettings) || !strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot) {
			return nil
		}
		if c := s.Created.Compare(first.Created); c < 0 || c == 0 && strings.ToLower(s.ID) < strings.ToLower(first.ID) {
			first = &reach[i]
		}
	}
	return first
}

// OwnSettings begins the names of the user settings that this tool creates.
const OwnSettings = "wave365 "

// SwitchBack is the command that makes a user setting of this tool say snapshot again for a group, after close or a
// person switched it to image; nil for any other setting, which is not this tool's to change.
func SwitchBack(s *graph.UserSetting, group string) []fault.Command {
	if s == nil || !strings.HasPrefix(s.DisplayName, OwnSettings) {
		return nil
	}
	return []fault.Command{fault.NewCommand("setting ensure", "--group", group, "--name", s.DisplayName)}
}

// User returns what is wrong with a user who was looked up by that name; nil: nothing. An answer that is an error other
// than NotFound is for the caller to judge.
func User(name string, a graph.UserAnswer) *Broken {
	switch {
	case fault.Is(a.Err, fault.NotFound):
		return &Broken{"user.not-found", "the tenant has no user " + name}
	case a.Err == nil && !a.User.Enabled:
		return &Broken{"user.disabled", "the account of " + name + " is disabled"}
	}
	return nil
}

// Starts gives, of the licenses that a user holds, the first from which a Cloud PC would be made: an Enterprise plan that
// is usable, or on its way and so usable at any time. nil: none. catalogue may be nil, see [plans.Of].
func Starts(held []graph.License, catalogue []graph.ServicePlan) *graph.License {
	for i, l := range held {
		for _, p := range plans.Of(l, catalogue) {
			if p.Enterprise && (p.Usable() || p.Pending()) {
				return &held[i]
			}
		}
	}
	return nil
}

// InTheWay reports whether a Cloud PC keeps another one from being made under this policy and service plan; an empty plan is
// unknown, and any Cloud PC may block it. "notProvisioned" is not a Cloud PC: it stands for a license whose user no policy
// reaches yet.
func InTheWay(pc graph.CloudPC, policyID, planID string) bool {
	if strings.EqualFold(pc.Status, graph.StatusNotProvisioned) {
		return false
	}
	return planID == "" || strings.EqualFold(pc.ServicePlanID, planID) || strings.EqualFold(pc.ProvisioningPolicyID, policyID)
}
