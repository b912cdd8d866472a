// Package facts is what is known of a run that is to be closed: the ledger's records, what one reading of the tenant and
// the storage account found, and both together, indexed for look-ups. It decides nothing.
package facts

import (
	"slices"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/snapshotsetting"
)

// Record is what the ledger holds about the run.
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
	// Marker begins the names of settings that this tool creates for a run; "": settings are not distinguished by it.
	Marker string
}

// groupIDs are the ids of the run's groups, in lower case.
func (r Record) groupIDs() map[string]bool {
	out := map[string]bool{}
	for _, g := range r.Groups() {
		out[strings.ToLower(g.ID)] = true
	}
	return out
}

// MadeElsewhere reports whether a setting has the name that this tool gives, but this ledger did not create it.
func (r Record) MadeElsewhere(s graph.UserSetting) bool {
	if r.Marker == "" || !strings.HasPrefix(s.DisplayName, r.Marker) || s.DisplayName == r.Marker+r.Run.ID {
		return false
	}
	return !slices.ContainsFunc(r.Effects, func(w migration.Write) bool {
		return w.Effect == migration.EffectSettingCreate && w.Outcome != nil && strings.EqualFold(w.Outcome.RemoteID, s.ID)
	})
}

// Groups are the groups of the rows that were not skipped, each once.
func (r Record) Groups() []snapshotsetting.Group {
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

// containers are those that hold the proven rows' disks.
func (r Record) containers() []string {
	var out []string
	for _, row := range r.Rows {
		if c := row.Target.Disk.Container; row.State == migration.Succeeded && c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// Made reports whether this tool made a group.
func (r Record) Made(group string) bool {
	return slices.ContainsFunc(r.Effects, func(w migration.Write) bool {
		return w.Effect == tenantcare.GroupCreate && w.Changed() && strings.EqualFold(w.Outcome.RemoteID, group)
	})
}
