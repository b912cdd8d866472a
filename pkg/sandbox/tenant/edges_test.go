package tenant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

const plan8 = "3efff3fe-528a-4fc5-b1ba-845802cc764f"

func TestUsageLocation(t *testing.T) {
	t.Parallel()
	s := tell(t, nil)
	if _, err := s.tn.SetUsageLocation(s.now, "eve@contoso.example", "Switzerland"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a country's name: %v", err)
	}
	if _, err := s.tn.SetUsageLocation(s.now, "nobody", "CH"); !fault.Is(err, fault.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	if u, err := s.tn.SetUsageLocation(s.now, "eve@contoso.example", "ch"); err != nil || u.Location != "CH" {
		t.Fatalf("%+v, %v", u, err)
	}
	// The location is read back at once, but licensing learns of it later.
	if _, err := s.tn.AssignLicense(s.now, "eve@contoso.example", []tenant.Grant{{SKUID: sku}}, nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "usage location") {
		t.Errorf("at once: %v", err)
	}
	s.wait(time.Minute)
	s.license("eve@contoso.example")
	s = tell(t, knobs(func(k *scenario.Knobs) { k.UsageLocationLag = "0s" }))
	if _, err := s.tn.SetUsageLocation(s.now, "eve@contoso.example", "CH"); err != nil {
		t.Fatal(err)
	}
	s.license("eve@contoso.example")
}

func TestConnections(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Connections = []scenario.Connection{{Name: "Bern", Checked: "30h", Health: "warning"}}
		s.Policies[0].Connection = "Bern"
	})
	c := s.tn.Connections(s.now)[0]
	if c.Health != "warning" || !c.InUse || c.FreeAddresses != 200 || s.now.Sub(c.Checked) != 30*time.Hour {
		t.Errorf("%+v", c)
	}
}

func TestGroupsThatRefuseMembers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		group scenario.Group
		want  fault.Kind
	}{
		"dynamic": {scenario.Group{Dynamic: true}, fault.Invalid}, "synced": {scenario.Group{Synced: true}, fault.Invalid},
		"role": {scenario.Group{RoleAssignable: true}, fault.Denied}, "restricted": {scenario.Group{Restricted: true}, fault.Denied},
	} {
		c.group.Name, c.group.ID = "G", "cccccccc-0000-0000-0000-000000000001"
		s := tell(t, func(s *scenario.Scenario) { s.Groups = append(s.Groups, c.group) })
		if err := s.tn.AddMembers(s.now, c.group.ID, []string{s.id(ada)}); fault.KindOf(err) != c.want {
			t.Errorf("%s: add: %v", name, err)
		}
		if err := s.tn.RemoveMember(s.now, c.group.ID, s.id(ada)); fault.KindOf(err) != c.want {
			t.Errorf("%s: remove: %v", name, err)
		}
	}
}

// Only an Enterprise plan that works starts provisioning.
func TestPlansThatDoNotStart(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Users[1].Licenses = []string{"CPC_B_2C_4RAM_64GB"}
		s.Settings[0].Source = "image"
	})
	if _, err := s.tn.AssignLicense(s.now, ada, []tenant.Grant{{SKUID: sku, DisabledPlans: []string{plan8}}}, nil); err != nil {
		t.Fatal(err)
	}
	s.assign(nil)
	s.assign([]string{group})
	s.expect("plan disabled", s.pc(ada), "none")
	s.expect("Business", s.pc(bob), "none")
	if _, err := s.tn.AssignLicense(s.now, ada, []tenant.Grant{{SKUID: sku}}, nil); err != nil {
		t.Fatal(err)
	}
	s.expect("plan enabled again", s.pc(ada), "notProvisioned/image")
}

func TestOwnProducts(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Licenses = append(s.Licenses, scenario.License{SKU: "CPC_E_32C_1TB", DiskGiB: 1024, Seats: 1}, scenario.License{SKU: "CPC_B_9", DiskGiB: 64},
			scenario.License{SKU: "Windows_365_S_9", DiskGiB: 64}, scenario.License{SKU: "SPE_E5", Seats: 9}, scenario.License{SKU: "CPC_E_16C_64GB_512GB", Seats: 1})
	})
	var got []string
	for _, p := range s.tn.SKUs(s.now)[2:] {
		got = append(got, p.SKU+"="+p.Edition)
		if p.SKUID == "" || p.PlanID == "" {
			t.Errorf("%s has no ids", p.SKU)
		}
	}
	want := []string{"CPC_E_32C_1TB=enterprise", "CPC_B_9=business", "Windows_365_S_9=frontline", "SPE_E5=", "CPC_E_16C_64GB_512GB=enterprise"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	sizes := map[int]bool{}
	for _, p := range s.tn.Plans() {
		sizes[p.DiskGiB] = true
	}
	if !sizes[1024] {
		t.Error("the tenant's own plan is not in the catalogue")
	}
}

func TestPCsOfTheScenario(t *testing.T) {
	t.Parallel()
	for status, want := range map[string][2]string{
		"": {"provisioned/image", "provisioned/image"}, "provisioning": {"provisioning/image", "provisioned/image"},
		"deprovisioning": {"deprovisioning/image", "none"}, "failed": {"failed/image", "failed/image"}, "resizing": {"resizing/image", "resizing/image"},
	} {
		s := tell(t, func(s *scenario.Scenario) {
			s.Knobs.NoSnapshot = "wait"
			s.Users[0].Licenses = []string{"CPC_E_2C_8GB_128GB"}
			s.CloudPCs = []scenario.CloudPC{{User: "ada", Status: status}}
		})
		s.expect(status+" at first", s.pc(ada), want[0])
		s.wait(time.Hour)
		s.expect(status+" an hour later", s.pc(ada), want[1])
	}
}

func TestImagesOfTheScenario(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Images = []scenario.Image{{ID: "pub_offer_sku", Name: "Mine", Status: "notSupported"}, {ID: "odd"}}
		s.Policies[0].Image = "pub_offer_sku"
	})
	g := s.tn.GalleryImages()
	if len(g) != 2 || g[0].SKU != "sku" || g[0].Status != "notSupported" || g[1].Status != "supported" {
		t.Errorf("gallery: %+v", g)
	}
	ps, _ := s.tn.Policies(s.now, 0, 1)
	if ps[0].Props["imageDisplayName"] != "Mine" {
		t.Errorf("policy: %v", ps[0].Props)
	}
}
