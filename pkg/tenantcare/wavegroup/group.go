// Package wavegroup creates a dedicated group for a wave and a policy that has none, so that the wave's snapshot
// setting reaches no other users.
package wavegroup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

// Tenant are the calls it makes; *graph.Client makes them.
type Tenant interface {
	Finder
	CreateGroup(ctx context.Context, name, nickname, description string) (graph.Group, error)
	tenantcare.Policies
	AssignProvisioningPolicy(ctx context.Context, id string, groupIDs []string) error
}

// Name is the group's name by a template, in which {wave} and {policy} stand for names. The fault is Invalid: a name
// without {policy} would be one group for several policies.
func Name(template, wave, policy string) (string, error) {
	if !strings.Contains(template, "{policy}") {
		return "", fault.New(fault.Invalid, "usage", "--create-group "+template+" makes one group for all policies", "put {policy} into it, such as grp-w365-{wave}-{policy}")
	}
	const longest = 120
	name := strings.Join(strings.Fields(strings.NewReplacer("{wave}", wave, "{policy}", policy).Replace(template)), " ")
	if len([]rune(name)) > longest {
		return "", fault.New(fault.Invalid, "usage", "the group's name is too long: "+name, "choose a shorter template")
	}
	return name, nil
}

// nickname is a mail nickname made of a name: letters, digits and dashes, and a hash that keeps names distinct which differ
// only in other characters or after their beginning.
func nickname(name string) string {
	const longest = 50
	sum := sha256.Sum256([]byte(name))
	n := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, name)
	return n[:min(len(n), longest)] + "-" + hex.EncodeToString(sum[:4])
}

// Find finds the group of a name; its zero value when there is none. The fault is Invalid (group.ambiguous) when several
// bear it.
func Find(ctx context.Context, t Finder, name string) (graph.Group, error) {
	all, err := t.GroupsNamed(ctx, name)
	if err != nil || len(all) == 0 {
		return graph.Group{}, err
	}
	if len(all) > 1 {
		return graph.Group{}, fault.New(fault.Invalid, "group.ambiguous", "several groups are called "+name, "choose another --create-group; nothing was changed")
	}
	return all[0], nil
}

// Shows is how long, in service time, a new group may take to be found by its name.
const Shows = seen

// Made looks for a group that this tool made, by its name.
func Made(w tenantcare.Writer, t Finder, name string) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) { return made(ctx, w, t, name) }
}

// Finder finds groups; *graph.Client does.
type Finder interface {
	Group(ctx context.Context, id string) (graph.Group, error)
	GroupsNamed(ctx context.Context, name string) ([]graph.Group, error)
}

// made looks for the group by its name, and by the id that this ledger knows: a new group is found by its name, or read by
// its id, only some minutes later, and until then what was recorded counts.
func made(ctx context.Context, w tenantcare.Writer, t Finder, name string) (id, how string, ok bool, err error) {
	g, err := Find(ctx, t, name)
	if err != nil || g.ID != "" {
		return g.ID, "found by its name", g.ID != "", err
	}
	past, err := w.Journal.Writes(context.WithoutCancel(ctx), migration.WriteFilter{Target: name})
	if err != nil {
		return "", "", false, err
	}
	for _, p := range slices.Backward(past) {
		if p.Effect != tenantcare.GroupCreate || !p.Changed() || p.Target != name || tenantcare.Elsewhere(w.Tenant, p) {
			continue
		}
		back, err := w.Journal.Writes(context.WithoutCancel(ctx), migration.WriteFilter{Target: p.Outcome.RemoteID})
		if err != nil {
			return "", "", false, err
		}
		if slices.ContainsFunc(back, func(b migration.Write) bool { return b.Effect == tenantcare.GroupDelete && b.Changed() }) {
			continue
		}
		switch _, err := t.Group(ctx, p.Outcome.RemoteID); {
		case err == nil, fault.Is(err, fault.NotFound) && w.Clock.Now().Sub(p.Outcome.At) < seen:
			return p.Outcome.RemoteID, "made before", true, nil
		case !fault.Is(err, fault.NotFound):
			return "", "", false, err
		}
	}
	return "", "", false, nil
}

// Ensure sees to it that the group exists and has the policy, by adding to what the policy is assigned to, and reads both
// back. It may be stopped between its writes and run again.
func Ensure(ctx context.Context, w tenantcare.Writer, t Tenant, name, policyID string) (string, error) {
	out, err := w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.GroupCreate, Target: name},
		Shows:   Shows,
		Present: Made(w, t, name),
		Call: func(ctx context.Context) (string, error) {
			g, err := t.CreateGroup(ctx, name, nickname(name), "made by wave365 for a wave")
			return g.ID, err
		},
	})
	if err != nil {
		return "", err
	}
	group := out.RemoteID
	groups := tenantcare.PolicyGroups(t, policyID)
	_, err = w.Do(ctx, tenantcare.Reassign(migration.Write{Effect: tenantcare.PolicyAssign, Target: policyID, After: tenantcare.JSON([]string{group})},
		"it is assigned", groups, t.AssignProvisioningPolicy, tenantcare.Adding(group)))
	const looks = 20 // a new group takes a while to be known everywhere
	for try := 0; err == nil; try++ {
		var now []string
		if now, err = groups(ctx); err != nil || tenantcare.Has(now, group) {
			break
		}
		if try == looks {
			return group, fault.New(fault.Unavailable, "policy.not-assigned", "the assignment to group "+name+" does not show", "run the command again in a few minutes")
		}
		err = tenantcare.Sleep(ctx, w.Clock, 15*time.Second)
	}
	return group, err
}
