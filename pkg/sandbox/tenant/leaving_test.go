package tenant_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// migrated is a story in which ada has a Cloud PC built from her snapshot.
func migrated(t *testing.T, change func(*scenario.Scenario)) *story {
	t.Helper()
	s := tell(t, change)
	s.imports(ada, "good")
	s.wait(time.Hour)
	s.license(ada)
	s.wait(2 * time.Hour)
	s.expect("before", s.pc(ada), "provisioned/snapshot")
	return s
}

func (s *story) pcID(user string) string {
	s.Helper()
	p, ok := s.tn.CloudPCOf(s.now, user)
	if !ok {
		s.Fatal("no Cloud PC")
	}
	return p.ID
}

func (s *story) endGrace(user string) {
	s.Helper()
	if _, err := s.tn.EndGrace(s.now, s.pcID(user)); err != nil {
		s.Fatal(err)
	}
}

func TestGraceBeginsAndEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ lose, regain func(*story) }{
		"license": {func(s *story) { s.unlicense(ada) }, func(s *story) { s.license(ada) }},
		"membership": {func(s *story) {
			if err := s.tn.RemoveMember(s.now, group, s.id(ada)); err != nil {
				s.Fatal(err)
			}
		}, func(s *story) {
			if err := s.tn.AddMembers(s.now, group, []string{s.id(ada)}); err != nil {
				s.Fatal(err)
			}
		}},
		"assignment": {func(s *story) { s.assign(nil) }, func(s *story) { s.assign([]string{group}) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := migrated(t, nil)
			_, err := s.tn.EndGrace(s.now, s.pcID(ada))
			s.expect("end of grace without grace", fault.CodeOf(err), "invalidCloudPcStatus")
			c.lose(s)
			s.expect("lost", s.pc(ada), "inGracePeriod/snapshot")
			s.wait(24 * time.Hour)
			c.regain(s)
			s.expect("regained", s.pc(ada), "provisioned/snapshot")
			c.lose(s)
			s.wait(7*24*time.Hour + time.Hour)
			s.expect("a week later", s.pc(ada), "none")
		})
	}
}

func (s *story) assign(groups []string) {
	s.Helper()
	ps, _ := s.tn.Policies(s.now, 0, 1)
	if err := s.tn.AssignPolicy(s.now, ps[0].ID, groups); err != nil {
		s.Fatal(err)
	}
}

// Statuses of a Cloud PC that leaves, seen every five seconds, repeats left out.
func (s *story) leavingStatuses() []string {
	var seen []string
	for range 600 {
		got := "none"
		if p, ok := s.tn.CloudPCOf(s.now, ada); ok {
			got = p.Status
		}
		if len(seen) == 0 || seen[len(seen)-1] != got {
			seen = append(seen, got)
		}
		s.wait(5 * time.Second)
	}
	return seen
}

func TestEndGracePeriod(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flip string
		want []string
	}{
		"flip-flop": {"", []string{"inGracePeriod", "deprovisioning", "inGracePeriod", "deprovisioning", "notProvisioned", "none"}},
		"steady":    {"off", []string{"inGracePeriod", "deprovisioning", "notProvisioned", "none"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := migrated(t, knobs(func(k *scenario.Knobs) { k.FlipFlop = c.flip }))
			s.unlicense(ada)
			s.endGrace(ada)
			s.endGrace(ada) // still shown in grace: a second call is harmless
			if diff := cmp.Diff(c.want, s.leavingStatuses()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNextCloudPC(t *testing.T) {
	t.Parallel()
	for name, reuse := range map[string]bool{"new id": false, "same id": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := migrated(t, knobs(func(k *scenario.Knobs) { k.ReuseCloudPCID = reuse }))
			first := s.pcID(ada)
			s.unlicense(ada)
			s.endGrace(ada)
			s.wait(minute)
			s.license(ada) // too late: it goes, and the next one follows
			s.wait(time.Hour)
			if got := s.pcID(ada) == first; got != reuse {
				t.Errorf("same id: %v", got)
			}
			s.wait(time.Hour)
			s.expect("second", s.pc(ada), "provisioned/image")
		})
	}
}

func TestPendingProvision(t *testing.T) {
	t.Parallel()
	s := migrated(t, func(s *scenario.Scenario) { s.Licenses[0].Seats = 1 })
	s.unlicense(ada)
	s.license(bob)
	s.expect("bob waits for the seat in grace", s.pc(bob), "pendingProvision/")
	s.endGrace(ada)
	s.wait(30 * minute)
	s.expect("ada", s.pc(ada), "none")
	s.wait(time.Hour)
	s.expect("bob", s.pc(bob), "provisioned/image")
}

func TestLicenseRemovedWhileBuilding(t *testing.T) {
	t.Parallel()
	s := tell(t, fate(scenario.Fate{ProvisionTakes: "30m"}))
	s.license(ada)
	s.wait(minute)
	s.unlicense(ada)
	s.wait(30 * minute)
	p, ok := s.tn.CloudPCOf(s.now, ada)
	if !ok || p.Code != "licenseNotFound" {
		t.Errorf("got %+v", p)
	}
	s.wait(time.Hour)
	s.expect("a failed one without a license goes", s.pc(ada), "none")
}

func TestLags(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Knobs.MembershipLag, s.Knobs.LicenseLag = "10m", "10m"
		s.Groups[0].Members = nil
	})
	if err := s.tn.AddMembers(s.now, group, []string{s.id(ada)}); err != nil {
		t.Fatal(err)
	}
	if _, in, _ := s.tn.Member(s.now, group, ada); in {
		t.Error("the membership shows at once")
	}
	err := s.tn.AddMembers(s.now, group, []string{s.id(ada)})
	s.expect("a duplicate is known at once", fault.CodeOf(err), "Request_BadRequest")
	s.license(ada)
	u, _ := s.tn.User(s.now, ada)
	s.expect("plan", u.Licenses[0].PlanStatus, "PendingProvisioning")
	s.expect("nothing yet", s.pc(ada), "none")
	s.wait(10 * minute)
	if _, in, _ := s.tn.Member(s.now, group, ada); !in {
		t.Error("the membership never shows")
	}
	if s.pc(ada) == "none" {
		t.Error("both lags passed and nothing was started")
	}
}

func TestGroupLicense(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Groups[0].Members, s.Groups[0].Licenses = nil, []string{"CPC_E_2C_8GB_128GB"}
		s.Licenses[0].Seats = 1
	})
	add := func(user string) tenant.Held {
		if err := s.tn.AddMembers(s.now, group, []string{s.id(user)}); err != nil {
			t.Fatal(err)
		}
		u, _ := s.tn.User(s.now, user)
		return u.Licenses[0]
	}
	if h := add(ada); h.ByGroup != group || h.Error != "" {
		t.Errorf("ada: %+v", h)
	}
	if s.pc(ada) == "none" {
		t.Error("the license that came with the membership did not start provisioning")
	}
	if h := add(bob); h.Error != "CountViolation" {
		t.Errorf("bob: %+v", h)
	}
	s.expect("bob", s.pc(bob), "none")
}

func TestAssignLicenseRefusals(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) { s.Licenses[0].Used = 4 })
	grant := []tenant.Grant{{SKUID: sku}}
	_, err := s.tn.AssignLicense(s.now, "eve@contoso.example", grant, nil)
	s.expect("no usage location", fault.As(err).Msg, "License assignment cannot be done for user with invalid usage location.")
	s.license(ada)
	s.license(ada) // again is no error
	if _, err = s.tn.AssignLicense(s.now, bob, grant, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("no seats: %v", err)
	}
	if got := s.tn.SKUs(s.now)[0]; got.Consumed != 5 {
		t.Errorf("consumed %d", got.Consumed)
	}
	if _, err = s.tn.AssignLicense(s.now, bob, []tenant.Grant{{SKUID: "nope"}}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown product: %v", err)
	}
}

// A knob that is turned while the story goes on holds for what was there before, and is turned back.
func TestKnobsTurnedMeanwhile(t *testing.T) {
	t.Parallel()
	s := tell(t, nil)
	im := s.imports(ada, "good")
	s.wait(time.Hour)
	s.expect("before", s.imp(im.ID), "succeeded/notUsed")
	set := func(k scenario.Knobs) {
		t.Helper()
		if err := s.tn.SetKnobs(s.now, k); err != nil {
			t.Fatal(err)
		}
	}
	set(scenario.Knobs{ImportExpires: "2h"})
	set(scenario.Knobs{})
	s.wait(3 * time.Hour)
	s.expect("turned back in time", s.imp(im.ID), "succeeded/notUsed")
	set(scenario.Knobs{ImportExpires: "10m"})
	s.expect("after", s.imp(im.ID), "succeeded/expired")
	if err := s.tn.SetKnobs(s.now, scenario.Knobs{LicenseLag: "soon"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad duration: %v", err)
	}
}

// A Cloud PC that somebody reprovisions keeps its id and is built from the image; one whose build from the import has failed is built
// from it again.
func TestReprovisionedByOthers(t *testing.T) {
	t.Parallel()
	again := []scenario.Event{{User: ada, Do: "reprovision"}}
	s := migrated(t, nil)
	id, first := s.pcID(ada), s.now
	if err := s.tn.Others(s.now, again); err != nil {
		t.Fatal(err)
	}
	s.wait(5 * time.Minute)
	s.expect("meanwhile", s.pc(ada), "provisioning/image")
	s.wait(2 * time.Hour)
	s.expect("afterwards", s.pc(ada), "provisioned/image")
	if pc, err := s.tn.CloudPC(s.now, id); err != nil || !pc.Reprovisioned.Equal(first) || !pc.Provisioned.After(first) {
		t.Errorf("%+v, %v", pc, err)
	}
	s = tell(t, fate(scenario.Fate{Provision: "failed"}))
	s.imports(ada, "good")
	s.wait(time.Hour)
	s.license(ada)
	s.wait(2 * time.Hour)
	s.expect("it fails", s.pc(ada), "failed/snapshot")
	if err := s.tn.Others(s.now, again); err != nil {
		t.Fatal(err)
	}
	s.wait(2 * time.Hour)
	s.expect("after another build", s.pc(ada), "provisioned/snapshot")
}
