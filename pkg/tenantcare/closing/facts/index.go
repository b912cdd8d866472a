package facts

import (
	"cmp"
	"slices"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing/needed"
	"wave365/pkg/wave"
)

// Index is the record and one look, made for look-ups: a tenant of 20,000 people is gone through once, not once a row.
type Index struct {
	Record
	Seen
	Needs needed.Run
	// Ours are the ids of the run's groups.
	Ours map[string]bool
	// Having are the UPNs of those who have any Cloud PC.
	Having map[string]bool
	// members are object ids by group id, upns names by object id, holders the reverse, or "-" when two have a name; writes are
	// the record's by row. All keys are in lower case.
	members       map[string]map[string]bool
	upns, holders map[string]string
	writes        map[int][]migration.Write
	// cloudPCs are the tenant's by user and policy.
	cloudPCs map[string][]graph.CloudPC
}

// NewIndex makes an index.
func NewIndex(r Record, f Seen) Index {
	x := Index{Record: r, Seen: f, Needs: needed.Of(r.Run, r.Rows, r.Beside), Ours: r.groupIDs(), members: map[string]map[string]bool{}, upns: map[string]string{}, holders: map[string]string{},
		writes: map[int][]migration.Write{}, cloudPCs: map[string][]graph.CloudPC{}, Having: map[string]bool{}}
	for group, all := range f.Members {
		in := map[string]bool{}
		for _, m := range all {
			in[strings.ToLower(m.ID)] = true
			x.calls(strings.ToLower(m.ID), m.UPN)
		}
		x.members[group] = in
	}
	for _, w := range r.Effects {
		x.writes[w.Row] = append(x.writes[w.Row], w)
	}
	for _, pc := range f.CloudPCs {
		key := ofPolicy(pc.UserPrincipalName, pc.ProvisioningPolicyID)
		x.cloudPCs[key] = append(x.cloudPCs[key], pc)
		x.Having[strings.ToLower(pc.UserPrincipalName)] = true
	}
	return x
}

func ofPolicy(upn, policy string) string { return wave.UserKey(upn) + "\x00" + strings.ToLower(policy) }

func (x Index) calls(id, upn string) {
	if upn == "" {
		return
	}
	x.upns[id] = upn
	key := strings.ToLower(upn)
	if h := x.holders[key]; h != "" && h != id {
		id = "-"
	}
	x.holders[key] = id
}

// CloudPCsOf are the Cloud PCs of a row's user under its policy, those under the latest name first: by the groups' members, and by
// the run's records. A name that another member has now is left out: it belongs to that member.
func (x Index) CloudPCsOf(row migration.Row) (out []graph.CloudPC) {
	id := strings.ToLower(row.Target.UserID)
	var keys []string
	if own := x.upns[id]; own != "" {
		keys = append(keys, ofPolicy(own, row.Target.PolicyID))
	}
	for _, n := range row.Names() {
		key := ofPolicy(n, row.Target.PolicyID)
		if h := x.holders[strings.ToLower(n)]; (h == "" || h == id) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		out = append(out, x.cloudPCs[key]...)
	}
	return out
}

// Member reports whether a row's user is in its group.
func (x Index) Member(t migration.Target) bool {
	return x.members[strings.ToLower(t.GroupID)][strings.ToLower(t.UserID)]
}

// Name returns a user's UPN, where it is known, for an object id.
func (x Index) Name(user string) string {
	return cmp.Or(x.upns[strings.ToLower(user)], user)
}

// Changed lists what the run did for a row and what has not been undone since.
func (x Index) Changed(row migration.Row) []string {
	joined, licensed, away := false, false, false
	for _, w := range x.writes[row.Index] {
		if !w.Changed() {
			continue
		}
		ran := w.Command == migration.CommandRun
		switch w.Effect {
		case migration.EffectJoin:
			joined = true
		case tenantcare.GroupLeave:
			joined = false
		case migration.EffectRelease: // by a command it is what takes a license back
			licensed, away = false, ran
		case migration.EffectLicense:
			licensed, away = ran && row.Target.Trigger != migration.TriggerRelicense, false
		}
	}
	var out []string
	if joined {
		out = append(out, "the membership in group "+row.Target.GroupName)
	}
	if licensed {
		out = append(out, "the license "+row.Target.SKUName)
	}
	if away {
		out = append(out, "the license "+row.Target.SKUName+" was taken away for the import and is not given back")
	}
	return out
}
