package tenant

import (
	"slices"
	"strings"
	"time"
)

type setting struct {
	seq               int64
	id                string
	props             Props
	to                []assigned
	created, modified time.Time
}

func (s *setting) snapshot() bool { return s.props.text("provisioningSourceType") == "snapshot" }

// Setting is a user setting.
type Setting struct {
	Seq               int64
	ID                string
	Props             Props
	Assignments       []Assignment
	Created, Modified time.Time
}

func viewSetting(s *setting) Setting {
	return Setting{Seq: s.seq, ID: s.id, Props: s.props, Created: s.created, Modified: s.modified, Assignments: viewAssigned(s.to)}
}

// Settings gives up to n user settings after seq, and whether there are more.
func (t *Tenant) Settings(now time.Time, after int64, n int) ([]Setting, bool) {
	t.enter(now)
	defer t.mu.Unlock()
	return page(t.settings, after, n, func(s *setting) int64 { return s.seq },
		func(s *setting) (Setting, bool) { return viewSetting(s), true })
}

// Setting finds one by id.
func (t *Tenant) Setting(now time.Time, id string) (Setting, error) {
	t.enter(now)
	defer t.mu.Unlock()
	s, err := t.mustSetting(id)
	if err != nil {
		return Setting{}, err
	}
	return viewSetting(s), nil
}

func (t *Tenant) mustSetting(id string) (*setting, error) {
	for _, s := range t.settings {
		if strings.EqualFold(s.id, id) {
			return s, nil
		}
	}
	return nil, missing("user setting", id)
}

// settingDefaults are what a setting has when it is created without.
func settingDefaults() Props {
	return Props{
		"displayName": "", "localAdminEnabled": false, "resetEnabled": false,
		"restorePointSetting": map[string]any{"frequencyType": "default", "userRestoreEnabled": false},
		"crossRegionDisasterRecoverySetting": map[string]any{
			"disasterRecoveryType": "notConfigured", "maintainCrossRegionRestorePointEnabled": false,
			"userInitiatedDisasterRecoveryAllowed": false, "disasterRecoveryNetworkSetting": nil},
	}
}

// CreateSetting makes a user setting. Names need not be unique.
func (t *Tenant) CreateSetting(now time.Time, props Props) (Setting, error) {
	t.enter(now)
	defer t.mu.Unlock()
	if props.text("displayName") == "" {
		return Setting{}, invalid("requiredFieldsNotProvided", "The required field 'displayName' was not provided.")
	}
	s := &setting{seq: t.next(), created: t.now, modified: t.now, props: t.accepted(settingDefaults(), props)}
	s.id = t.newID("setting", props.text("displayName"))
	t.settings = append(t.settings, s)
	return viewSetting(s), nil
}

// accepted is base with change, less what the knob makes the service forget.
func (t *Tenant) accepted(base, change Props) Props {
	out := with(base, change)
	if t.rules.IgnoreSourceType {
		delete(out, "provisioningSourceType")
		if v, ok := base["provisioningSourceType"]; ok {
			out["provisioningSourceType"] = v
		}
	}
	return out
}

// PatchSetting changes a setting. Unless the knob says otherwise the body must be whole.
func (t *Tenant) PatchSetting(now time.Time, id string, props Props) (Setting, error) {
	t.enter(now)
	defer t.mu.Unlock()
	s, err := t.mustSetting(id)
	if err != nil {
		return Setting{}, err
	}
	if t.rules.PartialPatch != "accept" {
		for _, name := range []string{"displayName", "localAdminEnabled", "resetEnabled"} {
			if _, ok := props[name]; !ok {
				return Setting{}, invalid("requiredFieldsNotProvided", "The required field '"+name+"' was not provided.")
			}
		}
	}
	s.props, s.modified = t.accepted(s.props, props), t.now
	for _, a := range s.to {
		t.evaluateGroups([]*group{a.group})
	}
	return viewSetting(s), nil
}

// DeleteSetting removes a setting and its assignments.
func (t *Tenant) DeleteSetting(now time.Time, id string) error {
	t.enter(now)
	defer t.mu.Unlock()
	s, err := t.mustSetting(id)
	if err != nil {
		return err
	}
	for _, a := range s.to {
		a.group.settings = slices.DeleteFunc(a.group.settings, func(x *setting) bool { return x == s })
	}
	t.settings = removeSeq(t.settings, s.seq, func(s *setting) int64 { return s.seq })
	return nil
}

// AssignSetting replaces the groups that a setting reaches, and looks at the members of those that came or went.
func (t *Tenant) AssignSetting(now time.Time, id string, groupIDs []string) error {
	t.enter(now)
	defer t.mu.Unlock()
	s, err := t.mustSetting(id)
	if err != nil {
		return err
	}
	to, changed, err := t.assignees(s.to, groupIDs)
	if err != nil {
		return err
	}
	s.to, s.modified = to, t.now
	for _, g := range changed {
		g.settings = slices.DeleteFunc(g.settings, func(x *setting) bool { return x == s })
		if slices.ContainsFunc(to, func(a assigned) bool { return a.group == g }) {
			g.settings = append(g.settings, s)
		}
	}
	t.evaluateGroups(changed)
	return nil
}

// wantsSnapshot says whether a setting that reaches the user says snapshot. What happens when several reach one user
// is published nowhere; here one that says snapshot is enough.
func (t *Tenant) wantsSnapshot(u *user) bool {
	for _, m := range u.groups {
		if !m.visible.After(t.now) && slices.ContainsFunc(m.group.settings, (*setting).snapshot) {
			return true
		}
	}
	return false
}
