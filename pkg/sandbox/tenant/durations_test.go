package tenant_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// until steps through time until done, and says how long that took.
func (s *story) until(step time.Duration, done func() bool) time.Duration {
	s.Helper()
	began := s.now
	for !done() {
		if s.wait(step); s.now.Sub(began) > 48*time.Hour {
			s.Fatal("it never came")
		}
	}
	return s.now.Sub(began)
}

// spread runs a story under many seeds and checks that its times fill the range: inside it, and not all the same.
func spread(t *testing.T, change func(*scenario.Scenario), lo, hi time.Duration, measure func(*story) time.Duration) {
	t.Helper()
	const step = 5 * time.Second
	var all []time.Duration
	for seed := range int64(24) {
		tn, err := tenant.New(evening(change), seed+1, start, allDisks)
		if err != nil {
			t.Fatal(err)
		}
		d := measure(&story{t, tn, start})
		if d < lo || d > hi+step {
			t.Errorf("seed %d: %s, want %s to %s", seed+1, d, lo, hi)
		}
		all = append(all, d)
	}
	if width := slices.Max(all) - slices.Min(all); width < (hi-lo)*6/10 {
		t.Errorf("24 seeds lie within %s of each other, the range is %s", width, hi-lo)
	}
}

func TestImportTakesAsTheKnobsSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base, per10 string
		blob        string
		middle      time.Duration // the good disk has 64 GiB: seven begun tens
	}{
		"Defaults": {blob: "good", middle: 17 * time.Minute},
		"Base":     {base: "1h", per10: "0s", blob: "good", middle: time.Hour},
		"PerSize":  {base: "0s", per10: "10m", blob: "good", middle: 70 * time.Minute},
		"Larger":   {base: "10m", per10: "1m", blob: "big", middle: 62 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := knobs(func(k *scenario.Knobs) { k.ImportBase, k.ImportPer10GiB = c.base, c.per10 })
			spread(t, set, c.middle*4/5, c.middle*6/5, func(s *story) time.Duration {
				im := s.imports(ada, c.blob)
				return s.until(5*time.Second, func() bool { return s.imp(im.ID) == "succeeded/notUsed" })
			})
		})
	}
}

func TestProvisioningTakesAsTheKnobsSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		min, max string
		hybrid   bool
		lo, hi   time.Duration
	}{
		"Defaults": {"", "", false, 30 * time.Minute, time.Hour},
		"Knobs":    {"2h", "3h", false, 2 * time.Hour, 3 * time.Hour},
		"Hybrid":   {"1h", "2h", true, 90 * time.Minute, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := func(s *scenario.Scenario) {
				s.Knobs.ProvisionMin, s.Knobs.ProvisionMax = c.min, c.max
				if c.hybrid {
					s.Connections = []scenario.Connection{{Name: "Bern", Hybrid: true}}
					s.Policies[0].Connection, s.Policies[0].Hybrid = "Bern", true
				}
			}
			spread(t, set, c.lo, c.hi, func(s *story) time.Duration {
				s.license(ada)
				return s.until(5*time.Second, func() bool { return s.pc(ada) == "provisioned/image" })
			})
		})
	}
	// A range turned round is its lower end.
	s := tell(t, knobs(func(k *scenario.Knobs) { k.ProvisionMin, k.ProvisionMax = "20m", "10m" }))
	s.license(ada)
	if d := s.until(5*time.Second, func() bool { return s.pc(ada) == "provisioned/image" }); d != 20*time.Minute {
		t.Errorf("min above max: %s", d)
	}
}

// statuses are a person's Cloud PCs by plan: "status/source".
func (s *story) statuses(upn string) map[int]string {
	out := map[int]string{}
	pcs, _ := s.tn.CloudPCs(s.now, 0, 100)
	for _, pc := range pcs {
		if pc.UPN == upn {
			if out[pc.Plan.DiskGiB] != "" {
				s.Errorf("two Cloud PCs of one license: %+v", pcs)
			}
			out[pc.Plan.DiskGiB] = pc.Status + "/" + pc.Source
		}
	}
	return out
}

// TestOneCloudPCForEachLicense: a second license makes a second Cloud PC, each follows its own license, and a snapshot
// makes one of them only.
func TestOneCloudPCForEachLicense(t *testing.T) {
	t.Parallel()
	const small = "CPC_E_2C_4GB_64GB"
	for _, reuse := range []bool{false, true} {
		t.Run(fmt.Sprint("reuse ", reuse), func(t *testing.T) {
			t.Parallel()
			change := func(s *scenario.Scenario) {
				s.Licenses = append(s.Licenses, scenario.License{SKU: small, Seats: 2})
				s.Knobs.ReuseCloudPCID = reuse
			}
			s := tell(t, change)
			var second string
			for _, p := range s.tn.SKUs(s.now) {
				if p.Product.SKU == small {
					second = p.SKUID
				}
			}
			im := s.imports(ada, "good")
			s.wait(time.Hour)
			s.license(ada)
			s.license(ada)
			if _, err := s.tn.AssignLicense(s.now, ada, []tenant.Grant{{SKUID: second}}, nil); err != nil {
				t.Fatal(err)
			}
			s.wait(time.Hour)
			s.expect("both", fmt.Sprint(s.statuses(ada)), "map[64:provisioned/image 128:provisioned/snapshot]")
			s.expect("record", s.imp(im.ID), "gone")
			pcs, _ := s.tn.CloudPCs(s.now, 0, 100)
			if pcs[0].ID == pcs[1].ID {
				t.Error("two Cloud PCs have one id")
			}
			s.unlicense(ada)
			s.wait(time.Minute)
			s.expect("one lost its license", fmt.Sprint(s.statuses(ada)), "map[64:provisioned/image 128:inGracePeriod/snapshot]")
			s.wait(8 * 24 * time.Hour)
			s.expect("a week later", fmt.Sprint(s.statuses(ada)), "map[64:provisioned/image]")
			s.license(ada)
			s.wait(time.Hour)
			s.expect("licensed again", fmt.Sprint(s.statuses(ada)), "map[64:provisioned/image 128:provisioned/image]")
		})
	}
	// The same at the beginning of the story, and never two of one license.
	two := func(s *scenario.Scenario) {
		s.Licenses = append(s.Licenses, scenario.License{SKU: small, Seats: 2})
		s.Users[0].Licenses = []string{"CPC_E_2C_8GB_128GB", small}
		s.CloudPCs = []scenario.CloudPC{{User: "ada", SKU: small}, {User: "ada", SKU: "CPC_E_2C_8GB_128GB", Status: "provisioning"}}
	}
	s := tell(t, two)
	s.expect("at first", fmt.Sprint(s.statuses(ada)), "map[64:provisioned/image 128:provisioning/image]")
	s.wait(time.Hour)
	s.expect("later", fmt.Sprint(s.statuses(ada)), "map[64:provisioned/image 128:provisioned/image]")
	if _, err := tenant.New(evening(func(s *scenario.Scenario) { two(s); s.CloudPCs[1].SKU = small }), 1, start, nil); err == nil {
		t.Error("a scenario with two Cloud PCs of one license was taken")
	}
}
