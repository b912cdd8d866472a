package preflight_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

const (
	head = "user,blob,policy,license\n"
	ada  = "ada@" + domain
	// adaRow is a good row whose license comes last, adaHeld one whose membership does.
	adaRow  = ada + ",disks/ada.vhd,P," + sku + "\n"
	adaHeld = ada + ",disks/ada.vhd,P,\n"
	adaID   = "aaaaaaaa-0000-4000-8000-000000000001"
	// cpc2 is the service plan of sku.
	cpc2 = "3efff3fe-528a-4fc5-b1ba-845802cc764f"
)

// rigged is a tenant in which some answers are others.
type rigged struct {
	*graph.Client
	licenses func([]graph.LicenseAnswer)
	members  func([]graph.Member) []graph.Member
	groups   func([]graph.GroupAnswer)
	pcs      []graph.CloudPC
	policies func([]graph.ProvisioningPolicy) ([]graph.ProvisioningPolicy, error)
	imports  map[string]graph.Import
	settings error
	status   string // of every product
}

func (f rigged) SubscribedSKUs(ctx context.Context) ([]graph.SKU, error) {
	skus, err := f.Client.SubscribedSKUs(ctx)
	for i := range skus {
		if f.status != "" {
			skus[i].Status = f.status
		}
	}
	return skus, err
}

func (f rigged) UserSettings(ctx context.Context) ([]graph.UserSetting, error) {
	if f.settings != nil {
		return nil, f.settings
	}
	return f.Client.UserSettings(ctx)
}

func (f rigged) LicenseDetailsOf(ctx context.Context, ids []string) ([]graph.LicenseAnswer, error) {
	a, err := f.Client.LicenseDetailsOf(ctx, ids)
	if f.licenses != nil {
		f.licenses(a)
	}
	return a, err
}

func (f rigged) GroupMembers(ctx context.Context, id string) ([]graph.Member, error) {
	m, err := f.Client.GroupMembers(ctx, id)
	if f.members != nil {
		m = f.members(m)
	}
	return m, err
}

func (f rigged) Groups(ctx context.Context, ids []string) ([]graph.GroupAnswer, error) {
	a, err := f.Client.Groups(ctx, ids)
	if f.groups != nil {
		f.groups(a)
	}
	return a, err
}

func (f rigged) CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error) {
	if f.pcs != nil {
		return f.pcs, nil
	}
	return f.Client.CloudPCs(ctx, filter)
}

func (f rigged) ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error) {
	all, err := f.Client.ProvisioningPolicies(ctx)
	if f.policies != nil && err == nil {
		return f.policies(all)
	}
	return all, err
}

func (f rigged) ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error) {
	if f.imports == nil {
		return f.Client.ImportResults(ctx, ids)
	}
	out := make([]graph.ImportAnswer, len(ids))
	for i, id := range ids {
		im, ok := f.imports[id]
		if out[i].Import = im; !ok {
			out[i].Err = fault.New(fault.NotFound, "", "gone", "")
		}
	}
	return out, nil
}

// account is a storage account in which some answers are others.
type account struct {
	*blob.Client
	list, sign error
	properties func(*blob.Properties)
}

func (a account) List(ctx context.Context, container, prefix string) ([]blob.Item, error) {
	if a.list != nil {
		return nil, a.list
	}
	items, err := a.Client.List(ctx, container, prefix)
	for i := range items {
		if a.properties != nil {
			a.properties(&items[i].Properties)
		}
	}
	return items, err
}

func (a account) SignRead(ctx context.Context, r bloburl.Ref, start, expiry time.Time) (string, error) {
	if a.sign != nil {
		return "", a.sign
	}
	return a.Client.SignRead(ctx, r, start, expiry)
}

// refusal is what a service says to whom it does not let in.
func refusal(service string, status int) error {
	f := fault.New(fault.Denied, "", "refused", "")
	f.Remote = &fault.Remote{Service: service, Status: status}
	return f
}

// status makes every plan of a license stand so.
func status(s string) func([]graph.LicenseAnswer) {
	return func(all []graph.LicenseAnswer) {
		for _, a := range all {
			for _, l := range a.Licenses {
				for i := range l.Plans {
					l.Plans[i].Status = s
				}
			}
		}
	}
}

func TestCheck_rules(t *testing.T) {
	t.Parallel()
	holds := func(sc *scenario.Scenario) { sc.Users[0].Licenses = []string{sku} }
	carries := func(sc *scenario.Scenario) { sc.Groups[0].Licenses = []string{sku} }
	join := func(members []graph.Member) []graph.Member {
		return append(members, graph.Member{ID: strings.ToUpper(adaID), UPN: ada, Type: "user"})
	}
	for _, tc := range []struct {
		name   string
		tenant func(*scenario.Scenario)
		rig    rigged
		acct   account
		csv    string
		in     func(*preflight.Input)
		want   []string
		say    string // in the first finding's message
	}{
		{name: "license last", csv: adaRow},
		{name: "membership last", tenant: holds, csv: adaHeld},
		{name: "by object id, with spaces", csv: " " + strings.ToUpper(adaID) + " ,disks/ada.vhd, p ,cpc e 2c 8gb 128gb\n"},
		{name: "one person by name and by id", csv: adaRow + adaID + ",disks/two.vhd,P," + sku + "\n",
			want: []string{"2 user.duplicate", "3 user.duplicate"}, say: "the same person as on line 3"},
		{name: "one person, one blob in two spellings", csv: adaRow + adaID + "," + blobRoot + "/disks/ada.vhd,P," + sku + "\n", want: []string{"2 user.duplicate", "3 user.duplicate"}},
		{name: "a disk that is another's guest state", tenant: func(sc *scenario.Scenario) { sc.Users = append(sc.Users, scenario.User{UPN: "bob"}) },
			csv:  "bob@" + domain + "," + blobRoot + "/disks/state.vmgs,P," + sku + ",\n" + ada + ",disks/ada.vhd,P," + sku + ",disks/state.vmgs\n",
			want: []string{"2 blob.duplicate", "2 vhd.is-guest-state", "3 blob.duplicate"}, say: "line 3"},
		{name: "what the file has refused is not looked up", csv: "ada,ada.vhd,P," + sku + "\n", want: []string{"2 csv.value-bad", "2 csv.value-bad"}},

		{name: "license last, held already", tenant: holds, csv: adaRow, want: []string{"2 user.already-targeted"}, say: "leave the license cell empty"},
		{name: "license last, on its way already", tenant: holds, rig: rigged{licenses: status("PendingActivation")}, csv: adaRow, want: []string{"2 user.already-targeted"}},
		{name: "license last, held but disabled", tenant: holds, rig: rigged{licenses: status("Disabled")}, csv: adaRow},
		{name: "license last, and the group brings one", tenant: carries, csv: adaRow, want: []string{"2 user.already-targeted"}, say: "gives its members"},
		{name: "license last, none named", csv: adaHeld, in: func(in *preflight.Input) { in.Trigger = migration.TriggerLicense }, want: []string{"2 license.missing"}},
		{name: "membership last, no license", csv: adaHeld, want: []string{"2 license.missing"}},
		{name: "membership last, license on its way", tenant: holds, rig: rigged{licenses: status("PendingInput")}, csv: adaHeld, want: []string{"2 license.missing"}, say: "PendingInput, not usable yet"},
		{name: "membership last, the license in error", tenant: holds, rig: rigged{licenses: status("Error")}, csv: adaHeld, want: []string{"2 license.missing"}},
		{name: "membership last, the named license held", tenant: holds, csv: adaRow, in: membership},
		{name: "membership last, the named license not held", csv: adaRow, in: membership, want: []string{"2 license.missing"}, say: "does not hold " + sku + " yet"},
		{name: "relicense", tenant: holds, csv: adaHeld, in: relicense},
		{name: "relicense, the license on its way", tenant: holds, rig: rigged{licenses: status("PendingInput")}, csv: adaHeld, in: relicense},
		{name: "relicense, nothing held and one named", csv: adaRow, in: relicense},
		{name: "relicense, nothing held", csv: adaHeld, in: relicense, want: []string{"2 license.missing"}},
		{name: "relicense, in the group already", tenant: func(sc *scenario.Scenario) { holds(sc); sc.Groups[0].Members = []string{"ada"} }, csv: adaHeld, in: relicense, want: []string{"2 user.already-targeted"}},
		{name: "relicense, the group brings one too", tenant: func(sc *scenario.Scenario) { holds(sc); carries(sc) }, csv: adaHeld, in: relicense, want: []string{"2 user.already-targeted"}, say: "gives its members"},
		{name: "relicense, held through a group", tenant: func(sc *scenario.Scenario) {
			sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-licensed", Members: []string{"ada"}, Licenses: []string{sku}})
		}, csv: adaHeld, in: relicense, want: []string{"2 license.from-group"}, say: "cannot be taken away and given back"},
		{name: "relicense, with a Cloud PC", tenant: func(sc *scenario.Scenario) {
			holds(sc)
			sc.CloudPCs = []scenario.CloudPC{{User: "ada", Policy: "P"}}
		}, csv: adaHeld, in: relicense, want: []string{"2 user.has-cloud-pc"}},
		{name: "membership last, the group brings it", tenant: carries, csv: adaHeld, want: []string{"2 license.from-group w"}, say: "comes with group grp-p"},
		{name: "the group brings another product", tenant: func(sc *scenario.Scenario) {
			sc.Licenses = append(sc.Licenses, scenario.License{SKU: "SPE_E5", Seats: 9, Plan: "EXCHANGE", PlanID: "12121212-1212-4212-8212-121212121212"})
			sc.Groups[0].Licenses = []string{"SPE_E5"}
		}, csv: adaRow},
		{name: "licensed and in the group", tenant: holds, rig: rigged{members: join}, csv: adaHeld, want: []string{"2 user.already-targeted"}, say: "nothing is left"},
		{name: "in the group, license last", rig: rigged{members: join}, csv: adaRow},
		{name: "a product in its grace period", tenant: func(sc *scenario.Scenario) { sc.Licenses[0].Status = "Warning" }, csv: adaRow, want: []string{"0 license.in-grace w"}},
		{name: "a suspended product", tenant: func(sc *scenario.Scenario) { sc.Licenses[0].Status = "Suspended" }, csv: adaRow, want: []string{"2 license.not-usable"}, say: "is suspended"},
		{name: "a product in a state of later days", rig: rigged{status: "Paused"}, csv: adaRow, want: []string{"2 license.not-usable"}, say: "unknown state (Paused)"},
		{name: "a deleted product, held", tenant: func(sc *scenario.Scenario) { holds(sc); sc.Licenses[0].Status = "Deleted" }, csv: adaHeld, want: []string{"2 license.not-usable"}, say: "is deleted"},
		{name: "names in other spellings", csv: ada + ",disks/ada.vhd,​p ," + strings.ToLower(sku[:3]) + "​" + sku[3:] + "\n"},
		{name: "a group of a name that another one has", tenant: func(sc *scenario.Scenario) {
			sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-q"})
			sc.Policies[0].Groups = append(sc.Policies[0].Groups, "grp-q")
		}, rig: rigged{groups: func(a []graph.GroupAnswer) {
			a[0].Group.DisplayName, a[1].Group.DisplayName = "Pilot “A”", "pilot  'a'"
		}}, csv: ada + ",disks/ada.vhd,P," + sku + ",,Pilot 'A'\n", want: []string{"2 group.ambiguous"}, say: "2 groups of policy P are called"},
		{name: "a mail-enabled group", rig: rigged{groups: func(a []graph.GroupAnswer) { a[0].Group.MailEnabled = true }}, csv: adaRow, want: []string{"2 group.mail-enabled"}},
		{name: "a Microsoft 365 group", rig: rigged{groups: func(a []graph.GroupAnswer) { a[0].Group.MailEnabled, a[0].Group.Unified = true, true }}, csv: adaRow},
		{name: "two policies of one name", rig: rigged{policies: func(p []graph.ProvisioningPolicy) ([]graph.ProvisioningPolicy, error) {
			other := p[0]
			other.ID, other.DisplayName = "bbbbbbbb-0000-4000-8000-000000000001", "p "
			return append(p, other), nil
		}}, csv: adaRow, want: []string{"2 policy.ambiguous"}, say: "2 provisioning policies are called P ("},
		{name: "no seats for what the group brings", tenant: func(sc *scenario.Scenario) { carries(sc); sc.Licenses[0].Seats = 0 }, csv: adaHeld, want: []string{"2 license.from-group w", "2 license.no-seats"}},
		{name: "a row with an error takes no seat", tenant: func(sc *scenario.Scenario) { sc.Licenses[0].Seats = 1 },
			csv: "ghost@" + domain + ",disks/two.vhd,P," + sku + "\n" + adaRow, want: []string{"2 user.not-found"}},

		{name: "a license without a policy is no Cloud PC", tenant: holds, rig: rigged{pcs: []graph.CloudPC{{UserPrincipalName: ada, Status: graph.StatusNotProvisioned, ServicePlanID: cpc2}}}, csv: adaHeld},
		{name: "a Cloud PC of another plan and policy", rig: rigged{pcs: []graph.CloudPC{{UserPrincipalName: ada, Status: graph.StatusProvisioned, ServicePlanID: "x", ProvisioningPolicyID: "y"}}}, csv: adaRow},
		{name: "a Cloud PC in its grace period", rig: rigged{pcs: []graph.CloudPC{{UserPrincipalName: strings.ToUpper(ada), Status: graph.StatusInGracePeriod, ServicePlanID: strings.ToUpper(cpc2)}}},
			csv: adaRow, want: []string{"2 user.has-cloud-pc"}, say: "inGracePeriod"},
		{name: "the license of a Cloud PC that is there is not to be taken away", tenant: holds, rig: rigged{pcs: []graph.CloudPC{{UserPrincipalName: ada, Status: graph.StatusProvisioned, ServicePlanID: cpc2}}},
			csv: adaRow, want: []string{"2 user.has-cloud-pc"}, say: "has a Cloud PC already"},
		{name: "nor the membership", tenant: holds, rig: rigged{members: join, pcs: []graph.CloudPC{{UserPrincipalName: ada, Status: graph.StatusProvisioned, ServicePlanID: cpc2}}},
			csv: adaHeld, want: []string{"2 user.has-cloud-pc"}, say: "has a Cloud PC already"},
		{name: "an import of an earlier run", rig: rigged{imports: map[string]graph.Import{"s2": {SnapshotID: "s2", Status: graph.ImportFailed}}}, csv: adaRow,
			in: func(in *preflight.Input) { in.LiveImports = map[string][]string{adaID: {"s1", "s2"}} }, want: []string{"2 user.has-import"}, say: "s2 (failed)"},
		{name: "an import that another tool left, under the user's name", tenant: func(sc *scenario.Scenario) {
			sc.Knobs.ListImports, sc.Knobs.AssignedUser = true, "upn"
			sc.Imports = []scenario.Import{{User: "ada", Status: "inProgress"}}
		}, csv: adaRow, want: []string{"2 user.has-import"}, say: "(inProgress)"},
		{name: "an import that was used up", rig: rigged{imports: map[string]graph.Import{}}, csv: adaRow,
			in: func(in *preflight.Input) { in.LiveImports = map[string][]string{adaID: {"s1"}} }},

		{name: "a tenant without policies", rig: rigged{policies: func([]graph.ProvisioningPolicy) ([]graph.ProvisioningPolicy, error) { return nil, nil }}, csv: adaRow, want: []string{"2 policy.not-found"}, say: "it has none at all"},
		{name: "policies that may not be read", rig: rigged{policies: func([]graph.ProvisioningPolicy) ([]graph.ProvisioningPolicy, error) {
			return nil, refusal("graph", 403)
		}},
			csv: adaRow, want: []string{"0 permission.missing"}, say: "Privileged Role Administrator"},
		{name: "a policy that is nearly called so", tenant: func(sc *scenario.Scenario) { sc.Policies[0].Name = "Wave One" }, csv: ada + ",disks/ada.vhd,wave-one," + sku + "\n",
			want: []string{"2 policy.not-found"}, say: "did you mean Wave One?"},
		{name: "a no-break space in the policy", tenant: func(sc *scenario.Scenario) { sc.Policies[0].Name = "Wave One" }, csv: ada + ",disks/ada.vhd,Wave\u00a0One," + sku + "\n"},
		{name: "a policy with a letter of another script", tenant: func(sc *scenario.Scenario) { sc.Policies[0].Name = "Wave One" }, csv: ada + ",disks/ada.vhd,Wаve One," + sku + "\n",
			want: []string{"2 policy.not-found"}, say: `did you mean Wave One? "а" (U+0430), a Cyrillic letter, is in the cell in place of a, after "W"`},
		{name: "a policy that a console cut off", csv: ada + ",disks/ada.vhd,P...," + sku + "\n", want: []string{"2 policy.not-found"}, say: "cut it off where its column ended; did you mean P?"},
		{name: "a group with a dash of typesetting", csv: strings.TrimSuffix(adaRow, "\n") + ",,grp–p\n", want: []string{"2 group.not-found"}, say: "did you mean grp-p?"},
		{name: "a blob with a full-width letter", csv: ada + ",disks/ａda.vhd,P," + sku + "\n", want: []string{"2 blob.not-found"}, say: "did you mean ada.vhd?"},
		{name: "a license with a look-alike", csv: ada + ",disks/ada.vhd,P," + strings.Replace(sku, "C", "С", 1) + "\n", want: []string{"2 license.unknown-sku"}, say: "did you mean " + sku + "?"},
		{name: "a policy that nothing resembles", csv: ada + ",disks/ada.vhd,Nowhere," + sku + "\n", want: []string{"2 policy.not-found"}, say: "; it has P"},
		{name: "a network connection that is gone", rig: rigged{policies: func(all []graph.ProvisioningPolicy) ([]graph.ProvisioningPolicy, error) {
			all[0].DomainJoin = []graph.DomainJoin{{ConnectionID: "gone"}}
			return all, nil
		}}, csv: adaRow, want: []string{"2 network.unhealthy"}, say: "does not exist"},
		{name: "a group that is gone", rig: rigged{groups: func(a []graph.GroupAnswer) { a[0] = graph.GroupAnswer{Err: fault.New(fault.NotFound, "", "", "")} }},
			csv: adaRow, want: []string{"2 group.not-found"}, say: "does not exist any more"},
		{name: "members that are no users", rig: rigged{members: func(m []graph.Member) []graph.Member {
			return append(m, graph.Member{ID: "g1", Type: "group"}, graph.Member{ID: "d1", Type: "device"}, graph.Member{ID: "u1"}, graph.Member{ID: "u2", UPN: "z@x"})
		}}, csv: adaRow, want: []string{"0 group.outsiders w"}, say: "group grp-p has members without a row for it in this wave, 4 of 4 (device d1, group g1, u1 and 1 more)"},

		{name: "a container that may not be listed", acct: account{list: refusal("blob", 403)}, csv: adaRow},
		{name: "a name in other letters", csv: ada + ",disks/Ada.vhd,P," + sku + "\n", want: []string{"2 blob.not-found"}, say: "did you mean disks/ada.vhd?"},
		{name: "a container that is not there", csv: ada + ",nowhere/ada.vhd,P," + sku + "\n", want: []string{"2 blob.not-found"}},
		{name: "a copy that was aborted", acct: account{properties: func(p *blob.Properties) { p.CopyStatus = "aborted" }}, csv: adaRow, want: []string{"2 blob.copy-pending"}, say: "been aborted"},
		{name: "no right to sign", acct: account{sign: refusal("blob", 403)}, csv: adaRow, want: []string{"0 permission.missing"}, say: "Storage Blob Delegator"},

		{name: "all that the token must list", csv: adaRow, in: func(in *preflight.Input) {
			in.Granted = []string{"cloudpc.readwrite.all", "Group.ReadWrite.All", "LicenseAssignment.ReadWrite.All"}
		}},
		{name: "a token that only reads", csv: adaRow, in: func(in *preflight.Input) { in.Granted = []string{"CloudPC.Read.All"} },
			want: []string{"0 permission.missing", "0 permission.missing", "0 permission.missing"}, say: "to import snapshots"},
		{name: "licenses are not assigned", tenant: holds, csv: adaHeld, in: func(in *preflight.Input) {
			in.Granted = []string{"CloudPC.ReadWrite.All", "GroupMember.ReadWrite.All"}
		}},
		{name: "a cloud without the service", csv: adaRow, in: func(in *preflight.Input) { in.Cloud = "dod" }, want: []string{"0 cloud.unsupported"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sc := newScenario()
			sc.Users = []scenario.User{{UPN: "ada", ID: adaID}}
			sc.Blobs = []scenario.Blob{{Path: "disks/ada.vhd", GiB: 64}, {Path: "disks/two.vhd", GiB: 64}, {Path: "disks/state.vmgs", Kind: "guest-state"}}
			if tc.tenant != nil {
				tc.tenant(sc)
			}
			s := newStage(t, sc)
			tc.rig.Client, tc.acct.Client = s.graph, s.blobs
			columns := head
			if strings.Count(tc.csv, ",") > 3*strings.Count(tc.csv, "\n") {
				columns = "user,blob,policy,license,guest_state_blob,group\n"
			}
			file, findings := reading.Read("w", []byte(columns+tc.csv), wave.Options{})
			in := preflight.Input{File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: s.now}
			if tc.in != nil {
				tc.in(&in)
			}
			res, err := checkRows(t.Context(), tc.rig, tc.acct, in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, brief(res.Findings)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, res.Findings)
			} else if len(tc.want) > 0 && !strings.Contains(res.Findings[0].Message+"; "+res.Findings[0].Hint, tc.say) {
				t.Errorf("%q, %q does not say %q", res.Findings[0].Message, res.Findings[0].Hint, tc.say)
			}
			for i, bad := range res.Bad {
				want := false
				for _, f := range tc.want {
					want = want || strings.HasPrefix(f, fmt.Sprint(file.Rows[i].Line, " ")) && !strings.HasSuffix(f, " w")
				}
				if bad != want {
					t.Errorf("row %d: bad is %v", i, bad)
				}
			}
		})
	}
}

func relicense(in *preflight.Input) { in.Trigger = migration.TriggerRelicense }

func membership(in *preflight.Input) { in.Trigger = migration.TriggerMembership }

// What validation saw is what the run is pinned to.
func TestCheck_freezes(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	sc.Users = []scenario.User{{UPN: "ada", ID: adaID, DisplayName: "Ada"}}
	sc.Blobs = []scenario.Blob{{Path: "disks/ada.vhd", GiB: 127}, {Path: "disks/ada.vmgs", Kind: "guest-state"}}
	s := newStage(t, sc)
	res := s.check("user,blob,policy,license,guest_state_blob,priority\n" + ada + ",disks/ada.vhd,P," + sku + ",disks/ada.vmgs,7\n")
	if len(res.Findings) != 0 || res.Organization.ID != tenantID || res.Bad[0] {
		t.Fatalf("%+v", res)
	}
	got := res.Targets[0]
	ref, err := bloburl.Parse("disks/ada.vhd", blobRoot)
	if err != nil {
		t.Fatal(err)
	}
	now, err := s.blobs.Properties(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if got.Disk.ETag != now.ETag || got.Disk.ETag == "" {
		t.Errorf("the listing's ETag is %q, the blob's %q: the check before the import would find that it moved", got.Disk.ETag, now.ETag)
	}
	if got.PolicyID == "" || got.GroupID == "" || got.SKUID == "" || got.PlanID == "" || got.GuestState.ETag == "" {
		t.Errorf("%+v", got)
	}
	want := migration.Target{
		Line: 2, User: ada, UserID: adaID, UPN: ada, DisplayName: "Ada", PolicyID: got.PolicyID, PolicyName: "P", GroupID: got.GroupID, GroupName: "grp-p",
		Trigger: migration.TriggerLicense, SKUID: got.SKUID, SKUName: sku, PlanID: got.PlanID, PlanName: got.PlanName, PlanGiB: 128, Priority: 7,
		Disk:       migration.Source{URL: blobRoot + "/disks/ada.vhd", Container: "disks", Name: "ada.vhd", ETag: now.ETag, Length: 127<<30 + 512, Virtual: 127 << 30},
		GuestState: &migration.Source{URL: blobRoot + "/disks/ada.vmgs", Container: "disks", Name: "ada.vmgs", ETag: got.GuestState.ETag, Length: 4<<20 + 512},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Where the service does not exist nothing is asked.
func TestCheck_unsupportedCloud(t *testing.T) {
	t.Parallel()
	s := newStage(t, newScenario())
	res := s.check(head+adaRow, func(in *preflight.Input) { in.Cloud = "china" })
	if diff := cmp.Diff([]string{"0 cloud.unsupported"}, brief(res.Findings)); diff != "" || !res.Denied() {
		t.Error(diff)
	}
	if n := s.sent.n["graph"]; n != 0 {
		t.Errorf("%d requests", n)
	}
}

// What is no finding is an error of the whole: nothing was validated.
func TestCheck_errors(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	sc.Users, sc.Blobs = []scenario.User{{UPN: "ada"}}, []scenario.Blob{{Path: "disks/ada.vhd", GiB: 64}}
	s := newStage(t, sc)
	file, _ := reading.Read("w", []byte(head+adaRow), wave.Options{})
	in := preflight.Input{File: file, BlobRoot: blobRoot, Slots: 1, Now: s.now}
	check := func(ctx context.Context, acct account, rig rigged) error {
		acct.Client, rig.Client = s.blobs, s.graph
		_, err := checkRows(ctx, rig, acct, in)
		return err
	}
	answer := func(err error) rigged {
		return rigged{policies: func([]graph.ProvisioningPolicy) ([]graph.ProvisioningPolicy, error) { return nil, err }}
	}
	down := answer(fault.New(fault.Unavailable, "", "down", ""))
	if err := check(t.Context(), account{}, down); err != nil {
		t.Errorf("one list without an answer: %v", err)
	}
	if down.settings = fault.New(fault.Unavailable, "", "down", ""); !fault.Is(check(t.Context(), account{}, down), fault.Unavailable) {
		t.Error("two lists without an answer are no service that is down")
	}
	if err := check(t.Context(), account{}, answer(refusal("graph", 401))); !fault.Is(err, fault.Denied) {
		t.Errorf("a token that is refused: %v", err)
	}
	if err := check(t.Context(), account{list: fault.New(fault.Denied, "", "the sign-in failed", "")}, rigged{}); !fault.Is(err, fault.Denied) {
		t.Errorf("a sign-in to the storage account that failed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := rigged{members: func(m []graph.Member) []graph.Member { cancel(); return m }}
	if err := check(ctx, account{}, stopped); !fault.Is(err, fault.Interrupted) {
		t.Errorf("stopped: %v", err)
	}
}
