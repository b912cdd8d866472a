package playbook_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// reopen closes the ledger and goes on with the one in the file path; rows are read from it.
func (s *stage) reopen(path string) {
	s.t.Helper()
	if err := s.ledger.Close(); err != nil {
		s.t.Fatal(err)
	}
	var err error
	if s.ledger, err = ledger.Open(s.t.Context(), path, ledger.Options{}); err != nil {
		s.t.Fatal(err)
	}
	if s.rows, err = s.ledger.Rows(s.t.Context(), "one"); err != nil {
		s.t.Fatal(err)
	}
}

// copyTo closes the ledger, copies its file, and goes on with the ledger.
func (s *stage) copyTo(path string) {
	s.t.Helper()
	if err := s.ledger.Close(); err != nil {
		s.t.Fatal(err)
	}
	data, err := os.ReadFile(s.path)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if s.ledger, err = ledger.Open(s.t.Context(), s.path, ledger.Options{}); err != nil {
		s.t.Fatal(err)
	}
}

// passes lets so much of the bubble's time pass.
func (s *stage) passes(d time.Duration) { time.Sleep(d) }

// retryFailed gives every failed row a new attempt and plays it.
func (s *stage) retryFailed() {
	s.t.Helper()
	for i, r := range s.rows {
		if r.State == migration.Failed {
			s.retry(i)
		}
	}
	s.play()
}

// endsNobody fails the test when a remedy asks for a Cloud PC to be ended.
func (s *stage) endsNobody() {
	s.t.Helper()
	for _, r := range s.rows {
		if r.Problem == nil {
			continue
		}
		for _, word := range []string{"deprovision", "end the", "end its grace", "delete"} {
			if strings.Contains(strings.ToLower(r.Problem.Hint), word) {
				s.t.Errorf("%s (%s): %s", r.Target.User, r.Problem.Code, r.Problem.Hint)
			}
		}
	}
}

// Somebody licenses a waiting user: the row fails, and a retry does not join the group either, which would give that person a
// Cloud PC from the image. Once the license is taken away again the retry succeeds.
func TestLicensedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		const ada = 0
		target := s.rows[ada].Target
		if err := s.graph.AssignLicense(t.Context(), target.UserID, target.SKUID); err != nil {
			t.Fatal(err)
		}
		given := len(s.effects(ada))
		s.play()
		for try := range 3 {
			if r := s.rows[ada]; r.State != migration.Failed || r.Problem.Code != "user.already-targeted" {
				t.Fatalf("try %d: %s %+v", try, r.State, r.Problem)
			}
			if did := s.effects(ada); len(did) != given {
				t.Fatalf("try %d: the user was touched: %q", try, did)
			}
			s.endsNobody()
			s.retryFailed()
		}
		if err := s.graph.RemoveLicense(t.Context(), target.UserID, target.SKUID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		s.retryFailed()
		if got := states(s.rows); got != allSucceeded {
			t.Error(got)
		}
	})
}

// Another ledger, or a colleague's tool, has migrated the same people meanwhile: nothing is imported, in whatever attempt,
// and nobody is told to end the good Cloud PCs.
func TestAnotherLedgerWasFaster(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		mine := filepath.Join(t.TempDir(), "mine.db")
		s.copyTo(mine)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		sent := accepted(s)
		s.reopen(mine)
		s.play()
		for try := range 3 {
			for _, r := range s.rows {
				if r.State != migration.Failed || r.Problem.Code != "user.has-cloud-pc" {
					t.Errorf("try %d: %s is %s %+v", try, r.Target.User, r.State, r.Problem)
				}
			}
			s.endsNobody()
			s.retryFailed()
		}
		if n := accepted(s); n != sent {
			t.Errorf("%d imports more were accepted", n-sent)
		}
	})
}

// A ledger that was put back from an earlier copy, from every ten minutes of the evening: no import is sent a second time,
// neither by resume nor by retry, and what this ledger knows to be its own import is adopted and proven.
func TestAnOlderLedger(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{0, 2 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 45 * time.Minute, 70 * time.Minute} {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, story())
				defer s.close()
				if at > 0 {
					ctx, cancel := context.WithTimeout(t.Context(), at)
					s.playFor(ctx)
					cancel()
				}
				older := filepath.Join(t.TempDir(), "older.db")
				s.copyTo(older)
				known := 0
				for _, r := range s.rows {
					if r.Facts.SnapshotID != "" {
						known++
					}
				}
				s.play()
				if got := states(s.rows); got != allSucceeded {
					t.Fatal(got)
				}
				time.Sleep(24 * time.Hour)
				sent := accepted(s)
				s.reopen(older)
				s.play()
				if c := migration.Count(s.rows); c.Succeeded != known {
					t.Errorf("%d imports were known, after resume: %s", known, states(s.rows))
				}
				s.endsNobody()
				s.retryFailed()
				s.endsNobody()
				if n := accepted(s); n != sent {
					t.Errorf("%d imports more were accepted: %s", n-sent, states(s.rows))
				}
				c := migration.Count(s.rows)
				if c.Succeeded != known || c.Failed != len(s.rows)-known {
					t.Errorf("%d imports were known: %s", known, states(s.rows))
				}
			})
		})
	}
}

// A Cloud PC that somebody else made after the import was sent keeps its row from a false success, and is not to be ended.
func TestSomebodyElsesCloudPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		other := &otherPC{Client: s.graph, user: s.rows[0].Target.UPN, policy: s.rows[0].Target.PolicyID, at: time.Now().Add(-48 * time.Hour)}
		s.over = other
		s.play()
		if r := s.rows[0]; r.State != migration.Failed || r.Problem.Code != "user.has-cloud-pc" {
			t.Errorf("%s %+v", r.State, r.Problem)
		}
		s.endsNobody()
		if n := accepted(s); n != 3 {
			t.Errorf("%d imports were accepted", n)
		}
	})
}

// otherPC shows a Cloud PC of a user that nobody here made.
type otherPC struct {
	*graph.Client
	user, policy string
	at           time.Time
}

func (o *otherPC) CloudPCsOf(ctx context.Context, upns []string) ([]graph.CloudPC, error) {
	pcs, err := o.Client.CloudPCsOf(ctx, upns)
	if err == nil && slices.ContainsFunc(upns, func(u string) bool { return strings.EqualFold(u, o.user) }) {
		pcs = append(pcs, graph.CloudPC{ID: "x", DisplayName: "CPC-other", UserPrincipalName: o.user, Status: "provisioned", ProvisioningPolicyID: o.policy, ProvisionedAt: o.at})
	}
	return pcs, err
}
