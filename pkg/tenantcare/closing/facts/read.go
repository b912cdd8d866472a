package facts

import (
	"context"
	"maps"
	"slices"
	"strings"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/tenantcare/closing/needed"
	"wave365/pkg/tenantcare/imports"
	"wave365/pkg/tenantcare/snapshotsetting"
)

// Tenant are the calls that closing makes; *graph.Client makes them.
type Tenant interface {
	imports.Tenant
	snapshotsetting.Tenant
	needed.Tenant
	CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error)
	GroupMembers(ctx context.Context, groupID string) ([]graph.Member, error)
}

// Storage is what closing needs of the storage account; *blob.Client implements it. nil: the staging blobs are not
// read.
type Storage interface {
	List(ctx context.Context, container, prefix string) ([]blob.Item, error)
	Delete(ctx context.Context, r bloburl.Ref, etag string) error
}

// Seen is what one reading of the tenant and the storage account found.
type Seen struct {
	Settings []graph.UserSetting
	Imports  []imports.Verdict
	// CloudPCs are all of the tenant's.
	CloudPCs []graph.CloudPC
	// Outside is looked for only when a setting is to go back.
	needed.Outside
	// Members are the direct members of the groups of the run and of its settings, by group id in lower case.
	Members map[string][]graph.Member
	// Gone are the groups that no longer exist, by id in lower case.
	Gone map[string]bool
	// Blobs are those in the containers of the run's disks, by container/name; nil: not read.
	Blobs map[string]blob.Item
}

// Read reads the tenant, and the storage account unless s is nil.
func Read(ctx context.Context, t Tenant, s Storage, r Record) (Seen, error) {
	f := Seen{Members: map[string][]graph.Member{}, Gone: map[string]bool{}}
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
	for _, g := range r.Groups() {
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
func readOutside(ctx context.Context, t Tenant, r Record, f *Seen) error {
	ours, asked := r.groupIDs(), map[string]bool{}
	var members []graph.Member
	for _, s := range f.Settings {
		if !ReachedBySnapshot(s, ours) {
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

// ReachedBySnapshot reports whether a setting builds from snapshots and reaches one of these groups.
func ReachedBySnapshot(s graph.UserSetting, groups map[string]bool) bool {
	return strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot) &&
		slices.ContainsFunc(s.GroupIDs, func(id string) bool { return groups[strings.ToLower(id)] })
}
