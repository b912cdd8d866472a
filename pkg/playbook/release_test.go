package playbook_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// licensed is the story of four people who hold their license already.
func licensed() *scenario.Scenario {
	sc := story()
	for i := range sc.Users {
		sc.Users[i].Licenses = []string{"CPC_E_2C_8GB_128GB"}
	}
	return sc
}

// relicensed plays a wave with --trigger relicense, with a service that wants the policy before the import and with one that
// does not.
func relicensed(t *testing.T, change func(*scenario.Scenario), do func(*testing.T, *stage)) {
	t.Helper()
	for _, knob := range []string{"refuse", "accept"} {
		t.Run(knob, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := licensed()
				sc.Knobs.NoPolicyImport = knob
				if change != nil {
					change(sc)
				}
				s := newStageWith(t, sc, nil, migration.TriggerRelicense)
				defer s.close()
				do(t, s)
			})
		})
	}
}

// holds reports whether the row's user holds the row's license and is in its group.
func (s *stage) holds(row int) (license, member bool) {
	s.t.Helper()
	target := s.rows[row].Target
	held, err := s.graph.LicenseDetails(s.t.Context(), target.UserID)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range held {
		license = license || strings.EqualFold(l.SKUID, target.SKUID)
	}
	if member, err = s.graph.IsMember(s.t.Context(), target.GroupID, target.UserID); err != nil {
		s.t.Fatal(err)
	}
	return license, member
}

// The license is taken, the group joined, the disk imported, the license given back, in this order.
func TestRelicense(t *testing.T) {
	t.Parallel()
	relicensed(t, nil, func(t *testing.T, s *stage) {
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		for i := range s.rows {
			var order []string
			for _, did := range s.effects(i) {
				for _, word := range []string{"license removed", "importSnapshot accepted", "license assigned"} {
					if strings.Contains(did, word) {
						order = append(order, word)
					}
				}
			}
			if got := strings.Join(slices.Compact(order), ", "); got != "license removed, importSnapshot accepted, license assigned" {
				t.Errorf("%s: %q of %q", s.rows[i].Target.User, got, s.effects(i))
			}
			if license, member := s.holds(i); !license || !member {
				t.Errorf("%s: license %v, member %v", s.rows[i].Target.User, license, member)
			}
			if got := s.intents(i); !strings.HasPrefix(got, "1 license.remove done, 1 group.join done, 1 snapshot.import done, 1 license.assign done") {
				t.Errorf("journal: %s", got)
			}
		}
	})
}

// When the import fails the user leaves the group again and gets the license back, and no Cloud PC is built from the image; the
// retry does it all again.
func TestRelicenseIsUndone(t *testing.T) {
	t.Parallel()
	relicensed(t, nil, func(t *testing.T, s *stage) {
		l := &liar{Client: s.graph, failed: map[string]bool{}, user: s.rows[0].Target.UserID}
		s.over = l
		time.AfterFunc(8*time.Minute, l.fail)
		s.play()
		if r := s.rows[0]; r.State != migration.Failed || r.Problem.Code != "import.failed" || !strings.Contains(r.Problem.Message, "has the license back") || r.Facts.Undo != "" {
			t.Fatalf("%s %+v", r.State, r.Problem)
		}
		if license, member := s.holds(0); !license || member {
			t.Errorf("license %v, member %v", license, member)
		}
		pcs, err := s.graph.CloudPCsOf(t.Context(), []string{s.rows[0].Target.UPN})
		if err != nil {
			t.Fatal(err)
		}
		for _, pc := range pcs {
			if pc.Status != "notProvisioned" {
				t.Errorf("Cloud PC %+v", pc)
			}
		}
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Error(got)
		}
	})
}

// A refused import is not sent again while what was done before it is undone.
func TestRelicenseOfARefusedImport(t *testing.T) {
	t.Parallel()
	change := func(sc *scenario.Scenario) {
		sc.Faults = []scenario.Fault{{Match: "importSnapshot", Kind: "status", Status: 400, Code: "InvalidVHD", Count: 1}}
	}
	relicensed(t, change, func(t *testing.T, s *stage) {
		s.play()
		bad := slices.IndexFunc(s.rows, func(r migration.Row) bool { return r.State == migration.Failed })
		if c := migration.Count(s.rows); c.Succeeded != 3 || bad < 0 {
			t.Fatal(states(s.rows))
		}
		if r := s.rows[bad]; r.Problem.ServiceCode != "InvalidVHD" || !strings.Contains(r.Problem.Hint, "fixed VHD") {
			t.Errorf("%+v", r.Problem)
		}
		if license, member := s.holds(bad); !license || member {
			t.Errorf("license %v, member %v", license, member)
		}
		if n := count(s.effects(bad), "importSnapshot"); n > 1 {
			t.Errorf("%d imports: %q", n, s.effects(bad))
		}
	})
}

// seatless is a tenant in which somebody took the seat of a user's license, until there is one.
type seatless struct {
	*graph.Client
	user string
	free time.Time
}

func (s seatless) taken() bool { return time.Now().Before(s.free) }

func (s seatless) AssignLicense(ctx context.Context, userID, sku string) error {
	if userID == s.user && s.taken() {
		f := fault.New(fault.Invalid, "graph.refused", "no seat", "")
		f.Remote = &fault.Remote{Service: "graph", Status: 400, Code: "Request_BadRequest", Message: "not enough available licenses"}
		return f
	}
	return s.Client.AssignLicense(ctx, userID, sku)
}

func (s seatless) SubscribedSKUs(ctx context.Context) ([]graph.SKU, error) {
	skus, err := s.Client.SubscribedSKUs(ctx)
	for i := range skus {
		if s.taken() {
			skus[i].Consumed = skus[i].Enabled
		}
	}
	return skus, err
}

// Somebody else takes the seat meanwhile: it is tried again for a while, then it is said; the import stands, and a retry goes on
// once there is a seat.
func TestRelicenseLosesTheSeat(t *testing.T) {
	t.Parallel()
	for _, lost := range []time.Duration{40 * time.Minute, 12 * time.Hour} {
		t.Run(lost.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStageWith(t, licensed(), nil, migration.TriggerRelicense)
				defer s.close()
				s.over = seatless{s.graph, s.rows[0].Target.UserID, time.Now().Add(lost)}
				s.play()
				if lost > time.Hour {
					if r := s.rows[0]; r.State != migration.Failed || r.Problem.Code != "license.seat-lost" || !strings.Contains(r.Problem.Message, "took the seat") {
						t.Fatalf("%s %+v", r.State, r.Problem)
					}
					time.Sleep(lost)
					s.retry(0)
					s.play()
				}
				if got := states(s.rows); got != allSucceeded {
					t.Error(got)
				}
				if n := accepted(s); n != 4 {
					t.Errorf("%d imports were accepted", n)
				}
			})
		})
	}
}

// A service that wants the policy before the import is asked once: the other rows whose membership comes last are not sent,
// and all are told what to do.
func TestMembershipLastIsAskedOnce(t *testing.T) {
	t.Parallel()
	for _, knob := range []string{"refuse", "accept"} {
		t.Run(knob, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := licensed()
				sc.Knobs.NoPolicyImport = knob
				s := newStage(t, sc)
				defer s.close()
				s.play()
				if knob == "accept" {
					if got := states(s.rows); got != allSucceeded {
						t.Error(got)
					}
					return
				}
				sent := 0
				for i, r := range s.rows {
					if r.State != migration.Failed || r.Problem.Code != "import.policy-first" || !strings.Contains(r.Problem.Hint, "--trigger relicense") {
						t.Errorf("%s %+v", r.State, r.Problem)
					}
					if license, member := s.holds(i); member || license && r.Target.SKUID == "" {
						t.Errorf("%s: license %v, member %v", r.Target.User, license, member)
					}
					sent += strings.Count(s.intents(i), "snapshot.import")
				}
				if sent != 1 {
					t.Errorf("%d imports were sent", sent)
				}
			})
		})
	}
}
