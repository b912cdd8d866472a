package graph_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// The traps of settings, policies, Cloud PCs and groups, played on the sandbox in each of their variants. T20, which is about
// national clouds, needs hosts that no sandbox has: it is played without one.

const endpoint = "/beta/deviceManagement/virtualEndpoint"

func TestTrapT08OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Kept": {}, "Forgotten": {"ignore_source_type: true"}}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		want := map[string]string{"Kept": graph.SourceSnapshot, "Forgotten": graph.SourceImage}[variant]
		made, err := r.CreateUserSetting(ctx, graph.UserSetting{DisplayName: "new", ProvisioningSourceType: graph.SourceSnapshot})
		r.must(err)
		read, err := r.UserSetting(ctx, made.ID)
		r.must(err)
		read.ProvisioningSourceType = graph.SourceSnapshot
		updated, err := r.UpdateUserSetting(ctx, read)
		r.must(err)
		all, err := r.UserSettings(ctx)
		r.must(err)
		for _, s := range []graph.UserSetting{updated, all[len(all)-1]} {
			if s.ProvisioningSourceType != want || s.ID != made.ID {
				r.t.Errorf("%+v, want %s", s, want)
			}
		}
		// Somebody saves the setting elsewhere, without the property's present value: the next read shows it.
		status, text := r.raw("PATCH", endpoint+"/userSettings/"+made.ID, `{"displayName":"new","localAdminEnabled":false,"resetEnabled":false,"provisioningSourceType":"image"}`)
		if s, err := r.UserSetting(ctx, made.ID); status != 200 || err != nil || s.ProvisioningSourceType != graph.SourceImage {
			r.t.Errorf("drift is not seen: %+v, %v (%d %s)", s, err, status, text)
		}
	})
}

func TestTrapT09OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"200": {}, "204": {"patch_status: 204"}, "Partial200": {"partial_patch: accept"}, "Partial204": {"partial_patch: accept, patch_status: 204"}}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		r.setting.LocalAdminEnabled = true
		s, err := r.UpdateUserSetting(ctx, r.setting)
		if err != nil || !s.LocalAdminEnabled || s.ProvisioningSourceType != graph.SourceSnapshot || !cmp.Equal(s.GroupIDs, r.setting.GroupIDs) {
			r.t.Errorf("%+v, %v", s, err)
		}
		r.policy.Description = "changed"
		p, err := r.UpdateProvisioningPolicy(ctx, r.policy)
		if err != nil || p.Description != "changed" || !cmp.Equal(p.GroupIDs, r.policy.GroupIDs) {
			r.t.Errorf("%+v, %v", p, err)
		}
		// What the client is spared by sending everything.
		status, text := r.raw("PATCH", endpoint+"/userSettings/"+s.ID, `{"provisioningSourceType":"image"}`)
		if refused := strings.Contains(text, "requiredFieldsNotProvided"); refused == strings.HasPrefix(variant, "Partial") {
			r.t.Errorf("a part only: %d %s", status, text)
		}
	})
}

func TestTrapT10OnSandbox(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]string{"Deprecated": `"frequencyInHours":6`, "Current": `"frequencyType":"sixHours"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSandbox(t, map[string][]string{"200": {}, "204": {"patch_status: 204"}}, func(r *rehearsal, _ string) {
				ctx := r.t.Context()
				status, text := r.raw("POST", endpoint+"/userSettings", `{"displayName":"old","localAdminEnabled":true,"resetEnabled":true,"selfServiceEnabled":true,"provisioningSourceType":"snapshot",
					"restorePointSetting":{`+field+`,"userRestoreEnabled":false}}`)
				if status != 201 {
					r.t.Fatal(status, text)
				}
				all, err := r.UserSettings(ctx)
				r.must(err)
				s := all[len(all)-1]
				if d := cmp.Diff(&graph.RestorePointSetting{FrequencyType: "sixHours"}, s.RestorePoint); d != "" {
					r.t.Error(d)
				}
				_, err = r.UpdateUserSetting(ctx, s)
				r.must(err)
				_, text = r.raw("GET", endpoint+"/userSettings/"+s.ID, "")
				if strings.Contains(text, "frequencyInHours") || !strings.Contains(text, `"frequencyType":"sixHours"`) || !strings.Contains(text, `"userRestoreEnabled":false`) {
					r.t.Errorf("after the client wrote it: %s", text)
				}
			})
		})
	}
}

func TestTrapT11OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Accepted": {}, "Refused": {"assignment_id: refuse"}}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		status, text := r.raw("POST", "/v1.0/groups", `{"displayName":"more","mailEnabled":false,"mailNickname":"more","securityEnabled":true}`)
		if status != 201 {
			r.t.Fatal(status, text)
		}
		_, id, _ := strings.Cut(text, `"id":"`)
		more := id[:36]
		both := []string{r.group, more}
		for _, groups := range [][]string{both, {more}, both, {}, both} {
			r.must(r.AssignUserSetting(ctx, r.setting.ID, groups))
			r.must(r.AssignProvisioningPolicy(ctx, r.policy.ID, groups))
			s, err := r.UserSetting(ctx, r.setting.ID)
			r.must(err)
			p, err := r.ProvisioningPolicy(ctx, r.policy.ID)
			r.must(err)
			// The whole set is replaced, and what is read can be written.
			if len(s.GroupIDs) != len(groups) || len(p.GroupIDs) != len(groups) {
				r.t.Errorf("assigned %v: setting %v, policy %v", groups, s.GroupIDs, p.GroupIDs)
			}
		}
		status, text = r.raw("POST", endpoint+"/userSettings/"+r.setting.ID+"/assign",
			`{"assignments":[{"id":"x","target":{"@odata.type":"#microsoft.graph.cloudPcManagementGroupAssignmentTarget","groupId":"`+r.group+`"}}]}`)
		if (status == 400) != (variant == "Refused") {
			r.t.Errorf("with an id: %d %s", status, text)
		}
	})
}

func TestTrapT13OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Collapsing": {}, "NotCollapsing": {"keep_unknown_enums: true"}}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		r.must(r.AddMember(ctx, r.group, r.anna.ID))
		r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
		r.wait(time.Minute)
		pcs, err := r.CloudPCs(ctx, "")
		if err != nil || len(pcs) != 1 || pcs[0].Status != "preparing" {
			r.t.Errorf("%+v, %v", pcs, err)
		}
		_, text := r.raw("GET", endpoint+"/cloudPCs", "")
		if hidden := strings.Contains(text, `"status":"unknownFutureValue"`); hidden != (variant == "Collapsing") {
			r.t.Errorf("who does not ask sees %s", text)
		}
	})
}

func TestTrapT14OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"200": {}, "204": {"patch_status: 204"}}, func(r *rehearsal, _ string) {
		ctx := r.t.Context()
		images, err := r.GalleryImages(ctx)
		r.must(err)
		for _, i := range images {
			if i.Status != "supported" {
				continue
			}
			p, err := r.CreateProvisioningPolicy(ctx, graph.ProvisioningPolicy{DisplayName: "new", ImageID: i.ID, ImageDisplayName: i.DisplayName,
				DomainJoin: []graph.DomainJoin{{Type: "azureADJoin", RegionName: "switzerlandnorth", RegionGroup: "switzerland"}}})
			r.must(err)
			again, err := r.UpdateProvisioningPolicy(ctx, p)
			if err != nil || again.ImageID != i.ID || again.ImageType != "gallery" || again.ProvisioningType != "dedicated" {
				r.t.Errorf("%+v, %v", again, err)
			}
			break
		}
		if status, text := r.raw("POST", endpoint+"/provisioningPolicies", `{"displayName":"x","domainJoinConfigurations":[{"domainJoinType":"azureADJoin","regionName":"r"}]}`); status != 400 {
			r.t.Errorf("without an image: %d %s", status, text)
		}
	})
}

// inGrace is Anna with a Cloud PC that has lost its license: in grace.
var inGrace = []string{"{upn: anna}", "{upn: anna, licenses: [CPC_E_2C_8GB_128GB]}", "{name: pilots}", "{name: pilots, members: [anna]}",
	"blobs:", "cloud_pcs: [{user: anna, status: provisioned}]\nblobs:"}

func (r *rehearsal) unlicense() graph.CloudPC {
	r.t.Helper()
	if status, text := r.raw("POST", "/v1.0/users/"+r.anna.ID+"/assignLicense", `{"addLicenses":[],"removeLicenses":["`+r.sku+`"]}`); status != 200 {
		r.t.Fatal(status, text)
	}
	pc := r.pc(r.anna, graph.StatusInGracePeriod)
	if pc.ID == "" || pc.GracePeriodEnd.IsZero() {
		r.t.Fatalf("not in grace: %+v", pc)
	}
	return pc
}

func TestTrapT18OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Documented": append([]string{""}, inGrace...), "Qualified": append([]string{""}, inGrace...)}, func(r *rehearsal, variant string) {
		pc := r.unlicense()
		path := endpoint + "/cloudPCs/" + pc.ID + "/endGracePeriod"
		if variant == "Qualified" {
			path = endpoint + "/cloudPCs/" + pc.ID + "/microsoft.graph.endGracePeriod"
			if status, text := r.raw("POST", path, ""); status != 204 {
				r.t.Fatal(status, text)
			}
		} else {
			r.must(r.EndGracePeriod(r.t.Context(), pc.ID))
		}
		all := r.requests()
		if last := all[len(all)-1]; last.Path != path || last.Effect != "grace period ended" {
			r.t.Errorf("%+v", last)
		}
	})
}

func TestTrapT19OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Flips": append([]string{""}, inGrace...), "Steady": append([]string{"flip_flop: off"}, inGrace...),
		"SameID": append([]string{"reuse_cloud_pc_id: true"}, inGrace...)}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		old := r.unlicense()
		r.must(r.EndGracePeriod(ctx, old.ID))
		flips, last := 0, ""
		for range 400 {
			pcs, err := r.CloudPCs(ctx, "")
			r.must(err)
			if len(pcs) == 0 {
				break
			}
			if pcs[0].Status == graph.StatusInGracePeriod && last == graph.StatusDeprovisioning {
				flips++
			}
			last = pcs[0].Status
			r.wait(15 * time.Second)
		}
		if (flips > 0) != (variant != "Steady") {
			r.t.Errorf("went back into grace %d times", flips)
		}
		if _, err := r.CloudPC(ctx, old.ID); !fault.Is(err, fault.NotFound) {
			r.t.Errorf("still there: %v", err)
		}
		r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
		pc := r.pc(r.anna, graph.StatusProvisioned)
		// The id may be that of the one before: the time tells them apart.
		if (pc.ID == old.ID) != (variant == "SameID") || !pc.ProvisionedAt.After(old.ProvisionedAt) {
			r.t.Errorf("before %+v, after %+v", old, pc)
		}
	})
}

func TestTrapT22OnSandbox(t *testing.T) {
	t.Parallel()
	held := func(p string) []string {
		return []string{"", "licenses: [", "permissions: [" + p + ", User.Read.All, LicenseAssignment.Read.All, GroupMember.Read.All]\nlicenses: ["}
	}
	onSandbox(t, map[string][]string{"Allowed": held("CloudPC.ReadWrite.All"), "ReadOnly": held("CloudPC.Read.All")}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		p := policy()
		p.DomainJoin[0].RegionName = "switzerlandnorth"
		_, created := r.CreateProvisioningPolicy(ctx, p)
		for _, err := range []error{created, r.AssignProvisioningPolicy(ctx, r.policy.ID, r.policy.GroupIDs), r.AssignUserSetting(ctx, r.setting.ID, r.setting.GroupIDs)} {
			if variant == "Allowed" {
				r.must(err)
			} else if h := fault.HintOf(err); !fault.Is(err, fault.Denied) || !strings.Contains(h, "CloudPC.ReadWrite.All") || !strings.Contains(h, "Administrator") {
				r.t.Errorf("%v: %q", err, h)
			}
		}
	})
}

func TestTrapT23OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"OnePage": {"page_size: 500"}, "ManyPages": {"page_size: 1"}}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		before := len(r.requests())
		plans, err := r.ServicePlans(ctx)
		if err != nil || len(plans) < 10 {
			r.t.Errorf("%d plans, %v", len(plans), err)
		}
		sent := r.requests()[before:]
		if sent[0].Query != "" || (len(sent) == len(plans)) != (variant == "ManyPages") {
			r.t.Errorf("%d requests for %d plans, the first asks %q", len(sent), len(plans), sent[0].Query)
		}
	})
}

// TestTrapT24OnSandbox: in a tenant where the sign-in may delete people, too, the client takes away the membership only.
func TestTrapT24OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Safe": {}, "Dangerous": {"", "licenses: [", "permissions: [CloudPC.ReadWrite.All, User.ReadWrite.All, LicenseAssignment.Read.All, GroupMember.ReadWrite.All]\nlicenses: ["}}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		for range 2 {
			r.must(r.AddMember(ctx, r.group, r.anna.ID))
			r.must(r.RemoveMember(ctx, r.group, r.anna.ID))
			r.must(r.RemoveMember(ctx, r.group, r.anna.ID))
		}
		if u, err := r.User(ctx, r.anna.ID); err != nil || u.ID != r.anna.ID || r.count("user deleted") != 0 {
			r.t.Errorf("the user is gone: %v", err)
		}
		r.must(r.AddMembers(ctx, r.group, []string{r.anna.ID, r.ben.ID}))
		r.must(r.AddMembers(ctx, r.group, []string{r.anna.ID, r.ben.ID}))
		// And that is what the trap is: the same address without its end.
		status, text := r.raw("DELETE", "/v1.0/groups/"+r.group+"/members/"+r.anna.ID, "")
		if _, err := r.User(ctx, r.anna.ID); fault.Is(err, fault.NotFound) != (variant == "Dangerous") {
			r.t.Errorf("the trap is not there: %d %s, %v", status, text, err)
		}
	})
}

func TestTrapT26OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Singular": {}, "Plural": {"retrieve_route: plural, list_imports: true"}}, func(r *rehearsal, _ string) {
		ctx := r.t.Context()
		r.must(r.AddMember(ctx, r.group, r.anna.ID))
		r.until(r.started().SnapshotID, graph.ImportSucceeded)
		r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
		_, err := r.AuditEvents(ctx, "")
		r.must(err)
		_, err = r.Users(ctx, []string{r.anna.ID, r.ben.UPN})
		r.must(err)
		for _, q := range r.requests() {
			beta := strings.Contains(q.Path, "/deviceManagement/virtualEndpoint/")
			if strings.HasPrefix(q.Path, "/beta/") != beta {
				r.t.Errorf("%s %s", q.Method, q.Path)
			}
			if q.Outcome == "unknown" {
				r.t.Errorf("the service does not know %s %s", q.Method, q.Path)
			}
		}
		for _, path := range []string{"/snapshots/listSnapshotImportResults"} {
			if status, text := r.raw("GET", "/v1.0/deviceManagement/virtualEndpoint"+path, ""); status != 404 || !strings.Contains(text, "segment") {
				r.t.Errorf("v1.0 has %s: %d %s", path, status, text)
			}
		}
		if _, text := r.raw("GET", "/v1.0/deviceManagement/virtualEndpoint/cloudPCs", ""); strings.Contains(text, `"status"`) || !strings.Contains(text, r.anna.UPN) {
			r.t.Errorf("v1.0 tells the status: %s", text)
		}
	})
}

// TestTrapT27OnSandbox: who joins after the wave gets what the setting says then.
func TestTrapT27OnSandbox(t *testing.T) {
	t.Parallel()
	licensed := []string{"{upn: ben}", "{upn: ben, licenses: [CPC_E_2C_8GB_128GB]}"}
	want := map[string]string{"Closed": graph.StatusProvisioned, "ClosedWaits": graph.StatusProvisioned, "ClosedFails": graph.StatusProvisioned,
		"OpenImage": graph.StatusProvisioned, "OpenWaits": "", "OpenFails": graph.StatusFailed}
	variants := map[string][]string{}
	for name := range want {
		knob := map[bool]string{true: "no_snapshot: wait"}[strings.HasSuffix(name, "Waits")]
		if strings.HasSuffix(name, "Fails") {
			knob = "no_snapshot: failed"
		}
		variants[name] = append([]string{knob}, licensed...)
	}
	onSandbox(t, variants, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		r.must(r.AddMember(ctx, r.group, r.anna.ID))
		r.until(r.started().SnapshotID, graph.ImportSucceeded)
		r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
		if pc := r.pc(r.anna, graph.StatusProvisioned); pc.ID == "" {
			r.t.Fatal("the wave did not end")
		}
		if strings.HasPrefix(variant, "Closed") {
			r.setting.ProvisioningSourceType = graph.SourceImage
			s, err := r.UpdateUserSetting(ctx, r.setting)
			if err != nil || s.ProvisioningSourceType != graph.SourceImage || len(s.GroupIDs) != 1 {
				r.t.Fatalf("%+v, %v", s, err)
			}
		}
		r.must(r.AddMember(ctx, r.group, r.ben.ID))
		if pc := r.pc(r.ben, graph.StatusProvisioned, graph.StatusFailed); pc.Status != want[variant] {
			r.t.Errorf("who came later: %q, want %q (%+v)", pc.Status, want[variant], pc.Detail)
		}
		if pc := r.pc(r.anna, graph.StatusProvisioned); pc.ID == "" {
			r.t.Error("closing the wave touched who was migrated")
		}
		r.must(r.RemoveMember(ctx, r.group, r.anna.ID))
		if pc := r.pc(r.anna, graph.StatusInGracePeriod); pc.ID == "" {
			r.t.Error("who leaves the group keeps the Cloud PC: the trap is not there")
		}
	})
}
