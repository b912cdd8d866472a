package preflight_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
)

// What an earlier run of the ledger says about a user decides, as long as the tenant agrees: done, to be taken up there, or
// free.
func TestCheck_EarlierRuns(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	person(sc, "ada")
	person(sc, "bob", func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} })
	sc.CloudPCs = append(sc.CloudPCs, scenario.CloudPC{User: "bob", Policy: "P", Status: "provisioned"})
	const csv = "user,blob,policy,license\nada@contoso.example,disks/ada.vhd,P,CPC_E_2C_8GB_128GB\n"
	const bob = "user,blob,policy,license\nbob@contoso.example,disks/bob.vhd,P,\n"
	for _, tc := range []struct {
		name, csv, user string
		s               migration.Standing
		want, command   string
		text            string
		severity        wave.Severity
		done            bool
	}{
		{name: "open", csv: csv, user: "ada", s: migration.Standing{State: migration.Waiting}, want: "user.in-other-run", command: "wave365 resume r0", severity: wave.Error},
		{name: "held", csv: csv, user: "ada", s: migration.Standing{State: migration.Held, InDoubt: true}, want: "user.in-other-run", command: "wave365 reconcile r0 --row ada@contoso.example --snapshot-id ID, wave365 reconcile r0 --row ada@contoso.example --no-effect", severity: wave.Error},
		{name: "cancelled in doubt", csv: csv, user: "ada", s: migration.Standing{State: migration.Cancelled, InDoubt: true}, want: "user.in-other-run", command: "wave365 retry r0 --row ada@contoso.example", severity: wave.Error},
		{name: "failed", csv: csv, user: "ada", s: migration.Standing{State: migration.Failed}, want: "user.in-other-run", command: "wave365 retry r0 --row ada@contoso.example", severity: wave.Error},
		{name: "failed with another disk", csv: csv, user: "ada", s: migration.Standing{State: migration.Failed, Disk: "http://elsewhere/x.vhd"}},
		{name: "failed in this group", csv: csv, user: "ada", s: migration.Standing{State: migration.Failed, Group: "of the policy"}, want: "user.in-other-run", command: "wave365 retry r0 --row ada@contoso.example", severity: wave.Error},
		{name: "failed in a group that the policy reaches no more", csv: csv, user: "ada", s: migration.Standing{State: migration.Failed, Code: "group.not-found", Group: "11111111-0000-0000-0000-00000000dead", GroupName: "was deleted"}},
		{name: "succeeded, and the Cloud PC is gone", csv: csv, user: "ada", s: migration.Standing{State: migration.Succeeded, CloudPCID: "pc"}},
		{name: "succeeded", csv: bob, user: "bob", s: migration.Standing{State: migration.Succeeded}, want: "user.already-migrated", severity: wave.Info, done: true},
		{name: "succeeded, and it is there as it was proven", csv: bob, user: "bob", s: migration.Standing{State: migration.Succeeded, CloudPCID: "there"}, want: "user.already-migrated", severity: wave.Info, done: true},
		{name: "provisioned again in its place", csv: bob, user: "bob", s: migration.Standing{State: migration.Succeeded, CloudPCID: "there", Provisioned: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, want: "user.has-cloud-pc", text: "keep the disk", severity: wave.Error},
		{name: "built anew under another id", csv: bob, user: "bob", s: migration.Standing{State: migration.Succeeded, CloudPCID: "another"}, want: "user.has-cloud-pc", text: "keep the disk", severity: wave.Error},
		{name: "nobody knows the Cloud PC", csv: bob, user: "bob", want: "user.has-cloud-pc", severity: wave.Error},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, sc)
			users, err := s.graph.Users(t.Context(), []string{tc.user + "@contoso.example"})
			if err != nil {
				t.Fatal(err)
			}
			policies, err := s.graph.ProvisioningPolicies(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tc.s.Run, tc.s.User, tc.s.At, tc.s.Policy = "r0", tc.user+"@contoso.example", time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC), policies[0].ID
			if tc.s.Group == "of the policy" {
				tc.s.Group = policies[0].GroupIDs[0]
			}
			if tc.s.CloudPCID != "" {
				pcs, err := s.graph.CloudPCs(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				for _, pc := range pcs {
					if tc.s.Provisioned.IsZero() {
						tc.s.Provisioned = pc.ProvisionedAt
					}
					if tc.s.CloudPCID == "there" {
						tc.s.CloudPCID = pc.ID
					}
				}
			}
			res := s.check(tc.csv, func(in *preflight.Input) {
				if tc.s.State != "" {
					in.Before = map[string]migration.Standing{strings.ToLower(users[0].User.ID): tc.s}
				}
			})
			var own []wave.Finding
			for _, f := range res.Findings {
				if f.Line == 2 {
					own = append(own, f)
				}
			}
			if tc.want == "" {
				if len(own) != 0 {
					t.Errorf("found %+v", own)
				}
				return
			}
			if len(own) == 0 || own[0].Code != tc.want || own[0].Severity != tc.severity || res.Done[0] != tc.done || tc.done && len(own) != 1 {
				t.Fatalf("found %+v, done %v", own, res.Done)
			}
			if !strings.Contains(own[0].Message, tc.text) {
				t.Errorf("says %q, without %q", own[0].Message, tc.text)
			}
			var commands []string
			for _, c := range own[0].Commands {
				commands = append(commands, c.String())
			}
			if tc.command != "" && strings.Join(commands, ", ") != tc.command {
				t.Errorf("commands %v", own[0].Commands)
			}
			for _, f := range own {
				if hint := strings.ToLower(f.Hint); strings.Contains(hint, "deprovision") || strings.Contains(hint, "end the") {
					t.Errorf("%s asks for an end: %s", f.Code, f.Hint)
				}
			}
		})
	}
}

// TestCheck_doneRowsLeaveOthersAlone: what is found about a row that is done is dropped whole. It does not become the severity
// or the remedy of another row's finding.
func TestCheck_doneRowsLeaveOthersAlone(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	person(sc, "ada")
	person(sc, "bob", func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} })
	sc.CloudPCs = append(sc.CloudPCs, scenario.CloudPC{User: "bob", Policy: "P", Status: "provisioned"})
	sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-ada", Members: []string{"ada"}}, scenario.Group{Name: "grp-bob", Members: []string{"bob"}})
	sc.Settings = append(sc.Settings, scenario.Setting{Name: "of ada", Source: "image", Groups: []string{"grp-ada"}}, scenario.Setting{Name: "of bob", Source: "snapshot", Groups: []string{"grp-bob"}})
	s := newStage(t, sc)
	bob, err := s.graph.Users(t.Context(), []string{"bob@" + domain})
	if err != nil {
		t.Fatal(err)
	}
	policies, err := s.graph.ProvisioningPolicies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := migration.Standing{Run: "r0", User: "bob@" + domain, State: migration.Succeeded, Policy: policies[0].ID}
	const header, ada, rest = "user,blob,policy,license\n", "ada@contoso.example,disks/ada.vhd,P,CPC_E_2C_8GB_128GB\n", "bob@contoso.example,disks/bob.vhd,P,CPC_E_2C_8GB_128GB\n"
	before := func(in *preflight.Input) {
		in.Before = map[string]migration.Standing{strings.ToLower(bob[0].User.ID): done}
	}
	alone, both := s.check(header+ada, before), s.check(header+ada+rest, before)
	if !alone.Bad[0] || !both.Bad[0] || both.Bad[1] || !both.Done[1] {
		t.Errorf("bad alone %v, with bob %v, done %v", alone.Bad, both.Bad, both.Done)
	}
	of := func(res preflight.Result, line int) (found []wave.Finding) {
		for _, f := range res.Findings {
			if f.Line == line {
				found = append(found, f)
			}
		}
		return found
	}
	if diff := cmp.Diff(of(alone, 2), of(both, 2)); diff != "" {
		t.Errorf("what is said of ada changes with bob's row: %s", diff)
	}
	if own := of(both, 3); len(own) != 1 || own[0].Code != "user.already-migrated" || own[0].Severity != wave.Info || strings.Contains(own[0].Hint, "license") {
		t.Errorf("bob is done: %+v", own)
	}
}

// An old wave file names people as they were called then. Who was brought to their end by this ledger is done, under the new
// name; of the others the new name is told, and nothing is done for anybody whom the file does not name.
func TestCheck_renamed(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	person(sc, "ada")
	person(sc, "bob", func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} })
	sc.CloudPCs = append(sc.CloudPCs, scenario.CloudPC{User: "bob", Policy: "P", Status: "provisioned"})
	const csv = "user,blob,policy,license\nold@contoso.example,disks/bob.vhd,P,\n"
	for _, tc := range []struct {
		name, user string
		state      migration.State
		twice      bool
		want, text string
		done       bool
	}{
		{name: "migrated", user: "bob", state: migration.Succeeded, want: "user.already-migrated", text: "old@contoso.example, who is called bob@contoso.example now, was migrated by run r0", done: true},
		{name: "failed", user: "bob", state: migration.Failed, want: "user.not-found", text: "run r0 knew a person by that name, who is called bob@contoso.example now"},
		{name: "migrated, and the Cloud PC is gone", user: "ada", state: migration.Succeeded, want: "user.not-found", text: "who is called ada@contoso.example now"},
		{name: "two had the name", user: "bob", state: migration.Succeeded, twice: true, want: "user.not-found", text: "the tenant has no user old@contoso.example"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, sc)
			users, err := s.graph.Users(t.Context(), []string{tc.user + "@contoso.example"})
			if err != nil {
				t.Fatal(err)
			}
			before := map[string]migration.Standing{strings.ToLower(users[0].User.ID): {Run: "r0", User: "old@contoso.example", UPN: "Old@contoso.example", State: tc.state}}
			if tc.twice {
				before["11111111-0000-0000-0000-00000000dead"] = migration.Standing{Run: "r1", UPN: "old@contoso.example", State: migration.Failed}
			}
			res := s.check(csv, func(in *preflight.Input) { in.Before = before })
			var own []wave.Finding
			for _, f := range res.Findings {
				if f.Line == 2 {
					own = append(own, f)
				}
			}
			if len(own) != 1 || own[0].Code != tc.want || !strings.Contains(own[0].Message, tc.text) || res.Done[0] != tc.done || res.Bad[0] == tc.done {
				t.Errorf("found %+v, done %v, bad %v", own, res.Done, res.Bad)
			}
			if tc.done == (res.Targets[0].UserID == "") {
				t.Errorf("the row is of user %q", res.Targets[0].UserID)
			}
		})
	}
}

// A row that failed in another run has one finding, the one whose command helps, also when its own failed Cloud PC is there.
func TestCheck_ownFailedCloudPC(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	person(sc, "bob", func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} })
	sc.CloudPCs = append(sc.CloudPCs, scenario.CloudPC{User: "bob", Policy: "P", Status: "failed"})
	sc.Groups[0].Members = append(sc.Groups[0].Members, "bob") // as that run left it
	s := newStage(t, sc)
	users, err := s.graph.Users(t.Context(), []string{"bob@contoso.example"})
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]migration.Standing{strings.ToLower(users[0].User.ID): {Run: "r0", User: "bob@contoso.example", State: migration.Failed, Code: "provision.failed"}}
	res := s.check("user,blob,policy,license\nbob@contoso.example,disks/bob.vhd,P,\n", func(in *preflight.Input) { in.Before = before })
	var codes []string
	for _, f := range res.Findings {
		if f.Line == 2 {
			codes = append(codes, f.Code)
		}
	}
	if diff := cmp.Diff([]string{"user.in-other-run"}, codes); diff != "" {
		t.Error(diff)
	}
}
