package closing

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/closing/facts"
)

// staging finds the blobs that proven rows were imported from. Until the memberships are known to be unchanged, no disk
// is deleted: a user who lost the link may need theirs again.
func (p *Plan) staging(x facts.Index, o Options) {
	if x.Blobs == nil {
		return
	}
	var count, rows int
	var bytes int64
	for _, row := range x.Rows {
		if row.State != migration.Succeeded {
			continue
		}
		before := count
		for _, s := range []*migration.Source{&row.Target.Disk, row.Target.GuestState} {
			if s == nil {
				continue
			}
			now, there := x.Blobs[s.Container+"/"+s.Name]
			if !there {
				continue
			}
			one := Staging{Row: row, Path: s.Container + "/" + s.Name, ETag: s.ETag, Bytes: now.Length}
			if one.Why, one.Show = keep(x, row, *s, now, o.Now.Location()); one.Why == "" {
				count, bytes = count+1, bytes+now.Length
			}
			p.Staging = append(p.Staging, one)
		}
		if count > before {
			rows++
		}
	}
	if count > 0 && !o.DeleteStaging {
		p.leave(fault.NewCommand("close", "--delete-staging").For(x.Run.ID), "staging blobs of proven rows hold %s that could be freed (blobs: %d, rows: %d)", Size(bytes), count, rows)
	}
	for _, one := range p.Staging { // that a disk is the last copy must also be known to a person who deletes it by hand
		if one.Why != "" && (o.DeleteStaging || one.Show.Name != "") {
			p.leave(one.Show, "blob %s is kept: %s", one.Path, one.Why)
		}
	}
}

// keep returns why a disk of a proven row, of which there is a blob now, may not be deleted, with the command to see more; ""
// when it may.
func keep(x facts.Index, row migration.Row, s migration.Source, now blob.Item, zone *time.Location) (why string, show fault.Command) {
	switch {
	case s.ETag == "" || now.ETag != s.ETag:
		return "it changed since it was validated", show
	case strings.EqualFold(now.LeaseStatus, "locked"):
		return "it is leased", show
	}
	if run := x.Needs.Disk(row, s); run != "" {
		return "run " + run + " needs it", show
	}
	if !x.Member(row.Target) {
		return row.Target.User + " is not in group " + row.Target.GroupName + " any more", show
	}
	if why = notProven(x, row, zone); why != "" {
		show = fault.NewCommand("cloudpc show", row.Target.User)
	}
	return why, show
}

// notProven returns why a row's Cloud PC is not known to hold the content of its disk; "" when the one by which the row was
// proven exists, is in order, and was not provisioned again since.
func notProven(x facts.Index, r migration.Row, zone *time.Location) string {
	other := ""
	for _, pc := range x.CloudPCsOf(r) {
		if pc.Status != graph.StatusProvisioned && pc.Status != graph.StatusProvisionedWithWarnings {
			continue
		}
		if r.Facts.Proven(pc.ID, pc.ProvisionedAt) {
			return ""
		}
		other = replaced(r, pc, zone)
	}
	return cmp.Or(other, "the Cloud PC of "+r.Target.User+" is not there, or not in order")
}

// replaced describes a Cloud PC that is in place of the proven one.
func replaced(r migration.Row, pc graph.CloudPC, zone *time.Location) string {
	what := "has another id than"
	if strings.EqualFold(pc.ID, r.Facts.CloudPCID) {
		what = "was provisioned again since, or resized or restored, unlike"
	}
	return fmt.Sprintf("Cloud PC %s of %s, provisioned %s, %s the one that was proven, provisioned %s: this disk may be the only copy of what was on that one, and a new import can be made from it",
		pc.DisplayName, r.Target.User, moment(pc.ProvisionedAt, zone), what, moment(r.Facts.Provisioned, zone))
}

func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "at a time that is not known"
	}
	return clocks.Second(t.In(zone))
}
