package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/wavegroup"
)

// addCreateGroup adds the flag to a command that begins a run.
func addCreateGroup(cmd *cobra.Command, o *runOptions) {
	cmd.Flags().StringVar(&o.createGroup, "create-group", "", "make a dedicated group for each policy that has none, named by this template of {wave} and {policy}")
}

// missingGroups returns the policies of the wave that are assigned to no group, with the group that --create-group gives each.
// nil when there are none, or when something else is wrong with the wave: then no group is created.
func (b *beginning) missingGroups(ctx context.Context, res preflight.Result) (map[string]string, []graph.ProvisioningPolicy, error) {
	lines := res.Unassigned(b.skipInvalid)
	if len(lines) == 0 {
		return nil, nil, nil
	}
	all, err := b.conn.graph.ProvisioningPolicies(ctx)
	if err != nil {
		return nil, nil, err
	}
	names := map[string]string{}
	var policies []graph.ProvisioningPolicy
	for _, r := range b.file.Rows {
		if !lines[r.Line] || r.Group != "" {
			continue
		}
		p, err := pickPolicy(r.Policy, all)
		if err != nil {
			return nil, nil, err
		}
		if names[p.ID] != "" || len(p.GroupIDs) > 0 {
			continue
		}
		if names[p.ID], err = wavegroup.Name(b.createGroup, b.file.Name, p.DisplayName); err != nil {
			return nil, nil, err
		}
		policies = append(policies, p)
	}
	return names, policies, nil
}

// supposeGroups changes the result as if the groups of --create-group existed: their findings are removed, and their rows
// get them. It returns the policy that each group gets, by the group's name. For a group that exists and only gets the
// policy, its members outside the wave are read.
func (b *beginning) supposeGroups(ctx context.Context, res *preflight.Result) (map[string]string, error) {
	if b.createGroup == "" {
		return nil, nil
	}
	names, policies, err := b.missingGroups(ctx, *res)
	if err != nil || len(policies) == 0 {
		return nil, err
	}
	out, groups := map[string]string{}, map[string]preflight.Group{}
	var users []string
	for _, t := range res.Targets {
		users = append(users, t.UserID)
	}
	res.PlanFacts.Outsiders = maps.Clone(res.PlanFacts.Outsiders)
	for _, p := range policies {
		have, err := wavegroup.Find(ctx, b.conn.graph, names[p.ID])
		if err != nil {
			return nil, err
		}
		out[names[p.ID]], groups[p.ID] = p.DisplayName, preflight.Group{ID: have.ID, Name: names[p.ID]}
		if have.ID == "" {
			continue
		}
		members, err := b.conn.graph.GroupMembers(ctx, have.ID)
		if err != nil {
			return nil, err
		}
		if res.PlanFacts.Outsiders == nil {
			res.PlanFacts.Outsiders = map[string][]string{}
		}
		res.PlanFacts.Outsiders[strings.ToLower(have.ID)], _ = preflight.Outsiders(members, users)
	}
	res.AssumeGroups(b.file.Rows, groups)
	return out, nil
}

// heldToPlan refuses a run that creates groups and does not match its plan, before it creates one. The run is compared once
// more when they exist.
func (b *beginning) heldToPlan(ctx context.Context, res preflight.Result) error {
	if b.planFile == "" || b.createGroup == "" {
		return nil
	}
	res.Findings, res.Bad, res.Targets = slices.Clone(res.Findings), slices.Clone(res.Bad), slices.Clone(res.Targets)
	supposed, err := b.supposeGroups(ctx, &res)
	if err != nil || len(supposed) == 0 {
		return err
	}
	now, err := b.drafted(b.s.Run.ID, b.s.Now(), res)
	if err != nil {
		return err
	}
	return asPlanned(b.sealed, now, b.planFile, b.again)
}

// createGroups creates the groups of --create-group, after showing them and asking. It reports whether any was created:
// then the wave has to be validated again.
func (b *beginning) createGroups(ctx context.Context, res preflight.Result) (bool, error) {
	tenant, err := b.conn.tenantID(ctx)
	if err != nil {
		return false, err
	}
	w := tenantcare.Writer{Journal: b.s.Ledger, Clock: b.conn.clock, Command: createGroup, By: b.s.Driver().String(), Tenant: tenant}
	if err := b.settleGroups(ctx, w); err != nil {
		return false, err
	}
	names, policies, err := b.missingGroups(ctx, res)
	if err != nil || len(policies) == 0 {
		return false, err
	}
	for _, p := range policies {
		have, err := wavegroup.Find(ctx, b.conn.graph, names[p.ID])
		if err != nil {
			return false, err
		}
		what := "is created"
		if have.ID != "" {
			what = "exists already"
		}
		if !b.g.json {
			fmt.Fprintf(b.err, "  + group %s %s, and gets the policy %s, which has none\n", wording.OneLine(names[p.ID]), what, wording.OneLine(p.DisplayName))
		}
	}
	if err := b.ask(ctx, b.g, "Make "+wording.Count(len(policies), "group")+" for this wave? "+consequence(b.conn.place.sandbox)); err != nil {
		return false, err
	}
	for _, p := range policies {
		if _, err := wavegroup.Ensure(ctx, w, b.conn.graph, names[p.ID], p.ID); err != nil {
			return true, err
		}
	}
	return true, nil
}

// createGroup is the command that creates the groups of a wave, as the ledger names it.
const createGroup = "run --create-group"

// settleGroups settles the writes of an earlier run of this wave that died while it created groups.
func (b *beginning) settleGroups(ctx context.Context, w tenantcare.Writer) error {
	open, err := w.Journal.Writes(ctx, migration.WriteFilter{Command: createGroup, Undecided: true})
	if err != nil || len(open) == 0 {
		return err
	}
	policies, err := b.conn.graph.ProvisioningPolicies(ctx)
	if err != nil {
		return err
	}
	for _, one := range open {
		mine := slices.ContainsFunc(policies, func(p graph.ProvisioningPolicy) bool {
			name, _ := wavegroup.Name(b.createGroup, b.file.Name, p.DisplayName)
			return strings.EqualFold(p.ID, one.Target) || name == one.Target
		})
		if !mine {
			continue
		}
		if err := b.settle(ctx, b.g, b.conn, w, migration.WriteFilter{Command: createGroup, Target: one.Target}); err != nil {
			return err
		}
	}
	return nil
}
