package graph_test

import (
	"testing"
	"testing/synctest"

	"wave365/pkg/graph"
)

func TestSKU_Free(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		sku  graph.SKU
		want int
	}{
		{graph.SKU{Status: "Enabled", Enabled: 5, Consumed: 3}, 2},
		{graph.SKU{Status: "Warning", Enabled: 1, Warning: 4, Consumed: 3}, 2},
		{graph.SKU{Status: "Enabled", Enabled: 5, Consumed: 9}, 0},
		{graph.SKU{Status: "Suspended", Enabled: 5, Suspended: 5}, 0},
		{graph.SKU{Status: "LockedOut", Enabled: 5}, 0},
		{graph.SKU{Status: "Deleted", Enabled: 5}, 0},
	} {
		if got := tc.sku.Free(); got != tc.want {
			t.Errorf("%+v: %d free, want %d", tc.sku, got, tc.want)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestBeforeAndAfterOnTheSandbox: what is written to groups, policies and licenses is read back.
func TestBeforeAndAfterOnTheSandbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := rehearse(t, "")
		ctx := t.Context()
		g, err := r.CreateGroup(ctx, "wave365 pilots", "wave365-pilots", "made for a wave")
		r.must(err)
		found, err := r.GroupsNamed(ctx, "wave365 pilots")
		r.must(err)
		if len(found) != 1 || found[0].ID != g.ID {
			t.Errorf("groups %+v, made %+v", found, g)
		}
		us, err := r.UsersNamed(ctx, r.anna.DisplayName)
		r.must(err)
		if len(us) != 1 || us[0].ID != r.anna.ID {
			t.Errorf("users %+v", us)
		}
		p, err := r.CreateProvisioningPolicy(ctx, graph.ProvisioningPolicy{
			DisplayName: "All of it", ImageID: "a_b_c", ImageDisplayName: "abc", DomainJoin: []graph.DomainJoin{{Type: graph.JoinEntra, RegionName: "switzerlandnorth"}},
			UserExperienceType: "cloudPc", Extras: graph.PolicyExtras{
				AutopatchGroupID: ptr("g"), Autopilot: &graph.Autopilot{ProfileID: "p", TimeoutMinutes: 60, DenyOnFailure: true},
				ManagedDesktop: &graph.ManagedDesktop{Type: "notManaged"}, SnapshotResetMode: ptr("disabled"),
			}})
		r.must(err)
		p, err = r.ProvisioningPolicy(ctx, p.ID)
		r.must(err)
		x := p.Extras
		if x.AutopatchGroupID == nil || *x.AutopatchGroupID != "g" || x.Autopilot == nil || *x.Autopilot != (graph.Autopilot{ProfileID: "p", TimeoutMinutes: 60, DenyOnFailure: true}) ||
			x.ManagedDesktop == nil || x.ManagedDesktop.Type != "notManaged" || x.SnapshotResetMode == nil || *x.SnapshotResetMode != "disabled" || p.UserExperienceType != "cloudPc" {
			t.Errorf("policy %+v", p)
		}
		r.must(r.RemoveLicense(ctx, r.anna.ID, r.sku)) // not held
		r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
		r.must(r.RemoveLicense(ctx, r.anna.ID, r.sku))
		u, err := r.User(ctx, r.anna.ID)
		if err != nil || len(u.AssignedSKUs) != 0 {
			t.Errorf("user %+v, %v", u, err)
		}
	})
}
