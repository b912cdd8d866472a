package tenant

import (
	"slices"
	"time"

	"wave365/pkg/sandbox/tenant/props"
)

// setting is a user setting.
type setting struct{ assignable }

func (s *setting) snapshot() bool { return s.props.Text("provisioningSourceType") == "snapshot" }

// Settings returns up to n user settings after seq, and whether there are more.
func (t *Tenant) Settings(now time.Time, after int64, n int) ([]Assignable, bool) {
	return read(t, now, &t.settings, after, n, (*setting).view)
}

// Setting returns the one with that id.
func (t *Tenant) Setting(now time.Time, id string) (Assignable, error) {
	return look(t, now, id, t.mustSetting, (*setting).view)
}

func (t *Tenant) mustSetting(id string) (*setting, error) {
	return withID(t.settings, "user setting", id)
}

// CreateSetting creates a user setting. Names need not be unique.
func (t *Tenant) CreateSetting(now time.Time, given props.Props) (Assignable, error) {
	defer t.enter(now)()
	if given.Text("displayName") == "" {
		return Assignable{}, props.Required("displayName")
	}
	s := &setting{assignable{Entry: Entry{t.next(), t.newID("setting", given.Text("displayName"))}, created: t.now, modified: t.now,
		props: t.accepted(props.SettingDefaults(), given)}}
	t.settings = append(t.settings, s)
	return s.view(), nil
}

// accepted returns base with change, without what the knob makes the service forget.
func (t *Tenant) accepted(base, change props.Props) props.Props {
	out := base.With(change)
	if t.rules.IgnoreSourceType {
		delete(out, "provisioningSourceType")
		if v, ok := base["provisioningSourceType"]; ok {
			out["provisioningSourceType"] = v
		}
	}
	return out
}

// PatchSetting changes a setting. Unless the knob says otherwise the body has to be complete.
func (t *Tenant) PatchSetting(now time.Time, id string, given props.Props) (Assignable, error) {
	defer t.enter(now)()
	s, err := t.mustSetting(id)
	if err != nil {
		return Assignable{}, err
	}
	if t.rules.PartialPatch != "accept" {
		for _, name := range []string{"displayName", "localAdminEnabled", "resetEnabled"} {
			if _, ok := given[name]; !ok {
				return Assignable{}, props.Required(name)
			}
		}
	}
	s.props, s.modified = t.accepted(s.props, given), t.now
	for _, a := range s.to {
		t.evaluateGroups([]*group{a.group})
	}
	return s.view(), nil
}

// DeleteSetting deletes a setting and its assignments.
func (t *Tenant) DeleteSetting(now time.Time, id string) error {
	defer t.enter(now)()
	s, err := t.mustSetting(id)
	t.settings = without(t.settings, s)
	return err
}

// AssignSetting replaces the groups that a setting reaches, and applies the rules to the members of groups added or
// removed.
func (t *Tenant) AssignSetting(now time.Time, id string, groupIDs []string) error {
	defer t.enter(now)()
	s, err := t.mustSetting(id)
	if err != nil {
		return err
	}
	return t.reassign(&s.assignable, groupIDs)
}

// wantsSnapshot reports whether a setting that reaches the user builds from snapshots. What happens when several reach
// one user is published nowhere; here one that does is enough.
func (t *Tenant) wantsSnapshot(u *user) bool {
	return slices.ContainsFunc(t.settings, func(s *setting) bool { return s.snapshot() && t.reached(u, &s.assignable) })
}
