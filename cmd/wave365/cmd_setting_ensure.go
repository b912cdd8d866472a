package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/listing"
	"wave365/pkg/tenantcare/snapshotsetting"
)

// ensuring holds the flags of setting ensure.
type ensuring struct {
	wave, name string
	groups     []string
}

func newSettingEnsureCommand(a *app, g *globals) *cobra.Command {
	var o ensuring
	cmd := &cobra.Command{
		Use: "ensure {--wave WAVE | --group GROUP}", Short: "Ensure that a wave's groups are reached by one snapshot user setting", Args: cobra.NoArgs,
		Long: `Ensure that the groups of a wave are reached by exactly one user setting, and that it builds Cloud PCs from
snapshots: one is found by its name, or made, then assigned by adding to what is assigned, and read back. ` + "`wave365 run`" + `
does the same when it starts; use this command to do it, and see it, beforehand.

A group that another setting reaches, or whose people another setting reaches through another group, is refused: which
setting wins is not documented.

Exit codes: 0 done, 5 another setting conflicts or a permission is missing, 6 nothing to do.`,
		Example: "  wave365 setting ensure --wave waves/friday.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (o.wave == "") == (len(o.groups) == 0) {
				return usageError{fault.New(fault.Invalid, "usage", "setting ensure needs either --wave or --group", "the help says which", fault.NewCommand("setting ensure", "--help"))}
			}
			return a.withTenant(cmd.Context(), g, func(ctx context.Context, conn *connection) error { return a.settingEnsure(ctx, g, conn, o) })
		},
	}
	cmd.Flags().StringVar(&o.wave, "wave", "", "the groups that the policies of this wave file are assigned to")
	cmd.Flags().StringArrayVar(&o.groups, "group", nil, "a group, by name or id; can be given more than once")
	cmd.Flags().StringVar(&o.name, "name", "", "the setting's name (default: wave365 and the wave's name)")
	return cmd
}

// settingPlan decides from the tenant's settings what to do for these groups.
func settingPlan(ctx context.Context, conn *connection, o ensuring, groups []snapshotsetting.Group) (snapshotsetting.Plan, error) {
	name := o.name
	switch {
	case name == "" && o.wave != "":
		name = "wave365 " + run.WaveName(o.wave)
	case name == "":
		name = "wave365 " + groups[0].Name
	}
	settings, err := conn.graph.UserSettings(ctx)
	if err != nil {
		return snapshotsetting.Plan{}, err
	}
	ids := make([]string, len(groups))
	for i := range groups {
		ids[i] = groups[i].ID
		if err := readMembers(ctx, conn, &groups[i]); err != nil {
			return snapshotsetting.Plan{}, err
		}
	}
	others, err := otherGroups(ctx, conn, snapshotsetting.Others(settings, ids))
	if err != nil {
		return snapshotsetting.Plan{}, err
	}
	return snapshotsetting.Decide(name, groups, settings, others)
}

func (a *app) settingEnsure(ctx context.Context, g *globals, conn *connection, o ensuring) error {
	groups, err := ensuredGroups(ctx, conn, o)
	if err == nil {
		err = a.settleSettings(ctx, g, conn)
	}
	if err != nil {
		return err
	}
	plan, err := settingPlan(ctx, conn, o, groups)
	if err != nil {
		return err
	}
	if plan.Nothing() {
		return nothing("every group is reached by a snapshot setting already: nothing to do", strings.Join(plan.Reached, ", "))
	}
	if !g.json {
		a.printSettingPlan(plan)
	}
	reached := make([]string, 0, len(groups)+len(plan.Besides))
	for _, group := range slices.Concat(groups, plan.Besides) {
		reached = append(reached, wording.OneLine(group.Name))
	}
	if err := a.ask(ctx, g, "Cloud PCs of members of "+strings.Join(reached, ", ")+" are built from snapshots from now on. Proceed? "+consequence(g.sandbox)); err != nil {
		return err
	}
	return a.withWriter(ctx, g, conn, "setting ensure", func(w tenantcare.Writer) error {
		s, err := snapshotsetting.Ensure(ctx, w, conn.graph, plan)
		if err != nil {
			return err
		}
		if g.json {
			name, err := groupNames(ctx, conn, s.GroupIDs)
			if err != nil {
				return err
			}
			return a.answer(struct {
				Schema  string          `json:"schema"`
				Setting listing.Setting `json:"setting"`
			}{"wave365/setting-ensure/v1", listing.ShownSetting(s, name)})
		}
		console.Say(a.out, "", fmt.Sprintf("User setting %s builds from snapshots for %s, and was read back: %s", s.DisplayName, wording.Count(len(s.GroupIDs), "group"), s.ID))
		return nil
	})
}

// settleSettings finds out what became of the writes of an earlier setting ensure to this tenant's user settings.
func (a *app) settleSettings(ctx context.Context, g *globals, conn *connection) error {
	return a.settleEarlier(ctx, g, conn, "setting ensure", func(ctx context.Context, w migration.Write) (bool, error) {
		all, err := conn.graph.UserSettings(ctx)
		return slices.ContainsFunc(all, func(s graph.UserSetting) bool {
			return strings.EqualFold(s.ID, w.Target) || w.Effect == migration.EffectSettingCreate && s.DisplayName == w.Target
		}), err
	})
}

func (a *app) printSettingPlan(p snapshotsetting.Plan) {
	say := func(lead, text string) { console.Say(a.err, lead, text) }
	switch {
	case p.Have.ID == "":
		say("  + ", fmt.Sprintf("user setting %s, builds from snapshots", p.Name))
	case p.Switch:
		say("  ~ ", fmt.Sprintf("user setting %s: builds from image -> snapshot", p.Name))
	}
	for _, g := range p.Add {
		say("  + ", fmt.Sprintf("group %s, %s", g.Name, wording.Count(len(g.Members), "member")))
	}
	for _, g := range p.Besides {
		say("  ~ ", fmt.Sprintf("also for group %s, %s: the setting reaches it", g.Name, wording.Count(len(g.Members), "member")))
	}
	for _, r := range p.Reached {
		say("    reached already: ", r)
	}
}

// ensuredGroups returns the groups to act on: those named, or those that a wave's policies are assigned to.
func ensuredGroups(ctx context.Context, conn *connection, o ensuring) ([]snapshotsetting.Group, error) {
	if o.wave == "" {
		var out []snapshotsetting.Group
		for _, cell := range o.groups {
			g, err := findGroup(ctx, conn, cell)
			if err != nil {
				return nil, err
			}
			out = append(out, snapshotsetting.Group{ID: g.ID, Name: g.DisplayName})
		}
		return out, nil
	}
	rows, err := waveRows(o.wave)
	if err != nil {
		return nil, err
	}
	policies, err := conn.graph.ProvisioningPolicies(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rows {
		p, err := pickPolicy(r.Policy, policies)
		switch {
		case err != nil:
			return nil, err
		case r.Group != "":
			g, err := findGroup(ctx, conn, r.Group)
			if err != nil {
				return nil, err
			}
			ids = append(ids, g.ID)
		case len(p.GroupIDs) == 1:
			ids = append(ids, p.GroupIDs[0])
		case len(p.GroupIDs) == 0:
			return nil, fault.New(fault.Invalid, "policy.not-assigned", "policy "+p.DisplayName+" is assigned to no group", "put `groups:` into its file and apply it", fault.NewCommand("policy apply", "--file=FILE"))
		default:
			return nil, fault.New(fault.Invalid, "policy.several-groups", fmt.Sprintf("line %d: policy %s is assigned to %d groups", r.Line, p.DisplayName, len(p.GroupIDs)), "say which one in column group, or use --group")
		}
	}
	ids = distinctIDs(ids, func(id string) []string { return []string{id} })
	name, err := groupNames(ctx, conn, ids)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nothing("this wave has no rows", "")
	}
	out := make([]snapshotsetting.Group, len(ids))
	for i, id := range ids {
		out[i] = snapshotsetting.Group{ID: id, Name: name(id)}
	}
	return out, nil
}

// findGroup finds the one group with that name or id.
func findGroup(ctx context.Context, conn *connection, cell string) (graph.Group, error) {
	return found(ctx, cell, conn.graph.Group, conn.graph.GroupsNamed, func(cell string, all []graph.Group) (graph.Group, error) {
		return tenantcare.Pick("group", "group", cell, all, func(g graph.Group) tenantcare.Named { return tenantcare.Named{ID: g.ID, Name: g.DisplayName} })
	})
}

func readMembers(ctx context.Context, conn *connection, g *snapshotsetting.Group) error {
	members, err := conn.graph.GroupMembers(ctx, g.ID)
	for _, m := range members {
		g.Members = append(g.Members, m.ID)
	}
	return err
}

// otherGroups reads groups with their members, by id in lower case; a missing one has none.
func otherGroups(ctx context.Context, conn *connection, ids []string) (map[string]snapshotsetting.Group, error) {
	name, err := groupNames(ctx, conn, ids)
	if err != nil {
		return nil, err
	}
	out := map[string]snapshotsetting.Group{}
	for _, id := range ids {
		g := snapshotsetting.Group{ID: id, Name: name(id)}
		if err := readMembers(ctx, conn, &g); err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		out[strings.ToLower(id)] = g
	}
	return out, nil
}
