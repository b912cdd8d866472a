package closing

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/plans"
	"wave365/pkg/tenantcare/imports"
)

// Others are the calls that show who outside the run still needs a snapshot setting; *graph.Client makes them.
type Others interface {
	LicenseDetailsOf(ctx context.Context, userIDs []string) ([]graph.LicenseAnswer, error)
	ListImports(ctx context.Context) ([]graph.Import, error)
	AuditEvents(ctx context.Context, filter string) ([]graph.AuditEvent, error)
}

// readOthers reads what shows who outside the run still needs the settings that are to go back: the members of all their
// groups, which of those are due to get a Cloud PC, and imports that this ledger did not send.
func readOthers(ctx context.Context, t Tenant, r Record, f *Facts) error {
	asked := map[string]bool{}
	var members []graph.Member
	for _, s := range f.Settings {
		if !r.reachedBySnapshot(s) {
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
	if err := readDue(ctx, t, r, f, members); err != nil {
		return err
	}
	return readForeign(ctx, t, r, f)
}

// readDue finds the members outside the run who hold a license for a Cloud PC and have none.
func readDue(ctx context.Context, t Tenant, r Record, f *Facts, members []graph.Member) error {
	has := map[string]bool{}
	for _, pc := range f.CloudPCs {
		has[strings.ToLower(pc.UserPrincipalName)] = true
	}
	var ids []string
	for _, m := range members {
		if m.UPN != "" && !has[strings.ToLower(m.UPN)] && !r.has(m.ID) && !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	answers, err := t.LicenseDetailsOf(ctx, ids)
	if err != nil {
		return err
	}
	f.Due = map[string]bool{}
	for i, a := range answers {
		switch {
		case fault.Is(a.Err, fault.NotFound): // deleted since
		case a.Err != nil:
			return a.Err
		default:
			f.Due[strings.ToLower(ids[i])] = slices.ContainsFunc(a.Licenses, func(l graph.License) bool {
				return plans.Named(l.SKUPartNumber) || slices.ContainsFunc(l.Plans, func(p graph.LicensePlan) bool { return plans.Named(p.Name) })
			})
		}
	}
	return nil
}

// before is how long before a run somebody may have sent an import that is still to be used.
const before = 7 * 24 * time.Hour

// readForeign finds the imports that this ledger did not send and that a Cloud PC may still be built from: by the list of
// imports and by the audit log, as far as the service has them.
func readForeign(ctx context.Context, t Tenant, r Record, f *Facts) error {
	known := maps.Clone(r.Known)
	if known == nil {
		known = map[string]bool{}
	}
	for _, c := range imports.Of(r.Rows, r.Effects) {
		known[strings.ToLower(c.ID)] = true
	}
	add := func(i graph.Import) {
		if !known[strings.ToLower(i.SnapshotID)] && toBeUsed(i) {
			known[strings.ToLower(i.SnapshotID)] = true
			f.Foreign = append(f.Foreign, i)
		}
	}
	all, err := t.ListImports(ctx)
	if err != nil && !absent(err) {
		return err
	}
	for _, i := range all {
		if i.SnapshotID != "" {
			add(i)
		}
	}
	events, err := t.AuditEvents(ctx, "activityDateTime ge "+r.Run.CreatedAt.Add(-before).UTC().Format(time.RFC3339))
	if err != nil && !absent(err) {
		return err
	}
	var ids []string
	for _, e := range events {
		what := strings.ToLower(e.Activity + " " + e.ActivityType + " " + e.DisplayName)
		if !strings.Contains(what, "import") || strings.Contains(what, "purge") || strings.EqualFold(e.Result, "clientError") {
			continue
		}
		for _, res := range e.Resources {
			if _, err := uuid.Parse(res.ID); err == nil && !known[strings.ToLower(res.ID)] && !slices.Contains(ids, res.ID) {
				ids = append(ids, res.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	answers, err := t.ImportResults(ctx, ids)
	if err != nil {
		return err
	}
	for i, a := range answers {
		switch {
		case absent(a.Err): // used up, purged, or no import
		case a.Err != nil:
			return a.Err
		default:
			a.Import.SnapshotID = ids[i]
			add(a.Import)
		}
	}
	return nil
}

// absent reports whether a record, or the call itself, does not exist here, or may not be read.
func absent(err error) bool {
	return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied)
}

// toBeUsed reports whether a Cloud PC may still be built from an import.
func toBeUsed(i graph.Import) bool {
	switch {
	case i.Status == graph.ImportFailed, i.Usage == graph.UsageInUse, i.Usage == graph.UsageExpired:
		return false
	}
	return true
}

// reachedBySnapshot reports whether a setting builds from snapshots and reaches a group of the run.
func (r Record) reachedBySnapshot(s graph.UserSetting) bool {
	return strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot) && slices.ContainsFunc(s.GroupIDs, r.mine)
}

// mine reports whether a group is one of the run's.
func (r Record) mine(id string) bool {
	for _, g := range r.groups() {
		if strings.EqualFold(g.ID, id) {
			return true
		}
	}
	return false
}

// has reports whether a person is in the run.
func (r Record) has(userID string) bool {
	return slices.ContainsFunc(r.Rows, func(x migration.Row) bool { return strings.EqualFold(x.Target.UserID, userID) })
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

// needing are the people outside the run who still need that a setting builds from snapshots, each with the reason.
func needing(r Record, f Facts, s graph.UserSetting) []string {
	pcs := map[string]graph.CloudPC{}
	for _, pc := range f.CloudPCs {
		switch pc.Status {
		case graph.StatusPreparing, graph.StatusProvisioning, graph.StatusPendingProvision:
			pcs[strings.ToLower(pc.UserPrincipalName)] = pc
		}
	}
	var who []string
	members := map[string]bool{}
	for _, g := range s.GroupIDs {
		for _, m := range f.Members[strings.ToLower(g)] {
			id, upn := strings.ToLower(m.ID), strings.ToLower(m.UPN)
			seen := members[id]
			if members[id], members[upn] = true, true; seen || r.has(m.ID) {
				continue
			}
			if pc, ok := pcs[upn]; ok && upn != "" {
				who = append(who, m.UPN+" (Cloud PC "+pc.DisplayName+" is "+pc.Status+")")
			} else if f.Due[id] {
				who = append(who, m.UPN+" (has a license, and no Cloud PC yet)")
			}
		}
	}
	for _, i := range f.Foreign {
		if members[strings.ToLower(i.AssignedUser)] || i.PolicyName == "" || r.policy(i.PolicyName) {
			who = append(who, fmt.Sprintf("%s (import %s, which this ledger did not send, is %s and not used yet)", f.name(i.AssignedUser), i.SnapshotID, i.Status))
		}
	}
	return who
}

// policy reports whether a policy of this name is one of the run's.
func (r Record) policy(name string) bool {
	return slices.ContainsFunc(r.Rows, func(x migration.Row) bool { return strings.EqualFold(x.Target.PolicyName, name) })
}

// name gives a person's UPN, where it is known, for an object id.
func (f Facts) name(user string) string {
	for _, g := range slices.Sorted(maps.Keys(f.Members)) {
		for _, m := range f.Members[g] {
			if strings.EqualFold(m.ID, user) && m.UPN != "" {
				return m.UPN
			}
		}
	}
	return user
}

// user is the run of a row that still needs a disk of row: one that is not final, or held, or one of somebody else that did
// not end well and can be retried; "" when none does.
func (r Record) user(row migration.Row, disk migration.Source) string {
	for _, x := range append(slices.Clone(r.Beside), r.Rows...) {
		open := !x.State.Final() || x.State == migration.Held
		again := (x.State == migration.Failed || x.State == migration.Deferred) && !strings.EqualFold(x.Target.UserID, row.Target.UserID)
		for _, s := range []*migration.Source{&x.Target.Disk, x.Target.GuestState} {
			if (open || again) && s != nil && s.Container == disk.Container && s.Name == disk.Name {
				return x.Run
			}
		}
	}
	return ""
}
