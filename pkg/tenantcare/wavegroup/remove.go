package wavegroup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

// Remover are the calls that taking a group back makes; *graph.Client makes them.
type Remover interface {
	Group(ctx context.Context, id string) (graph.Group, error)
	GroupMembers(ctx context.Context, groupID string) ([]graph.Member, error)
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
	AssignProvisioningPolicy(ctx context.Context, id string, groupIDs []string) error
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
	AssignUserSetting(ctx context.Context, id string, groupIDs []string) error
	DeleteGroup(ctx context.Context, id string) error
}

// Removal is a group that this tool made, and whether it can be taken back.
type Removal struct {
	ID, Name string
	// Gone: somebody deleted it already. Why says why it stays; "" when it is taken back.
	Gone bool
	Why  string
}

// Back reports whether the group is to be taken back.
func (r Removal) Back() bool { return !r.Gone && r.Why == "" }

// apart lies between two looks at a group's members, in service time; seen is how long a membership may take to be seen by all.
const (
	apart = 90 * time.Second
	seen  = 15 * time.Minute
)

// Look finds out whether nobody is in the group, twice, apart in time, besides the user of that object id, whom the caller
// takes out; "" for nobody. Errors: those of the reads; Interrupted.
func Look(ctx context.Context, c tenantcare.Clock, t Remover, id, name, besides string) (Removal, error) {
	r := Removal{ID: id, Name: name}
	_, err := t.Group(ctx, id)
	if fault.Is(err, fault.NotFound) {
		r.Gone = true
		return r, nil
	}
	for look := 0; err == nil && r.Why == "" && look < 2; look++ {
		if look > 0 {
			err = tenantcare.Sleep(ctx, c, apart)
		}
		var n int
		if err == nil {
			n, err = others(ctx, t, id, besides)
		}
		if n > 0 {
			r.Why = fmt.Sprintf("it has members (%d)", n)
		}
	}
	return r, err
}

func others(ctx context.Context, t Remover, id, besides string) (int, error) {
	members, err := t.GroupMembers(ctx, id)
	return len(slices.DeleteFunc(members, func(m graph.Member) bool { return strings.EqualFold(m.ID, besides) })), err
}

// Remove takes the group out of whatever policies and user settings are assigned to it, and deletes it, once it is seen that
// nobody is in it. It may be stopped between its writes and run again. Errors: Conflict (undo.refused) when somebody is;
// those of the writes.
func Remove(ctx context.Context, w tenantcare.Writer, t Remover, r Removal) error {
	if err := empty(ctx, w.Clock, t, r); err != nil {
		return err
	}
	policies, err := t.ProvisioningPolicies(ctx)
	if err != nil {
		return err
	}
	for _, p := range policies {
		if tenantcare.Has(p.GroupIDs, r.ID) {
			if _, err := w.Do(ctx, outOfPolicy(t, p.ID, r.ID)); err != nil {
				return err
			}
		}
	}
	settings, err := t.UserSettings(ctx)
	if err != nil {
		return err
	}
	for _, s := range settings {
		if tenantcare.Has(s.GroupIDs, r.ID) {
			if _, err := w.Do(ctx, outOfSetting(t, s.ID, r.ID)); err != nil {
				return err
			}
		}
	}
	_, err = w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.GroupDelete, Target: r.ID},
		Present: Gone(t, r.ID),
		Call:    func(ctx context.Context) (string, error) { return r.ID, t.DeleteGroup(ctx, r.ID) },
	})
	return err
}

// empty waits until nobody is in the group, as long as a membership that was taken back may still be seen.
func empty(ctx context.Context, clock tenantcare.Clock, t Remover, r Removal) error {
	for since := clock.Now(); ; {
		n, err := others(ctx, t, r.ID, "")
		if err != nil || n == 0 {
			return err
		}
		if clock.Now().Sub(since) > seen {
			return fault.New(fault.Conflict, "undo.refused", fmt.Sprintf("group %s is not deleted: it has members (%d)", r.Name, n), "run the command again once it is empty")
		}
		if err := tenantcare.Sleep(ctx, clock, 15*time.Second); err != nil {
			return err
		}
	}
}

// outOfPolicy takes a group out of what a policy is assigned to at this moment.
func outOfPolicy(t Remover, id, group string) tenantcare.Effect {
	return tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.PolicyAssign, Target: id, Before: tenantcare.JSON(group)},
		Present: PolicyWithout(t, id, group),
		Call: func(ctx context.Context) (string, error) {
			now, err := groupsOfPolicy(ctx, t, id) // what else was changed in it meanwhile stays
			if err != nil {
				return "", err
			}
			return id, t.AssignProvisioningPolicy(ctx, id, tenantcare.Without(now, group))
		},
	}
}

// outOfSetting is [outOfPolicy] of a user setting.
func outOfSetting(t Remover, id, group string) tenantcare.Effect {
	return tenantcare.Effect{
		Write:   migration.Write{Effect: migration.EffectSettingAssign, Target: id, Before: tenantcare.JSON(group)},
		Present: SettingWithout(t, id, group),
		Call: func(ctx context.Context) (string, error) {
			now, err := groupsOfSetting(ctx, t, id)
			if err != nil {
				return "", err
			}
			return id, t.AssignUserSetting(ctx, id, tenantcare.Without(now, group))
		},
	}
}

// PolicyWithout looks whether a policy is not assigned to a group, SettingWithout a user setting; Gone whether the group is gone.
func PolicyWithout(t Policies, id, group string) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		now, err := groupsOfPolicy(ctx, t, id)
		return id, "it is not assigned to the group", err == nil && !tenantcare.Has(now, group), err
	}
}

// SettingWithout is [PolicyWithout] of a user setting.
func SettingWithout(t Settings, id, group string) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		now, err := groupsOfSetting(ctx, t, id)
		return id, "it is not assigned to the group", err == nil && !tenantcare.Has(now, group), err
	}
}

// Gone looks whether a group is gone.
func Gone(t interface {
	Group(ctx context.Context, id string) (graph.Group, error)
}, id string) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		_, err := t.Group(ctx, id)
		if fault.Is(err, fault.NotFound) {
			return id, "it is gone", true, nil
		}
		return id, "", false, err
	}
}

// Policies and Settings read what may be assigned to a group.
type Policies interface {
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
}

// Settings reads the user settings.
type Settings interface {
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
}

// groupsOfPolicy are the groups that a policy is assigned to now; none when it is gone.
func groupsOfPolicy(ctx context.Context, t Policies, id string) ([]string, error) {
	all, err := t.ProvisioningPolicies(ctx)
	i := slices.IndexFunc(all, func(p graph.ProvisioningPolicy) bool { return strings.EqualFold(p.ID, id) })
	if err != nil || i < 0 {
		return nil, err
	}
	return all[i].GroupIDs, nil
}

func groupsOfSetting(ctx context.Context, t Settings, id string) ([]string, error) {
	all, err := t.UserSettings(ctx)
	i := slices.IndexFunc(all, func(s graph.UserSetting) bool { return strings.EqualFold(s.ID, id) })
	if err != nil || i < 0 {
		return nil, err
	}
	return all[i].GroupIDs, nil
}
