package closing_test

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/closing"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/imports"
)

var proven = time.Date(2026, 11, 20, 20, 0, 0, 123_000_000, time.UTC)

var now = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)

// evening is a run of two: anna was migrated, cyd was not.
func evening() (facts.Record, facts.Seen) {
	target := func(user string) migration.Target {
		return migration.Target{User: user, UserID: user, UPN: user, PolicyID: "p", GroupID: "g", GroupName: "grp", SKUName: "sku",
			Disk: migration.Source{Container: "disks", Name: user + ".vhd", ETag: `"1"`}}
	}
	done := &migration.Outcome{Status: migration.OutcomeDone}
	r := facts.Record{Run: migration.Run{ID: "r"}, Busy: map[string]string{}, Rows: []migration.Row{
		{Run: "r", Index: 0, State: migration.Succeeded, Target: target("anna"), Facts: migration.Facts{CloudPCID: "PC", Provisioned: proven}}, {Run: "r", Index: 1, State: migration.Failed, Target: target("cyd")}},
		Effects: []migration.Write{{Command: "run", Run: "r", Row: 1, Effect: migration.EffectJoin, Target: "g", Outcome: done}}}
	f := facts.Seen{
		Settings: []graph.UserSetting{{ID: "s", DisplayName: "wave365 r", ProvisioningSourceType: "snapshot", GroupIDs: []string{"g"}}},
		CloudPCs: []graph.CloudPC{{ID: "pc", UserPrincipalName: "anna", ProvisioningPolicyID: "p", Status: graph.StatusProvisioned, ProvisionedAt: proven}},
		Members:  map[string][]graph.Member{"g": {{ID: "anna", UPN: "anna"}, {ID: "cyd", UPN: "cyd"}}},
		Blobs:    map[string]blob.Item{"disks/anna.vhd": {Name: "anna.vhd", Properties: blob.Properties{Length: 64 << 30, ETag: `"1"`}}, "disks/cyd.vhd": {Name: "cyd.vhd"}},
	}
	return r, f
}

func left(p closing.Plan) string {
	var b strings.Builder
	for _, l := range p.Leftovers {
		b.WriteString(l.What + "\n")
	}
	return b.String()
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*facts.Record, *facts.Seen, *closing.Options)
		n      int
		left   string
	}{
		"Own": {func(*facts.Record, *facts.Seen, *closing.Options) {}, 1, ""},
		"Image": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Settings[0].ProvisioningSourceType = "image"
		}, 0, ""},
		"Elsewhere": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) { f.Settings[0].GroupIDs = []string{"x"} }, 0, ""},
		"Shared": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Settings[0].GroupIDs = []string{"g", "x"}
		}, 0, "other waves"},
		"SharedTold": {func(_ *facts.Record, f *facts.Seen, o *closing.Options) {
			f.Settings[0].GroupIDs, o.Shared = []string{"g", "x"}, true
		}, 1, ""},
		"BeingBuilt": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Members["g"] = append(f.Members["g"], graph.Member{ID: "zoe", UPN: "zoe@x"})
			f.CloudPCs = append(f.CloudPCs, graph.CloudPC{DisplayName: "Z", UserPrincipalName: "Zoe@x", Status: graph.StatusProvisioning})
		}, 0, "zoe@x (Cloud PC Z is provisioning)"},
		"BuiltAlready": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Members["g"] = append(f.Members["g"], graph.Member{ID: "zoe", UPN: "zoe@x"})
			f.CloudPCs = append(f.CloudPCs, graph.CloudPC{UserPrincipalName: "Zoe@x", Status: graph.StatusProvisioned})
		}, 1, ""},
		"Licensed": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Members["g"], f.Due = append(f.Members["g"], graph.Member{ID: "zoe", UPN: "zoe@x"}), map[string]bool{"zoe": true}
		}, 0, "zoe@x (has a license, and no Cloud PC yet)"},
		"ImportOfAMember": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Members["g"] = append(f.Members["g"], graph.Member{ID: "zoe", UPN: "zoe@x"})
			f.Foreign = []graph.Import{{SnapshotID: "i", AssignedUser: "ZOE", PolicyName: "other", Status: graph.ImportSucceeded}}
		}, 0, "zoe@x (import i, which this ledger did not send"},
		"ImportOfWhoMayJoin": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Foreign = []graph.Import{{SnapshotID: "i", AssignedUser: "zoe", Status: graph.ImportInProgress}}
		}, 0, "zoe (import i"},
		"ImportUnderAnotherPolicy": {func(_ *facts.Record, f *facts.Seen, _ *closing.Options) {
			f.Foreign = []graph.Import{{SnapshotID: "i", AssignedUser: "zoe", PolicyName: "other", Status: graph.ImportInProgress}}
		}, 1, ""},
		"NeededAllTheSame": {func(_ *facts.Record, f *facts.Seen, o *closing.Options) {
			f.Foreign, o.Shared = []graph.Import{{SnapshotID: "i", AssignedUser: "zoe", Status: graph.ImportInProgress}}, true
		}, 1, "from now on Cloud PCs of 1 who are not in this run are built from the image"},
		"AnotherLedgers": {func(r *facts.Record, f *facts.Seen, _ *closing.Options) {
			r.Marker, f.Settings[0].DisplayName = "wave365 ", "wave365 r2"
		}, 0, "another one did"},
		"AnotherRunOfThisLedgers": {func(r *facts.Record, f *facts.Seen, _ *closing.Options) {
			r.Marker, f.Settings[0].DisplayName = "wave365 ", "wave365 r2"
			r.Effects = append(r.Effects, migration.Write{Run: "r2", Row: migration.WaveRow, Effect: migration.EffectSettingCreate, Outcome: &migration.Outcome{Status: migration.OutcomeDone, RemoteID: "S"}})
		}, 1, ""},
		"OtherRunNeedsIt": {func(r *facts.Record, _ *facts.Seen, o *closing.Options) { r.Busy["g"], o.Shared = "r2", true }, 0, "run r2 needs it"},
	} {
		r, f := evening()
		o := closing.Options{Now: now}
		tc.change(&r, &f, &o)
		p := closing.Decide(r, f, o)
		if (len(p.Kept) > 0) != (strings.Contains(left(p), "still builds from snapshots")) {
			t.Errorf("%s: kept %v", name, p.Kept)
		}
		if len(p.Switch) != tc.n || !strings.Contains(left(p), tc.left) {
			t.Errorf("%s: %d to switch, left:\n%s", name, len(p.Switch), left(p))
		}
	}
}

// TestStaging: a disk goes only when it is wanted, was proven, is the one that was validated, and the person still has the
// Cloud PC and the membership it hangs on.
func TestStaging(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*facts.Record, *facts.Seen)
		why    string
	}{
		"Good":      {func(*facts.Record, *facts.Seen) {}, ""},
		"NotProven": {func(r *facts.Record, _ *facts.Seen) { r.Rows[0].State = migration.Failed }, "-"},
		"Changed": {func(_ *facts.Record, f *facts.Seen) {
			i := f.Blobs["disks/anna.vhd"]
			i.ETag = `"2"`
			f.Blobs["disks/anna.vhd"] = i
		}, "changed since"},
		"Leased": {func(_ *facts.Record, f *facts.Seen) {
			i := f.Blobs["disks/anna.vhd"]
			i.LeaseStatus = "locked"
			f.Blobs["disks/anna.vhd"] = i
		}, "leased"},
		"LeftGroup": {func(_ *facts.Record, f *facts.Seen) { f.Members["g"] = nil }, "not in group"},
		"InGrace":   {func(_ *facts.Record, f *facts.Seen) { f.CloudPCs[0].Status = graph.StatusInGracePeriod }, "not there"},
		"NoCloudPC": {func(_ *facts.Record, f *facts.Seen) { f.CloudPCs = nil }, "not there"},
		"Rebuilt":   {func(_ *facts.Record, f *facts.Seen) { f.CloudPCs[0].ID = "other" }, "has another id"},
		"Again":     {func(_ *facts.Record, f *facts.Seen) { f.CloudPCs[0].ProvisionedAt = proven.Add(time.Minute) }, "was provisioned again"},
		"NoTime":    {func(_ *facts.Record, f *facts.Seen) { f.CloudPCs[0].ProvisionedAt = time.Time{} }, "not known"},
		"NoProof":   {func(r *facts.Record, _ *facts.Seen) { r.Rows[0].Facts = migration.Facts{} }, "not known"},
		"Imported": {func(r *facts.Record, _ *facts.Seen) {
			r.Beside = []migration.Row{{Run: "r2", State: migration.Waiting, Target: r.Rows[0].Target}}
		}, "run r2 needs it"},
		"Retriable": {func(r *facts.Record, _ *facts.Seen) {
			x := migration.Row{Run: "r2", State: migration.Failed, Target: r.Rows[0].Target}
			x.Target.UserID = "zoe"
			r.Beside = []migration.Row{x}
		}, "run r2 needs it"},
		"TriedBefore": {func(r *facts.Record, _ *facts.Seen) {
			r.Beside = []migration.Row{{Run: "r0", State: migration.Failed, Target: r.Rows[0].Target}}
		}, ""},
		"NoETag": {func(r *facts.Record, _ *facts.Seen) { r.Rows[0].Target.Disk.ETag = "" }, "changed since"},
	} {
		r, f := evening()
		tc.change(&r, &f)
		wanted := closing.Decide(r, f, closing.Options{DeleteStaging: true, Now: now})
		unwanted := closing.Decide(r, f, closing.Options{Now: now})
		if len(unwanted.Deletable()) != 0 {
			t.Errorf("%s: blobs go that nobody asked for", name)
		}
		n := 0
		if tc.why == "" {
			n = 1
		}
		if len(wanted.Deletable()) != n || tc.why != "" && tc.why != "-" && !strings.Contains(left(wanted), tc.why) {
			t.Errorf("%s: %d blobs, left:\n%s", name, len(wanted.Deletable()), left(wanted))
		}
	}
}

// Until when links to disks work is told while they do, on the clock of the zone in which people read times.
func TestSignatures(t *testing.T) {
	t.Parallel()
	r, f := evening()
	r.Effects = append(r.Effects, migration.Write{Command: "run", Run: "r", Effect: migration.EffectImport, At: now.Add(-2 * time.Hour)}, migration.Write{Command: "run", Run: "r", Effect: migration.EffectImport, At: now.Add(-time.Hour)})
	o := closing.Options{SignatureLife: 48 * time.Hour, Now: now.In(time.FixedZone("CET", 3600))}
	if got := left(closing.Decide(r, f, o)); !strings.Contains(got, "made for the service (2) are good until 2026-11-22 22:00 CET (21:00 UTC);") {
		t.Errorf("links that work:\n%s", got)
	}
	o.SignatureLife = time.Hour
	if got := left(closing.Decide(r, f, o)); strings.Contains(got, "good until") {
		t.Errorf("links that have ended:\n%s", got)
	}
}

func TestLeftOver(t *testing.T) {
	t.Parallel()
	r, f := evening()
	f.Imports = []imports.Verdict{{Candidate: imports.Candidate{ID: "i1", Row: &r.Rows[1]}, Fate: imports.Purge, Why: "the import failed"}}
	f.Members["g"] = append(f.Members["g"], graph.Member{ID: "zoe", UPN: "zoe"})
	p := closing.Decide(r, f, closing.Options{Now: now})
	for _, want := range []string{"import i1 of cyd", "cyd was not migrated, and of what this run did is left: the membership in group grp", "staging blobs of proven rows hold 64 GiB that could be freed (blobs: 1, rows: 1)", "zoe"} {
		if !strings.Contains(left(p), want) {
			t.Errorf("%q is missing in\n%s", want, left(p))
		}
	}
	if len(p.Purge) != 0 || p.Nothing() {
		t.Errorf("%+v", p)
	}
	if p = closing.Decide(r, f, closing.Options{Purge: true, Now: now}); len(p.Purge) != 1 {
		t.Errorf("%+v", p)
	}
	f.Members["g"] = f.Members["g"][1:]
	if p = closing.Decide(r, f, closing.Options{Now: now}); !strings.Contains(left(p), "anna is not in group grp any more") {
		t.Errorf("a migrated user who left the group is not named:\n%s", left(p))
	}
	r.Rows[1].State = migration.Held
	var commands []string
	for _, c := range fault.RemedyOf(closing.Final(r)).Commands {
		commands = append(commands, c.String())
	}
	if got := strings.Join(commands, "; "); got != "wave365 reconcile r --row cyd --snapshot-id ID; wave365 reconcile r --row cyd --no-effect" {
		t.Errorf("a held row may not be closed over, and is settled with: %s", got)
	}
}

// A new hire who has cyd's old name has a Cloud PC: it is not cyd's, whether the run knows of cyd's new name or not.
func TestOldNameIsSomebodyElses(t *testing.T) {
	t.Parallel()
	for _, known := range []string{"", "cyd.smith"} {
		r, f := evening()
		r.Rows[1].Facts.RenamedTo = known
		f.Members["g"] = []graph.Member{{ID: "anna", UPN: "anna"}, {ID: "hire", UPN: "cyd"}, {ID: "cyd", UPN: "cyd.smith"}}
		f.CloudPCs = append(f.CloudPCs, graph.CloudPC{ID: "other", DisplayName: "CPC-other", UserPrincipalName: "cyd", ProvisioningPolicyID: "p", Status: graph.StatusProvisioned, ProvisionedAt: proven})
		if got := left(closing.Decide(r, f, closing.Options{Now: now})); strings.Contains(got, "CPC-other") || !strings.Contains(got, "cyd was not migrated") {
			t.Errorf("known as %q: %s", known, got)
		}
		f.CloudPCs[1].UserPrincipalName = "cyd.smith"
		if got := left(closing.Decide(r, f, closing.Options{Now: now})); !strings.Contains(got, "CPC-other") {
			t.Errorf("known as %q: their own is not seen: %s", known, got)
		}
	}
}

// Once the run is closed a retry of a failed Cloud PC is refused, because its setting builds from the image: close says so, and
// names the command that comes before.
func TestFailedCloudPC(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		source, want string
		commands     int
	}{
		"Switched":  {"snapshot", "has failed; retry first, then close", 2},
		"ImageNow":  {"image", "has failed; its user setting builds from the image again", 2},
		"NoSetting": {"", "Cloud PC Cyd of cyd has failed\n", 1},
	} {
		r, f := evening()
		f.CloudPCs = append(f.CloudPCs, graph.CloudPC{DisplayName: "Cyd", UserPrincipalName: "cyd", ProvisioningPolicyID: "p", Status: graph.StatusFailed})
		if f.Settings[0].ProvisioningSourceType = tc.source; tc.source == "" {
			f.Settings = nil
		}
		p := closing.Decide(r, f, closing.Options{})
		if !strings.Contains(left(p), tc.want) {
			t.Errorf("%s: %s", name, left(p))
		}
		for _, l := range p.Leftovers {
			if strings.HasPrefix(l.What, "Cloud PC Cyd") && (len(l.Commands) != tc.commands || l.Commands[tc.commands-1].Name != "retry") {
				t.Errorf("%s: %+v", name, l.Commands)
			}
		}
	}
}

// A run that skipped a row offers no retry of it: what failed there is another run's, or nobody's.
func TestFailedCloudPCOfSkippedRow(t *testing.T) {
	t.Parallel()
	r, f := evening()
	f.CloudPCs = append(f.CloudPCs, graph.CloudPC{DisplayName: "Cyd", UserPrincipalName: "cyd", ProvisioningPolicyID: "p", Status: graph.StatusFailed})
	r.Rows[1].State = migration.Skipped
	p := closing.Decide(r, f, closing.Options{})
	if !strings.Contains(left(p), "Cloud PC Cyd of cyd has failed; this run did not make it") {
		t.Error(left(p))
	}
	for _, l := range p.Leftovers {
		for _, c := range l.Commands {
			if c.Name == "retry" {
				t.Errorf("%s: %s", l.What, c.Name)
			}
		}
	}
}
