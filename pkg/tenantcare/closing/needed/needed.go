// Package needed finds who outside a run still needs what closing the run would take away: a snapshot setting, or a disk.
package needed

import (
	"fmt"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// Run is the run that is closed, made for look-ups by [Of].
type Run struct {
	run migration.Run
	// people are the object ids of its users, policies the names of its policies, in lower case.
	people, policies map[string]bool
	disks            map[disk][]user
}

type disk struct{ container, name string }

// user is a row that uses a disk.
type user struct {
	run, userID string
	// open: the row needs it in any case; otherwise it failed and can be retried: then its own user's proof ends the need.
	open bool
}

// Of makes a run of its rows, and of beside, the rows of the ledger's other runs.
func Of(run migration.Run, rows, beside []migration.Row) Run {
	r := Run{run: run, people: map[string]bool{}, policies: map[string]bool{}, disks: map[disk][]user{}}
	for _, x := range rows {
		r.people[strings.ToLower(x.Target.UserID)] = true
		r.policies[strings.ToLower(x.Target.PolicyName)] = true
	}
	for _, some := range [][]migration.Row{beside, rows} {
		for _, x := range some {
			r.uses(x)
		}
	}
	return r
}

func (r Run) uses(x migration.Row) {
	open := !x.State.Final() || x.State == migration.Held
	if !open && x.State != migration.Failed && x.State != migration.Deferred {
		return
	}
	for _, s := range []*migration.Source{&x.Target.Disk, x.Target.GuestState} {
		if s != nil {
			d := disk{s.Container, s.Name}
			r.disks[d] = append(r.disks[d], user{x.Run, x.Target.UserID, open})
		}
	}
}

// Has reports whether a person, by object id, is in the run.
func (r Run) Has(userID string) bool { return r.people[strings.ToLower(userID)] }

// Disk is the run of a row that still needs a disk of row: one that is not final, or held, or one of another user that did
// not succeed and can be retried; "" when there is none.
func (r Run) Disk(row migration.Row, s migration.Source) string {
	for _, u := range r.disks[disk{s.Container, s.Name}] {
		if u.open || !strings.EqualFold(u.userID, row.Target.UserID) {
			return u.run
		}
	}
	return ""
}

// Setting are the users outside the run who still need the setting to build from snapshots, each with the reason. members
// are those of the setting's groups, pcs the tenant's Cloud PCs; name returns a user's name for an object id.
func (r Run) Setting(members []graph.Member, pcs []graph.CloudPC, o Outside, name func(userID string) string) []string {
	building := map[string]graph.CloudPC{}
	for _, pc := range pcs {
		switch pc.Status {
		case graph.StatusPreparing, graph.StatusProvisioning, graph.StatusPendingProvision:
			building[strings.ToLower(pc.UserPrincipalName)] = pc
		}
	}
	var who []string
	seen := map[string]bool{}
	for _, m := range members {
		id, upn := strings.ToLower(m.ID), strings.ToLower(m.UPN)
		again := seen[id]
		if seen[id], seen[upn] = true, true; again || r.Has(m.ID) {
			continue
		}
		if pc, ok := building[upn]; ok && upn != "" {
			who = append(who, m.UPN+" (Cloud PC "+pc.DisplayName+" is "+pc.Status+")")
		} else if o.Due[id] {
			who = append(who, m.UPN+" (has a license, and no Cloud PC yet)")
		}
	}
	for _, i := range o.Foreign {
		if seen[strings.ToLower(i.AssignedUser)] || i.PolicyName == "" || r.policies[strings.ToLower(i.PolicyName)] {
			who = append(who, fmt.Sprintf("%s (import %s, which this ledger did not send, is %s and not used yet)", name(i.AssignedUser), i.SnapshotID, i.Status))
		}
	}
	return who
}
