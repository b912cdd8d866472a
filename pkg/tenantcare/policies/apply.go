// Package policies applies provisioning policies from files: it reads the tenant, determines what would change, and
// writes it.
package policies

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/policyfile"
	"wave365/pkg/wave"
)

// Tenant is what of the tenant is read; *graph.Client is one.
type Tenant interface {
	tenantcare.Policies
	OnPremisesConnections(ctx context.Context) ([]graph.OnPremisesConnection, error)
	Images
	Groups
}

// Images reads the images that a policy may name.
type Images interface {
	DeviceImages(ctx context.Context) ([]graph.DeviceImage, error)
	GalleryImages(ctx context.Context) ([]graph.GalleryImage, error)
}

// Groups finds groups.
type Groups interface {
	Group(ctx context.Context, id string) (graph.Group, error)
	GroupsNamed(ctx context.Context, name string) ([]graph.Group, error)
}

// Writes are the calls that change a policy; *graph.Client makes them.
type Writes interface {
	tenantcare.Policies
	CreateProvisioningPolicy(ctx context.Context, p graph.ProvisioningPolicy) (graph.ProvisioningPolicy, error)
	UpdateProvisioningPolicy(ctx context.Context, p graph.ProvisioningPolicy) (graph.ProvisioningPolicy, error)
	AssignProvisioningPolicy(ctx context.Context, id string, groupIDs []string) error
}

// Plan is what one file changes.
type Plan struct {
	File *policyfile.File
	// Have is the present policy; its zero value when the file creates a new one. Want is what is written.
	Have, Want graph.ProvisioningPolicy
	Changes    []policyfile.Change
	Groups     Assignment
	// Names are display names of the groups in Groups, by id in lower case.
	Names map[string]string
}

// New reports whether the policy does not exist yet.
func (p Plan) New() bool { return p.Have.ID == "" }

// Nothing reports whether the tenant is as in the file already.
func (p Plan) Nothing() bool { return !p.New() && len(p.Changes) == 0 && !p.Groups.Changed() }

// Name is a group's display name, or its id.
func (p Plan) Name(group string) string {
	return cmp.Or(p.Names[strings.ToLower(group)], group)
}

// Look reads the tenant and determines what a file changes. remove are groups, by name or id, that are to lose the
// policy. Errors of the file about the tenant are returned as problems; then there is no plan.
func Look(ctx context.Context, t Tenant, f *policyfile.File, remove []string) (Plan, []policyfile.Problem, error) {
	p := Plan{File: f, Names: map[string]string{}}
	all, err := t.ProvisioningPolicies(ctx)
	if err != nil {
		return p, nil, err
	}
	if p.Have, err = existing(all, f.Policy.DisplayName); err != nil {
		return p, nil, err
	}
	k, err := readKnown(ctx, t)
	if err != nil {
		return p, nil, err
	}
	problems := resolve(f, k, p.Have)
	found := map[string][]graph.Group{}
	for _, cell := range slices.Concat(f.Groups, remove) {
		if found[cell], err = groupsAt(ctx, t, cell); err != nil {
			return p, nil, err
		}
		p.named(found[cell]...)
	}
	ids, more := groupIDs(f, found)
	problems = append(problems, more...)
	if p.New() && !f.Gives("domainJoinConfigurations") {
		problems = append(problems, policyfile.Problem{Property: "domainJoinConfigurations", Message: "a new policy needs domainJoinConfigurations", Hint: "say how its Cloud PCs join, and in which network or region"})
	}
	gone, err := toRemove(remove, found, p.Have)
	if err != nil {
		return p, nil, err
	}
	p.Groups = mergeGroups(p.Have.GroupIDs, ids, gone)
	if err := p.nameThoseThatStay(ctx, t); err != nil || len(problems) > 0 {
		return p, problems, err
	}
	p.Want, p.Changes, problems = f.Merge(p.Have)
	return p, problems, nil
}

func (p Plan) named(groups ...graph.Group) {
	for _, g := range groups {
		p.Names[strings.ToLower(g.ID)] = g.DisplayName
	}
}

// nameThoseThatStay looks up the groups that the file does not name; one that is gone, or may not be read, keeps its id.
func (p Plan) nameThoseThatStay(ctx context.Context, t Groups) error {
	for _, id := range p.Groups.Stay {
		g, err := t.Group(ctx, id)
		switch {
		case err == nil:
			p.Names[strings.ToLower(id)] = g.DisplayName
		case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied):
			return err
		}
	}
	return nil
}

// existing finds the policy of this name; none is the zero value.
func existing(all []graph.ProvisioningPolicy, name string) (graph.ProvisioningPolicy, error) {
	var ids []string
	var found graph.ProvisioningPolicy
	for _, p := range all {
		if wave.UserKey(p.DisplayName) == wave.UserKey(name) {
			found, ids = p, append(ids, p.ID)
		}
	}
	if len(ids) > 1 {
		return found, fault.New(fault.Invalid, "policy.ambiguous", "several policies are called "+name+": "+strings.Join(ids, ", "),
			"rename all but one of them; nothing was changed")
	}
	return found, nil
}

// groupsAt finds groups by id or by display name.
func groupsAt(ctx context.Context, t Groups, cell string) ([]graph.Group, error) {
	g, err := t.Group(ctx, cell)
	if err == nil {
		return []graph.Group{g}, nil
	}
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
		return nil, err
	}
	return t.GroupsNamed(ctx, cell)
}

// toRemove finds the groups that are to lose the policy. One that the policy is not assigned to is a mistake: what was
// meant is not known.
func toRemove(cells []string, found map[string][]graph.Group, have graph.ProvisioningPolicy) ([]string, error) {
	var ids []string
	for _, cell := range cells {
		g, err := tenantcare.Pick("group", "group", cell, found[cell], func(g graph.Group) tenantcare.Named { return tenantcare.Named{ID: g.ID, Name: g.DisplayName} })
		if err != nil {
			return nil, err
		}
		if !tenantcare.Has(have.GroupIDs, g.ID) {
			continue // it was taken away already
		}
		ids = append(ids, g.ID)
	}
	return ids, nil
}

// Apply writes the plan, and reads it back. It may be stopped between the two writes and run again.
func Apply(ctx context.Context, w tenantcare.Writer, t Writes, p Plan) (graph.ProvisioningPolicy, error) {
	id := p.Have.ID
	switch {
	case p.New():
		out, err := w.Do(ctx, create(t, p))
		if err != nil {
			return graph.ProvisioningPolicy{}, err
		}
		id = out.RemoteID
	case len(p.Changes) > 0:
		if _, err := w.Do(ctx, update(t, p)); err != nil {
			return graph.ProvisioningPolicy{}, err
		}
	}
	if p.Groups.Changed() {
		if _, err := w.Do(ctx, assign(t, p, id)); err != nil {
			return graph.ProvisioningPolicy{}, err
		}
	}
	return verify(ctx, w, t, p, id)
}

func create(t Writes, p Plan) tenantcare.Effect {
	name := p.Want.DisplayName
	return tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.PolicyCreate, Target: name, After: tenantcare.JSON(p.Want)},
		Present: named(t, name),
		Call: func(ctx context.Context) (string, error) {
			made, err := t.CreateProvisioningPolicy(ctx, p.Want)
			return made.ID, err
		},
	}
}

func update(t Writes, p Plan) tenantcare.Effect {
	return tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.PolicyUpdate, Target: p.Have.ID, Before: tenantcare.JSON(p.Have), After: tenantcare.JSON(p.Changes)},
		Present: look(t, p.Have.ID, "the policy matches the file", func(now graph.ProvisioningPolicy) bool { return len(p.File.Differs(now)) == 0 }),
		Call: func(ctx context.Context) (string, error) {
			now, err := t.UpdateProvisioningPolicy(ctx, p.Want)
			return now.ID, err
		},
	}
}

// assign merges into the present assignments: a group may have been added since the plan was made.
func assign(t Writes, p Plan, id string) tenantcare.Effect {
	w := migration.Write{Effect: tenantcare.PolicyAssign, Target: id, Before: tenantcare.JSON(p.Have.GroupIDs), After: tenantcare.JSON(p.Groups.Want)}
	return tenantcare.Reassign(w, "the groups are as requested", tenantcare.PolicyGroups(t, id), t.AssignProvisioningPolicy, func(now []string) ([]string, bool) {
		g := mergeGroups(now, p.Groups.Add, p.Groups.Remove)
		return g.Want, g.Changed()
	})
}

// named looks for a policy by its name.
func named(t tenantcare.Policies, name string) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		all, err := t.ProvisioningPolicies(ctx)
		if err != nil {
			return "", "", false, err
		}
		found, err := existing(all, name)
		return found.ID, "found by its name", found.ID != "", err
	}
}

// Written is how to look for what a recorded write to a policy did, of whichever command; nil: it is none, or does not say
// enough.
func Written(t tenantcare.Policies, w migration.Write) tenantcare.Look {
	switch w.Effect {
	case tenantcare.PolicyCreate:
		return named(t, w.Target)
	case tenantcare.PolicyUpdate:
		var changes []policyfile.Change
		if json.Unmarshal(w.After, &changes) != nil {
			return nil
		}
		return look(t, w.Target, "the policy is as requested", func(p graph.ProvisioningPolicy) bool { return policyfile.Shows(p, changes) })
	case tenantcare.PolicyAssign:
		var had, want []string
		if json.Unmarshal(w.After, &want) != nil || w.Before != nil && json.Unmarshal(w.Before, &had) != nil {
			return nil
		}
		return look(t, w.Target, "the groups are as requested", func(p graph.ProvisioningPolicy) bool {
			return !slices.ContainsFunc(want, func(g string) bool { return !tenantcare.Has(p.GroupIDs, g) }) &&
				!slices.ContainsFunc(had, func(g string) bool { return !tenantcare.Has(want, g) && tenantcare.Has(p.GroupIDs, g) })
		})
	}
	return nil
}

func look(t tenantcare.Policies, id, seen string, as func(graph.ProvisioningPolicy) bool) tenantcare.Look {
	return tenantcare.Sees(id, seen, func(ctx context.Context) (graph.ProvisioningPolicy, error) { return tenantcare.Policy(ctx, t, id) }, as)
}

// verify reads back until the tenant shows what was written, for a while.
func verify(ctx context.Context, w tenantcare.Writer, t Writes, p Plan, id string) (graph.ProvisioningPolicy, error) {
	const looks = 8
	for try := 0; ; try++ {
		now, err := tenantcare.Policy(ctx, t, id)
		if err != nil && (try == looks || !fault.Is(err, fault.NotFound)) {
			return now, err
		}
		wrong := p.File.Differs(now)
		if mergeGroups(now.GroupIDs, p.Groups.Add, p.Groups.Remove).Changed() {
			wrong = append(wrong, "groups")
		}
		if err == nil && len(wrong) == 0 {
			return now, nil
		}
		if try == looks {
			return now, fault.New(fault.Conflict, "policy.not-as-written", "the service accepted the policy "+p.Want.DisplayName+", but does not show as written: "+strings.Join(wrong, ", "),
				"run the command again; a property that the service never keeps is not for this tenant or this sign-in")
		}
		if err := tenantcare.Sleep(ctx, w.Clock, 15*time.Second); err != nil {
			return now, err
		}
	}
}
