// Package closing is what is done after a wave: its user settings go back to building from images, what was left over is
// found, and what may be cleared away is cleared away on demand.
package closing

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing/needed"
	"wave365/pkg/tenantcare/imports"
	"wave365/pkg/tenantcare/snapshotsetting"
)

// Tenant are the calls it makes; *graph.Client makes them.
type Tenant interface {
	imports.Tenant
	snapshotsetting.Tenant
	needed.Tenant
	CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error)
	GroupMembers(ctx context.Context, groupID string) ([]graph.Member, error)
}

// Storage is what it asks of the storage account; *blob.Client is one. nil: the staging blobs are not looked at.
type Storage interface {
	List(ctx context.Context, container, prefix string) ([]blob.Item, error)
	Delete(ctx context.Context, r blob.Ref, etag string) error
}

// Record is what the ledger says about the run.
type Record struct {
	Run  migration.Run
	Rows []migration.Row
	// Effects are the run's writes, and those of commands for it.
	Effects []migration.Write
	// Busy are groups that a row of another run, which is not final, still needs, by id in lower case, with that run's id.
	Busy map[string]string
	// Beside are the rows of the ledger's other runs, Known the imports that this ledger knows, by id in lower case.
	Beside []migration.Row
	Known  map[string]bool
	// Marker is what the names of settings begin with that this tool makes for a run; "": settings are not told apart by it.
	Marker string
}

// Facts is what one look at the tenant and the storage account found.
type Facts struct {
	Settings []graph.UserSetting
	Imports  []imports.Verdict
	// CloudPCs are all of the tenant's.
	CloudPCs []graph.CloudPC
	// Outside is looked for only when a setting is to go back.
	needed.Outside
	// Members are the direct members of the groups of the run and of its settings, by group id in lower case.
	Members map[string][]graph.Member
	// Gone are the groups that are no more, by id in lower case.
	Gone map[string]bool
	// Blobs are those in the containers of the run's disks, by container/name; nil: not looked at.
	Blobs map[string]blob.Item
}

// apart lies between the two looks that must agree, in service time.
const apart = 90 * time.Second

// Final refuses a run whose rows are not final, or held. The fault is a Conflict (close.not-final).
func Final(r Record) error {
	c := migration.Count(r.Rows)
	switch {
	case c.Open() > 0:
		return fault.New(fault.Conflict, "close.not-final", "run "+r.Run.ID+" is not finished", "nothing was changed; end it, or give the rest up", fault.NewCommand("resume").For(r.Run.ID), fault.NewCommand("cancel").For(r.Run.ID))
	case c.Held > 0:
		i := slices.IndexFunc(r.Rows, func(x migration.Row) bool { return x.State == migration.Held })
		return fault.New(fault.Conflict, "close.not-final", "the row of "+r.Rows[i].Target.User+" is held: its import may exist",
			"nothing was changed; settle it first: take the import over by its id, or say that there is none", settle(r.Rows[i], "--snapshot-id", "ID"), settle(r.Rows[i], "--no-effect"))
	}
	return nil
}

func settle(r migration.Row, args ...string) fault.Command {
	return fault.NewCommand("reconcile", append([]string{"--row", r.Target.User}, args...)...).For(r.Run)
}

// Look looks twice, apart in time, and decides. The fault is a Conflict (close.unsettled) when the two looks disagree.
func Look(ctx context.Context, clock tenantcare.Clock, t Tenant, s Storage, r Record, o Options) (Plan, error) {
	if err := Final(r); err != nil {
		return Plan{}, err
	}
	first, err := read(ctx, t, s, r)
	if err != nil {
		return Plan{}, err
	}
	before := Decide(r, first, o)
	if before.Nothing() {
		return before, nil
	}
	if err := tenantcare.Sleep(ctx, clock, apart); err != nil {
		return Plan{}, err
	}
	second, err := read(ctx, t, s, r)
	if err != nil {
		return Plan{}, err
	}
	after := Decide(r, second, o)
	if what := disagree(before, after); what != "" {
		return after, unsettled(what)
	}
	return after, nil
}

func unsettled(what string) error {
	return fault.New(fault.Conflict, "close.unsettled", "two looks at the tenant disagree about "+what, "somebody, or the service, is at work there: run the command again; nothing was changed")
}

// disagree says about what two plans would act differently; "" when they do the same.
func disagree(a, b Plan) string {
	ids := func(p Plan) (settings, purges, blobs []string) {
		for _, s := range p.Switch {
			settings = append(settings, s.ID)
		}
		for _, v := range p.Purge {
			purges = append(purges, v.ID)
		}
		for _, x := range p.Staging {
			if x.Why == "" {
				blobs = append(blobs, x.Path+x.ETag)
			}
		}
		return settings, purges, blobs
	}
	as, ap, ab := ids(a)
	bs, bp, bb := ids(b)
	switch {
	case !slices.Equal(as, bs):
		return "the user settings"
	case !slices.Equal(ap, bp):
		return "the imports"
	case !slices.Equal(ab, bb):
		return "the staging blobs"
	}
	return ""
}

func read(ctx context.Context, t Tenant, s Storage, r Record) (Facts, error) {
	f := Facts{Members: map[string][]graph.Member{}, Gone: map[string]bool{}}
	var err error
	if f.Settings, err = t.UserSettings(ctx); err != nil {
		return f, err
	}
	if f.Imports, err = imports.Read(ctx, t, imports.Of(r.Rows, r.Effects)); err != nil {
		return f, err
	}
	if f.CloudPCs, err = t.CloudPCs(ctx, ""); err != nil {
		return f, err
	}
	for _, g := range r.groups() {
		members, err := t.GroupMembers(ctx, g.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return f, err
		}
		f.Members[strings.ToLower(g.ID)], f.Gone[strings.ToLower(g.ID)] = members, err != nil
	}
	if err := readOutside(ctx, t, r, &f); err != nil {
		return f, err
	}
	if s == nil {
		return f, nil
	}
	f.Blobs = map[string]blob.Item{}
	for _, container := range r.containers() {
		items, err := s.List(ctx, container, "")
		if err != nil && !fault.Is(err, fault.NotFound) {
			return f, err
		}
		for _, i := range items {
			f.Blobs[container+"/"+i.Name] = i
		}
	}
	return f, nil
}

// readOutside reads what shows who outside the run still needs the settings that are to go back: the members of all their
// groups, which of those are due to get a Cloud PC, and imports that this ledger did not send.
func readOutside(ctx context.Context, t Tenant, r Record, f *Facts) error {
	ours, asked := r.ours(), map[string]bool{}
	var members []graph.Member
	for _, s := range f.Settings {
		if !reachedBySnapshot(s, ours) {
			continue
		}
		for _, g := range s.GroupIDs {
			key := strings.ToLower(g)
			if asked[key] {
				continue
			}
			asked[key] = true
			if _, known := f.Members[key]; !known {
				all, err := t.GroupMembers(ctx, g)
				if err != nil && !fault.Is(err, fault.NotFound) {
					return err
				}
				f.Members[key] = all
			}
			members = append(members, f.Members[key]...)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	sent := map[string]bool{}
	maps.Copy(sent, r.Known)
	for _, c := range imports.Of(r.Rows, r.Effects) {
		sent[strings.ToLower(c.ID)] = true
	}
	var err error
	f.Outside, err = needed.Read(ctx, t, needed.Of(r.Run, r.Rows, nil), sent, members, f.CloudPCs)
	return err
}

// reachedBySnapshot reports whether a setting builds from snapshots and reaches one of these groups.
func reachedBySnapshot(s graph.UserSetting, groups map[string]bool) bool {
	return strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot) &&
		slices.ContainsFunc(s.GroupIDs, func(id string) bool { return groups[strings.ToLower(id)] })
}

// ours are the ids of the run's groups, in lower case.
func (r Record) ours() map[string]bool {
	out := map[string]bool{}
	for _, g := range r.groups() {
		out[strings.ToLower(g.ID)] = true
	}
	return out
}

// elsewhere reports whether a setting bears the name that this tool gives, and this ledger did not make it.
func (r Record) elsewhere(s graph.UserSetting) bool {
	if r.Marker == "" || !strings.HasPrefix(s.DisplayName, r.Marker) || s.DisplayName == r.Marker+r.Run.ID {
		return false
	}
	return !slices.ContainsFunc(r.Effects, func(w migration.Write) bool {
		return w.Effect == migration.EffectSettingCreate && w.Outcome != nil && strings.EqualFold(w.Outcome.RemoteID, s.ID)
	})
}

// groups are the groups of the rows that were not skipped, each once.
func (r Record) groups() []snapshotsetting.Group {
	var out []snapshotsetting.Group
	for _, row := range r.Rows {
		t := row.Target
		if row.State == migration.Skipped || t.GroupID == "" || slices.ContainsFunc(out, func(g snapshotsetting.Group) bool { return strings.EqualFold(g.ID, t.GroupID) }) {
			continue
		}
		out = append(out, snapshotsetting.Group{ID: t.GroupID, Name: t.GroupName})
	}
	return out
}

// containers are those in which the proven rows' disks lie.
func (r Record) containers() []string {
	var out []string
	for _, row := range r.Rows {
		if c := row.Target.Disk.Container; row.State == migration.Succeeded && c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
