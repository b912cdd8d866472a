package tenant

import (
	"slices"
	"time"
)

// setting is a user setting.
type setting struct{ assignable }

func (s *setting) snapshot() bool { return s.props.text("provisioningSourceType") == "snapshot" }

// Settings gives up to n user settings after seq, and whether there are more.
func (t *Tenant) Settings(now time.Time, after int64, n int) ([]Assignable, bool) {
	return read(t, now, &t.settings, after, n, (*setting).view)
}

// Setting finds one by id.
func (t *Tenant) Setting(now time.Time, id string) (Assignable, error) {
	return look(t, now, id, t.mustSetting, (*setting).view)
}

func (t *Tenant) mustSetting(id string) (*setting, error) {
	return withID(t.settings, "user setting", id)
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
func (t *Tenant) CreateSetting(now time.Time, props Props) (Assignable, error) {
	defer t.enter(now)()
	if props.text("displayName") == "" {
		return Assignable{}, invalid("requiredFieldsNotProvided", "The required field 'displayName' was not provided.")
	}
	s := &setting{assignable{Entry: Entry{t.next(), t.newID("setting", props.text("displayName"))}, created: t.now, modified: t.now,
		props: t.accepted(settingDefaults(), props)}}
	t.settings = append(t.settings, s)
	return s.view(), nil
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
func (t *Tenant) PatchSetting(now time.Time, id string, props Props) (Assignable, error) {
	defer t.enter(now)()
	s, err := t.mustSetting(id)
	if err != nil {
		return Assignable{}, err
	}
	if t.rules.PartialPatch != "accept" {
		for _, name := range []string{"displayName", "localAdminEnabled", "resetEnabled"} {
			if _, ok := props[name]; !ok {
				return Assignable{}, invalid("requiredFieldsNotProvided", "The required field '"+name+"' was not provided.")
			}
		}
	}
	s.props, s.modified = t.accepted(s.props, props), t.now
	for _, a := range s.to {
		t.evaluateGroups([]*group{a.group})
	}
	return s.view(), nil
}

// DeleteSetting removes a setting and its assignments.
func (t *Tenant) DeleteSetting(now time.Time, id string) error {
	defer t.enter(now)()
	s, err := t.mustSetting(id)
	t.settings = without(t.settings, s)
	return err
}

// AssignSetting replaces the groups that a setting reaches, and looks at the members of those that came or went.
func (t *Tenant) AssignSetting(now time.Time, id string, groupIDs []string) error {
	defer t.enter(now)()
	s, err := t.mustSetting(id)
	if err != nil {
		return err
	}
	return t.reassign(&s.assignable, groupIDs)
}

// wantsSnapshot says whether a setting that reaches the user says snapshot. What happens when several reach one user
// is published nowhere; here one that says snapshot is enough.
func (t *Tenant) wantsSnapshot(u *user) bool {
	return slices.ContainsFunc(t.settings, func(s *setting) bool { return s.snapshot() && t.reached(u, &s.assignable) })
}
