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

// Two runs that begin at the same time on one group, from two ledgers, each find no user setting and create one. The one that was
// created first stays, and the other run removes its own: see [rules.First].

// settlePatience is how long one run waits for the other to take its setting away, and for the service to show it.
const settlePatience = 10 * time.Minute

// settled gives those of the groups, by id, that no user setting reaches, once none is reached by several of this tool's. The wave's
// own gives way where it has to; another run's is waited for. The fault is Conflict as in [bare], also when the other does not give way.
func (b *Playbook) settled(ctx context.Context, want map[string]string) ([]string, error) {
	if len(want) == 0 {
		return nil, nil
	}
	for since := b.clock.Now(); ; {
		settings, err := b.userSettings(ctx)
		if err != nil {
			return nil, err
		}
		none, shared, err := bare(settings, want)
		if err != nil || shared == nil {
			return none, err
		}
		if b.clock.Now().Sub(since) > settlePatience {
			return nil, fault.New(fault.Conflict, shared.Code, shared.Message,
				"runs of two ledgers have made one each: resume the other run, which takes away the one that was made later, or take the group out of its assignment; then resume this one", fault.NewCommand("resume"))
		}
		if err := b.giveWay(ctx, settings); err != nil {
			return nil, err
		}
		select {
		case <-time.After(b.clock.Wall(15 * time.Second)):
		case <-ctx.Done():
			return nil, fault.Wrap(fault.Interrupted, "", "stopped while preparing the wave", "resume continues the run", ctx.Err(), fault.NewCommand("resume"))
		}
	}
}

// shared reports whether several of this tool's settings reach one group.
func shared(settings []graph.UserSetting) bool {
	return slices.ContainsFunc(settings, func(s graph.UserSetting) bool {
		return slices.ContainsFunc(s.GroupIDs, func(g string) bool { return rules.First(rules.Reaching(settings, g)) != nil })
	})
}

// giveWay takes the setting that this run has made, and no other, away from those of its groups that another run's, made before it,
// reaches as well. It may be repeated at any time.
func (b *Playbook) giveWay(ctx context.Context, settings []graph.UserSetting) error {
	past, err := b.journal.Intents(ctx, b.run.ID, migration.WaveRow)
	if err != nil {
		return err
	}
	for _, own := range settings {
		if !madeBy(past, own.ID) {
			continue
		}
		keeps, leaves := []string{}, []string{}
		for _, g := range own.GroupIDs {
			if first := rules.First(rules.Reaching(settings, g)); first != nil && first.ID != own.ID {
				leaves = append(leaves, g)
			} else {
				keeps = append(keeps, g)
			}
		}
		if len(leaves) == 0 {
			continue
		}
		_, err := b.apply(ctx, effect{
			row: migration.WaveRow, kind: migration.EffectSettingAssign, subject: own.ID + " without " + strings.Join(leaves, " "), repeatable: true,
			call: func(ctx context.Context) (string, error) { return "", b.graph.AssignUserSetting(ctx, own.ID, keeps) },
		})
		if err != nil && !isJournalError(err) {
			err = fault.Wrap(fault.KindOf(err), "setting.assign-failed", "take user setting "+own.DisplayName+" away from groups that an earlier one reaches: "+err.Error(), fault.HintOf(err), err)
		}
		return err
	}
	return nil
}

// madeBy reports whether, of the wave's intents, one made the user setting with that id.
func madeBy(past []migration.Intent, id string) bool {
	return slices.ContainsFunc(past, func(in migration.Intent) bool {
		return in.Effect == migration.EffectSettingCreate && happened(&in) && strings.EqualFold(in.Outcome.RemoteID, id)
	})
}

// sharedSetting is the result of a row whose group several of this tool's user settings reach; nil: they do not. That is
// expected to pass: one of two runs that began at the same time is about to remove its own.
func (b *Playbook) sharedSetting(r migration.Row, reach []graph.UserSetting, p migration.Problem) stop {
	if rules.First(reach) == nil {
		return nil
	}
	p.Hint = "runs of two ledgers have made one each, and the one that was made later was not taken away: resume the other run, or take the group out of its assignment, then retry"
	res := b.late(r.Facts, "several user settings of this tool reach the group", settlePatience, half, p)
	return &res
}
