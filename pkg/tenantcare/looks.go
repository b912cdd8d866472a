package tenantcare

import (
	"context"
	"slices"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// Look checks whether an effect exists. id is the service's id of it; seen describes for people how it was found.
type Look func(ctx context.Context) (id, seen string, ok bool, err error)

// Sees is a look at one object: read returns it, is reports whether it is as intended. id and seen are the look's results.
func Sees[T any](id, seen string, read func(ctx context.Context) (T, error), is func(T) bool) Look {
	return func(ctx context.Context) (string, string, bool, error) {
		now, err := read(ctx)
		return id, seen, err == nil && is(now), err
	}
}

// The codes of objects that were found before, and have been deleted since.
const (
	CodePolicyGone  = "policy.not-found"
	CodeSettingGone = "setting.not-found"
)

// Policies reads the provisioning policies; *graph.Client does.
type Policies interface {
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
}

// Policy is the policy of an id. The fault is NotFound ([CodePolicyGone]) when there is none any more.
func Policy(ctx context.Context, t Policies, id string) (graph.ProvisioningPolicy, error) {
	all, err := t.ProvisioningPolicies(ctx)
	if err != nil {
		return graph.ProvisioningPolicy{}, err
	}
	return ByID("policy", CodePolicyGone, id, all, func(p graph.ProvisioningPolicy) string { return p.ID })
}

// Settings reads the user settings; *graph.Client does.
type Settings interface {
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
}

// Setting is the user setting of an id. The fault is NotFound ([CodeSettingGone]) when there is none any more.
func Setting(ctx context.Context, t Settings, id string) (graph.UserSetting, error) {
	all, err := t.UserSettings(ctx)
	if err != nil {
		return graph.UserSetting{}, err
	}
	return ByID("user setting", CodeSettingGone, id, all, func(s graph.UserSetting) string { return s.ID })
}

// Groups reads the ids of the groups that one policy, or one user setting, is assigned to now.
type Groups func(ctx context.Context) ([]string, error)

// PolicyGroups are those of a policy; the errors are those of [Policy].
func PolicyGroups(t Policies, id string) Groups {
	return func(ctx context.Context) ([]string, error) {
		p, err := Policy(ctx, t, id)
		return p.GroupIDs, err
	}
}

// SettingGroups are those of a user setting; the errors are those of [Setting].
func SettingGroups(t Settings, id string) Groups {
	return func(ctx context.Context) ([]string, error) {
		s, err := Setting(ctx, t, id)
		return s.GroupIDs, err
	}
}

// Reassign is the write that changes what the target of w is assigned to. want computes the new set from the assignments
// at that moment, so that concurrent changes by others are kept, and reports whether it differs.
func Reassign(w migration.Write, seen string, groups Groups, assign func(ctx context.Context, id string, groupIDs []string) error, want func(now []string) (groupIDs []string, changed bool)) Effect {
	return Effect{
		Write: w,
		Present: Sees(w.Target, seen, groups, func(now []string) bool {
			_, changed := want(now)
			return !changed
		}),
		Call: func(ctx context.Context) (string, error) {
			now, err := groups(ctx)
			if err != nil {
				return "", err
			}
			ids, _ := want(now)
			return w.Target, assign(ctx, w.Target, ids)
		},
	}
}

// Adding wants groups besides what is assigned, each once however often it is named.
func Adding(groups ...string) func(now []string) (groupIDs []string, changed bool) {
	return func(now []string) ([]string, bool) {
		all := slices.Clone(now)
		for _, g := range groups {
			if !Has(all, g) {
				all = append(all, g)
			}
		}
		return all, len(all) > len(now)
	}
}
