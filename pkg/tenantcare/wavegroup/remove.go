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
	tenantcare.Policies
	AssignProvisioningPolicy(ctx context.Context, id string, groupIDs []string) error
	tenantcare.Settings
	AssignUserSetting(ctx context.Context, id string, groupIDs []string) error
	DeleteGroup(ctx context.Context, id string) error
}

// Removal is a group that this tool made, and whether it can be taken back.
type Removal struct {
	ID, Name string
	// Gone: it was deleted already. Why is why it stays; "" when it is removed.
	Gone bool
	Why  string
}

// Back reports whether the group is to be taken back.
func (r Removal) Back() bool { return !r.Gone && r.Why == "" }

// apart is the time between two readings of a group's members, in service time; seen is how long a membership may take to be
// seen by all.
const (
	apart = 90 * time.Second
	seen  = 15 * time.Minute
)

// Look finds out whether the group is empty, twice, apart in time, except for the user of that object id, whom the caller
// removes; "" for none. Errors: those of the reads; Interrupted.
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

// Remove removes the group from all policies and user settings that are assigned to it, and deletes it, once it is seen to
// be empty. It may be stopped between its writes and run again. Errors: Conflict (undo.refused) when it is not empty; those
// of the writes.
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
			if _, err := w.Do(ctx, outOf(tenantcare.PolicyAssign, p.ID, r.ID, tenantcare.PolicyGroups(t, p.ID), t.AssignProvisioningPolicy)); err != nil {
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
			if _, err := w.Do(ctx, outOf(migration.EffectSettingAssign, s.ID, r.ID, tenantcare.SettingGroups(t, s.ID), t.AssignUserSetting)); err != nil {
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

// empty waits until the group is empty, for the time that a membership that was removed may still be seen.
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

// outOf takes a group out of what a policy, or a user setting, is assigned to at this moment.
func outOf(effect migration.Effect, id, group string, groups tenantcare.Groups, assign func(ctx context.Context, id string, groupIDs []string) error) tenantcare.Effect {
	return tenantcare.Reassign(migration.Write{Effect: effect, Target: id, Before: tenantcare.JSON(group)}, notAssigned, none(groups), assign,
		func(now []string) ([]string, bool) { return tenantcare.Without(now, group), tenantcare.Has(now, group) })
}

const notAssigned = "it is not assigned to the group"

// Without looks whether what has these groups is not assigned to one; what is gone is not.
func Without(id, group string, groups tenantcare.Groups) tenantcare.Look {
	return tenantcare.Sees(id, notAssigned, none(groups), func(now []string) bool { return !tenantcare.Has(now, group) })
}

// none has what is gone be assigned to none.
func none(groups tenantcare.Groups) tenantcare.Groups {
	return func(ctx context.Context) ([]string, error) {
		now, err := groups(ctx)
		switch fault.CodeOf(err) {
		case tenantcare.CodePolicyGone, tenantcare.CodeSettingGone:
			return nil, nil
		}
		return now, err
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
