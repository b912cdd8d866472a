// Package snapshotsetting sees to it that the groups of a wave are reached by exactly one user setting, and that one builds
// Cloud PCs from snapshots; and afterwards that it builds them from images again.
package snapshotsetting

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/rules"
	"wave365/pkg/tenantcare"
)

// Tenant are the calls it makes; *graph.Client makes them.
type Tenant interface {
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
	CreateUserSetting(ctx context.Context, s graph.UserSetting) (graph.UserSetting, error)
	UpdateUserSetting(ctx context.Context, s graph.UserSetting) (graph.UserSetting, error)
	AssignUserSetting(ctx context.Context, id string, groupIDs []string) error
}

// Group is a group with the object ids of its direct members.
type Group struct {
	ID, Name string
	Members  []string
}

// Plan is what Ensure has to do.
type Plan struct {
	Name string
	// Have is the setting of that name; its zero value when there is none.
	Have graph.UserSetting
	// Reached are groups that a snapshot setting reaches already, as "group by setting".
	Reached []string
	// Add are the groups to be added to the setting's assignment.
	Add []Group
	// Switch: the setting of that name exists and says image.
	Switch bool
	// Besides are the other groups that it is assigned to: switched, it says snapshot for them too.
	Besides []Group
}

// Nothing reports whether all is so already.
func (p Plan) Nothing() bool { return len(p.Add) == 0 && !p.Switch }

// Decide determines what is to be done so that these groups are reached by a snapshot setting called name. others are the
// groups that other settings are assigned to, with their members: a user whom two settings reach is a conflict, because it
// is not documented which one wins.
//
// Errors: Conflict (setting.conflict, setting.not-snapshot), Invalid (setting.ambiguous).
func Decide(name string, groups []Group, settings []graph.UserSetting, others map[string]Group) (Plan, error) {
	have, err := called(name, settings)
	p := Plan{Name: name, Have: have}
	if err != nil {
		return p, err
	}
	for _, g := range groups {
		setting, broken := rules.Setting(rules.Reaching(settings, g.ID), g.Name)
		own := setting != nil && setting.ID == p.Have.ID
		switch {
		case broken != nil && !own:
			return p, fault.New(fault.Conflict, broken.Code, broken.Message, "leave only a setting that builds from snapshots assigned to the group; two settings on one group have no documented order")
		case own:
			p.Switch = p.Switch || broken != nil
		case setting != nil:
			p.Reached = append(p.Reached, g.Name+" by "+setting.DisplayName)
		default:
			p.Add = append(p.Add, g)
		}
	}
	if len(p.Add) > 0 {
		p.Switch = p.Have.ID != "" && !snapshot(p.Have)
	}
	if p.Switch {
		p.Besides = besides(have, groups, others)
	}
	return p, overlap(p, groups, settings, others)
}

// called finds the setting of that name; its zero value when there is none.
func called(name string, settings []graph.UserSetting) (have graph.UserSetting, err error) {
	for _, s := range settings {
		if s.DisplayName != name {
			continue
		}
		if have.ID != "" {
			return have, fault.New(fault.Invalid, "setting.ambiguous", "two user settings are called "+name+": "+have.ID+", "+s.ID, "rename one of them; nothing was changed")
		}
		have = s
	}
	return have, nil
}

// besides are the groups that a setting is assigned to besides these.
func besides(s graph.UserSetting, groups []Group, others map[string]Group) (out []Group) {
	for _, id := range s.GroupIDs {
		if slices.ContainsFunc(groups, func(g Group) bool { return strings.EqualFold(g.ID, id) }) {
			continue
		}
		g, known := others[strings.ToLower(id)]
		if !known {
			g = Group{ID: id, Name: id}
		}
		out = append(out, g)
	}
	return out
}

// overlap finds people of the groups whom another setting reaches through another group.
func overlap(p Plan, groups []Group, settings []graph.UserSetting, others map[string]Group) error {
	mine := map[string]string{}
	for _, g := range groups {
		for _, m := range g.Members {
			mine[strings.ToLower(m)] = g.Name
		}
	}
	for _, s := range settings {
		if s.ID == p.Have.ID {
			continue
		}
		for _, id := range s.GroupIDs {
			if slices.ContainsFunc(groups, func(g Group) bool { return strings.EqualFold(g.ID, id) }) {
				continue // judged above
			}
			other, known := others[strings.ToLower(id)]
			if !known {
				continue
			}
			shared := 0
			for _, m := range other.Members {
				if mine[strings.ToLower(m)] != "" {
					shared++
				}
			}
			if shared > 0 {
				return fault.New(fault.Conflict, "setting.conflict", fmt.Sprintf("user setting %s reaches %d of the same people through group %s", s.DisplayName, shared, other.Name),
					"take them out of one of the groups, or the group out of that setting: which setting wins is not documented")
			}
		}
	}
	return nil
}

// Others are the ids of groups that settings are assigned to besides these groups: their members must be known to Decide.
func Others(settings []graph.UserSetting, groups []string) []string {
	var out []string
	for _, s := range settings {
		for _, id := range s.GroupIDs {
			if !tenantcare.Has(groups, id) && !tenantcare.Has(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// Ensure carries out the plan and reads it back. It may be stopped between its writes and run again.
func Ensure(ctx context.Context, w tenantcare.Writer, t Tenant, p Plan) (graph.UserSetting, error) {
	id := p.Have.ID
	if id == "" {
		out, err := w.Do(ctx, create(t, p.Name))
		if err != nil {
			return graph.UserSetting{}, err
		}
		id = out.RemoteID
	}
	if p.Switch {
		if err := SetSource(ctx, w, t, p.Have, graph.SourceSnapshot); err != nil {
			return graph.UserSetting{}, err
		}
	}
	var add []string
	for _, g := range p.Add {
		add = append(add, g.ID)
	}
	if len(add) > 0 {
		if _, err := w.Do(ctx, assign(t, id, add)); err != nil {
			return graph.UserSetting{}, err
		}
	}
	return verify(ctx, w.Clock, t, id, p.Name, add)
}

// verify reads back until the setting builds from snapshots and reaches these groups, for a while.
func verify(ctx context.Context, clock tenantcare.Clock, t Tenant, id, name string, groups []string) (graph.UserSetting, error) {
	for try := 0; ; try++ {
		s, err := tenantcare.Setting(ctx, t, id)
		if err == nil && snapshot(s) && hasAll(s.GroupIDs, groups) {
			return s, nil
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return s, err
		}
		if try == looks {
			return s, fault.New(fault.Conflict, "setting.not-snapshot", "the service did not keep user setting "+name+" as written: it builds from "+s.ProvisioningSourceType,
				"this tenant may not have the migration feature yet: ask Microsoft support")
		}
		if err := tenantcare.Sleep(ctx, clock, apart); err != nil {
			return s, err
		}
	}
}

// SetSource writes the whole setting with another provisioning source, and reads it back.
func SetSource(ctx context.Context, w tenantcare.Writer, t Tenant, have graph.UserSetting, source string) error {
	_, err := w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.SettingRestore, Target: have.ID, Before: tenantcare.JSON(have.ProvisioningSourceType), After: tenantcare.JSON(source)},
		Present: builds(t, have.ID, source),
		Call: func(ctx context.Context) (string, error) {
			now, err := tenantcare.Setting(ctx, t, have.ID) // what else was changed in it meanwhile stays
			if err != nil {
				return "", err
			}
			now.ProvisioningSourceType = source
			_, err = t.UpdateUserSetting(ctx, now)
			return have.ID, err
		},
	})
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		now, err := tenantcare.Setting(ctx, t, have.ID)
		switch {
		case err != nil:
			return err
		case strings.EqualFold(now.ProvisioningSourceType, source):
			return nil
		case try == looks:
			return fault.New(fault.Conflict, "setting.not-as-written", "the service accepted user setting "+have.DisplayName+", but it still builds from "+now.ProvisioningSourceType, "run the command again in a few minutes")
		}
		if err := tenantcare.Sleep(ctx, w.Clock, apart); err != nil {
			return err
		}
	}
}

// builds looks whether a setting builds from a source.
func builds(t Tenant, id, source string) tenantcare.Look {
	return tenantcare.Sees(id, "it builds from "+source, func(ctx context.Context) (graph.UserSetting, error) { return tenantcare.Setting(ctx, t, id) },
		func(s graph.UserSetting) bool { return strings.EqualFold(s.ProvisioningSourceType, source) })
}

const (
	looks = 8
	apart = 15 * time.Second
)

func create(t Tenant, name string) tenantcare.Effect {
	return tenantcare.Effect{
		Write:   migration.Write{Effect: migration.EffectSettingCreate, Target: name},
		Present: named(t, name),
		Call: func(ctx context.Context) (string, error) {
			s, err := t.CreateUserSetting(ctx, graph.UserSetting{
				DisplayName: name, ProvisioningSourceType: graph.SourceSnapshot,
				RestorePoint: &graph.RestorePointSetting{FrequencyType: "default", UserRestoreEnabled: true},
			})
			return s.ID, err
		},
	}
}

// named looks for a setting by its name.
func named(t Tenant, name string) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		all, err := t.UserSettings(ctx)
		i := slices.IndexFunc(all, func(s graph.UserSetting) bool { return s.DisplayName == name })
		if err != nil || i < 0 {
			return "", "", false, err
		}
		return all[i].ID, "found by its name", true, nil
	}
}

// assign adds groups to what is assigned at this moment.
func assign(t Tenant, id string, add []string) tenantcare.Effect {
	w := migration.Write{Effect: migration.EffectSettingAssign, Target: id, After: tenantcare.JSON(add)}
	return tenantcare.Reassign(w, "it is assigned", tenantcare.SettingGroups(t, id), t.AssignUserSetting, tenantcare.Adding(add...))
}

func hasAll(have, groups []string) bool {
	return !slices.ContainsFunc(groups, func(g string) bool { return !tenantcare.Has(have, g) })
}

// Written is how to look for what a recorded write to a user setting did, of whichever command; nil: it is none, or does not
// say enough.
func Written(t Tenant, w migration.Write) tenantcare.Look {
	switch w.Effect {
	case migration.EffectSettingCreate:
		return named(t, w.Target)
	case migration.EffectSettingAssign:
		var add []string
		if json.Unmarshal(w.After, &add) == nil {
			return assign(t, w.Target, add).Present
		}
	case tenantcare.SettingRestore:
		var source string
		if json.Unmarshal(w.After, &source) == nil && source != "" {
			return builds(t, w.Target, source)
		}
	}
	return nil
}

func snapshot(s graph.UserSetting) bool {
	return strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot)
}
