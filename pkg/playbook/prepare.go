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

// SettingName is the display name of the user setting that the tool makes for a wave. It is the marker by which a
// setting made by a call whose answer was lost is found again.
func SettingName(run migration.Run) string { return rules.OwnSettings + run.ID }

// preparePatience is how long a service that is throttled or not there is waited for before the wave begins.
const preparePatience = 45 * time.Minute

// Prepare does what is done once for the wave: every target group is reached by exactly one user setting, and that one
// says snapshot. Groups that have such a setting are left alone; for the others one setting is created, assigned and
// read back. It waits out the service's lag, at most ten minutes of service time, and passing failures. It may be
// called again at any time.
//
// Errors: fault.Conflict when a group is reached by an image setting or by several; otherwise the errors of the calls.
func (b *Playbook) Prepare(ctx context.Context, rows []migration.Row) error {
	since := b.clock.Now()
	for tries := 0; ; tries++ {
		err := b.prepare(ctx, rows)
		passing := fault.Is(err, fault.Throttled) || fault.Is(err, fault.Unavailable) || passes(err)
		if !passing || isJournalError(err) || b.clock.Now().Sub(since) >= preparePatience {
			return err
		}
		select {
		case <-time.After(b.clock.Wall(max(migration.Backoff(tries, 0.5), min(retryAfter(err), preparePatience)))):
		case <-ctx.Done():
			return fault.Wrap(fault.Interrupted, "", "stopped while preparing the wave", "resume continues the run", ctx.Err(), fault.NewCommand("resume"))
		}
	}
}

func (b *Playbook) prepare(ctx context.Context, rows []migration.Row) error {
	groups := groupsOf(rows, func(r *migration.Row) bool { return !r.State.Final() })
	bare, err := b.settled(ctx, groups)
	if err != nil {
		return err
	}
	if bare, err = b.existing(ctx, bare); err != nil || len(bare) == 0 {
		return err
	}
	id, err := b.ensureSetting(ctx)
	if err != nil {
		return err
	}
	if err := b.ensureAssigned(ctx, id, bare); err != nil {
		return err
	}
	_, err = b.settled(ctx, groups) // another ledger's run may have made one for the same groups at the same time
	return err
}

// Preparable reports whether Prepare would succeed for these rows, in any state: the fault is Prepare's. It only reads,
// so that what the tenant refuses is known before anything is recorded.
func (b *Playbook) Preparable(ctx context.Context, rows []migration.Row) error {
	groups := groupsOf(rows, func(*migration.Row) bool { return true })
	if len(groups) == 0 {
		return nil
	}
	settings, err := b.userSettings(ctx)
	if err == nil {
		_, _, err = bare(settings, groups)
	}
	return err
}

// groupsOf maps the target groups of the rows for which counts is true, by lower-case id, to their names. It does not copy
// the rows, which are most of a large run's memory.
func groupsOf(rows []migration.Row, counts func(*migration.Row) bool) map[string]string {
	groups := map[string]string{}
	for i := range rows {
		if r := &rows[i]; counts(r) {
			groups[strings.ToLower(r.Target.GroupID)] = r.Target.GroupName
		}
	}
	return groups
}

func (b *Playbook) userSettings(ctx context.Context) ([]graph.UserSetting, error) {
	settings, err := b.graph.UserSettings(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), "", "list user settings: "+err.Error(), fault.HintOf(err), err)
	}
	return settings, nil
}

// bare gives those of the groups, by id, that no user setting reaches, and how several of this tool's reach one; nil: none is so.
// The fault is Conflict when an image setting reaches one, or several settings do otherwise.
func bare(settings []graph.UserSetting, want map[string]string) (none []string, shared *rules.Broken, err error) {
	for id, name := range want {
		reach := rules.Reaching(settings, id)
		setting, broken := rules.Setting(reach, name)
		switch {
		case broken != nil && rules.First(reach) != nil:
			shared = broken
		case broken != nil:
			return nil, nil, fault.New(fault.Conflict, broken.Code, broken.Message, settingRemedy(broken.Code), rules.SwitchBack(setting, name)...)
		case setting == nil:
			none = append(none, id)
		}
	}
	return none, shared, nil
}

// existing returns the groups that were not deleted, sorted. The rows of the others fail for that, each by itself; the
// rest continue.
func (b *Playbook) existing(ctx context.Context, groups []string) (there []string, err error) {
	if len(groups) == 0 {
		return nil, nil
	}
	slices.Sort(groups)
	answers, err := b.graph.Groups(ctx, groups)
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), "", "read the groups: "+err.Error(), fault.HintOf(err), err)
	}
	for i, a := range answers {
		// Any other failure is ignored here: the assignment will report it.
		if fault.Is(a.Err, fault.NotFound) {
			b.recent.deleted.note(groups[i], b.clock.Now())
			continue
		}
		b.recent.deleted.there(groups[i])
		there = append(there, groups[i])
	}
	return there, nil
}

// ensureSetting finds or creates the wave's own user setting and returns its id. One that was created and has been
// deleted since is created again.
func (b *Playbook) ensureSetting(ctx context.Context) (string, error) {
	for again := 0; ; again++ {
		id, at, err := b.makeSetting(ctx, again)
		if err != nil {
			return "", err
		}
		s, err := b.graph.UserSetting(ctx, id)
		switch {
		case fault.Is(err, fault.NotFound) && b.clock.Now().Sub(at) > linkLag:
			continue // it was there long enough to be seen
		case err != nil:
			return "", fault.Wrap(fault.KindOf(err), "", "read user setting "+SettingName(b.run)+" back: "+err.Error(), fault.HintOf(err), err)
		case !strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot):
			return "", fault.New(fault.Conflict, "setting.not-snapshot", "the service did not keep the provisioning source of user setting "+s.DisplayName+": it says "+quoteOr(s.ProvisioningSourceType, "nothing"),
				"this tenant may not have the migration feature yet: ask Microsoft support; nothing was imported")
		}
		return s.ID, nil
	}
}

// makeSetting makes the wave's own user setting once, and gives its id and since when it is there. again is how often it
// was deleted.
func (b *Playbook) makeSetting(ctx context.Context, again int) (id string, at time.Time, err error) {
	name := SettingName(b.run)
	out, err := b.apply(ctx, effect{
		row: migration.WaveRow, attempt: again, kind: migration.EffectSettingCreate, subject: name, absentMeansNoEffect: true,
		present: func(ctx context.Context, _ *migration.Intent) (string, string, bool, error) {
			settings, err := b.graph.UserSettings(ctx)
			if err != nil {
				return "", "", false, err
			}
			i := slices.IndexFunc(settings, func(s graph.UserSetting) bool { return s.DisplayName == name })
			if i < 0 {
				return "", "", false, nil
			}
			return settings[i].ID, "found by its name", true, nil
		},
		call: func(ctx context.Context) (string, error) {
			s, err := b.graph.CreateUserSetting(ctx, graph.UserSetting{
				DisplayName: name, ProvisioningSourceType: graph.SourceSnapshot,
				RestorePoint: &graph.RestorePointSetting{FrequencyType: "default", UserRestoreEnabled: true},
			})
			return s.ID, err
		},
	})
	if err != nil && !isJournalError(err) {
		err = fault.Wrap(fault.KindOf(err), "setting.create-failed", "make user setting "+name+": "+err.Error(), fault.HintOf(err), err)
	}
	return out.RemoteID, out.At, err
}

// ensureAssigned adds the groups to the setting's assignment and reads it back.
func (b *Playbook) ensureAssigned(ctx context.Context, id string, groups []string) error {
	for wait := time.Duration(0); ; wait += 15 * time.Second {
		s, err := b.graph.UserSetting(ctx, id)
		if err != nil {
			return fault.Wrap(fault.KindOf(err), "", "read user setting "+id+": "+err.Error(), fault.HintOf(err), err)
		}
		merged := slices.Clone(s.GroupIDs)
		for _, g := range groups {
			if !containsFold(merged, g) {
				merged = append(merged, g)
			}
		}
		if len(merged) == len(s.GroupIDs) {
			return nil
		}
		if wait > 10*time.Minute {
			return fault.New(fault.Unavailable, "setting.not-assigned", "the assignment of user setting "+s.DisplayName+" does not show", "resume later; nothing was imported", fault.NewCommand("resume"))
		}
		if wait == 0 {
			_, err := b.apply(ctx, effect{
				row: migration.WaveRow, kind: migration.EffectSettingAssign, subject: id + " " + strings.Join(groups, " "), repeatable: true,
				call: func(ctx context.Context) (string, error) { return "", b.graph.AssignUserSetting(ctx, id, merged) },
			})
			if isJournalError(err) {
				return err
			}
			if err != nil {
				return fault.Wrap(fault.KindOf(err), "setting.assign-failed", "assign user setting "+s.DisplayName+": "+err.Error(), fault.HintOf(err), err)
			}
			continue
		}
		select {
		case <-time.After(b.clock.Wall(15 * time.Second)):
		case <-ctx.Done():
			return fault.Wrap(fault.Interrupted, "", "stopped while preparing the wave", "resume continues the run", ctx.Err(), fault.NewCommand("resume"))
		}
	}
}
