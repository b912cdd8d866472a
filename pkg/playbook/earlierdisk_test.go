package playbook_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// replaceDisk writes another disk into the line of the first row, which has failed: that of another user, which is there.
func (s *stage) replaceDisk() {
	s.t.Helper()
	r, target := s.rows[0], s.rows[0].Target
	target.Disk = s.rows[1].Target.Disk
	s.move(migration.RetryEdited(r, target, r.Input, true, "by a test", time.Now()))
}

// An import of the earlier disk that turns out to be fine is not taken over by the attempt with another disk, nor by the one
// after that: the Cloud PC would be another machine than the ledger says. Once it is purged the other disk is imported.
func TestAnotherDiskTakesOverNoImport(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		l.failed = nil
		s.replaceDisk()
		for try := range 2 {
			s.play()
			if got := states(s.rows); !strings.HasPrefix(got, "failed:import.earlier-disk") {
				t.Fatalf("try %d: %s", try, got)
			}
			if p := s.rows[0].Problem; p.Commands[0].String() != "wave365 purge --id "+l.made[0] || !strings.Contains(p.Message, l.made[0]) || s.rows[0].Step != migration.StepCheck {
				t.Errorf("at %s: %+v", s.rows[0].Step, p)
			}
			if did := s.effects(0); count(did, "importSnapshot accepted") != 1 || count(did, "purged")+count(did, "license assigned") != 0 {
				t.Errorf("done to the user: %q", did)
			}
			s.retry(0)
		}
		if err := s.graph.PurgeImport(t.Context(), l.made[0]); err != nil {
			t.Fatal(err)
		}
		s.play()
		if got := states(s.rows); got != allSucceeded || s.rows[0].Facts.SnapshotID == l.made[0] {
			t.Error(got, s.rows[0].Facts.SnapshotID)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 2 {
			t.Errorf("done to the user: %q", did)
		}
	})
}

// An import of the earlier disk that has become a Cloud PC is no success of the row with another disk.
func TestAnotherDiskTakesOverNoCloudPC(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		if err := s.graph.AssignLicense(t.Context(), s.rows[0].Target.UserID, s.rows[0].Target.SKUID); err != nil {
			t.Fatal(err)
		}
		if err := s.graph.AddMember(t.Context(), s.rows[0].Target.GroupID, s.rows[0].Target.UserID); err != nil {
			t.Fatal(err)
		}
		s.passes(3 * time.Hour)
		s.replaceDisk()
		s.play()
		if p := s.rows[0].Problem; p == nil || p.Code != "import.earlier-disk" || !strings.Contains(p.Message, "has become a Cloud PC") {
			t.Errorf("%s %+v", states(s.rows), p)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 1 || count(did, "purged") != 0 {
			t.Errorf("done to the user: %q", did)
		}
		s.endsNobody()
	})
}

// An import of the earlier disk whose answer was lost is neither looked for nor adopted: the row is held, until a person says
// that no import is left.
func TestAnotherDiskTakesOverNoLostImport(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.UnauditedImports = true
	steered(t, sc, func(t *testing.T, s *stage, l *liar) {
		l.lose = true
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "held:import.unknown") {
			t.Fatal(got)
		}
		s.move(migration.Cancel(s.rows[0], "cancelled", time.Now()))
		s.retry(0)
		s.move(migration.Claim(s.rows[0], time.Now()))
		s.move(migration.Fail(s.rows[0], s.rows[0].Facts, migration.Problem{Code: "blob.not-found", Message: "the disk is not there"}, time.Now()))
		s.replaceDisk()
		l.lose = false
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "held:import.earlier-disk") || s.rows[0].Step != migration.StepCheck {
			t.Fatal(got, s.rows[0].Step)
		}
		if _, err := s.book().Adopt(t.Context(), s.rows[0], l.made[0], "ada"); fault.CodeOf(err) != "import.earlier-disk" || strings.Contains(s.intents(0), "adopted") {
			t.Errorf("%v; %s", err, s.intents(0))
		}
		if err := s.graph.PurgeImport(t.Context(), l.made[0]); err != nil {
			t.Fatal(err)
		}
		tr, err := s.book().NoEffect(t.Context(), s.rows[0], "ada")
		if err != nil {
			t.Fatal(err)
		}
		s.move(tr)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Error(got)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 2 {
			t.Errorf("done to the user: %q", did)
		}
	})
}

// The step that sends imports looks for itself, however a row came to it.
func TestAnotherDiskIsNotTakenForImported(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		l.failed = nil
		s.replaceDisk()
		s.move(migration.Claim(s.rows[0], time.Now()))
		for s.rows[0].Step != migration.StepImport {
			s.move(migration.Advance(s.rows[0], s.rows[0].Facts, time.Now(), "", time.Now()))
		}
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "failed:import.earlier-disk") {
			t.Error(got)
		}
	})
}

// lister is a service that lists the imports of the earlier disk as if they had just begun.
type lister struct{ *liar }

func (l lister) ListImports(context.Context) (all []graph.Import, err error) {
	for _, id := range l.made[:1] {
		all = append(all, graph.Import{SnapshotID: id, AssignedUser: l.user, StartedAt: time.Now()})
	}
	return all, nil
}

// The import of the earlier disk is not found in place of that of the other disk, whose answer was lost.
func TestAnotherDiskIsNotFoundInTheList(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.UnauditedImports = true
	steered(t, sc, func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		s.over, l.lose = lister{l}, true
		s.replaceDisk()
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "held:import.unknown") || len(l.made) != 2 {
			t.Error(got, s.intents(0))
		}
	})
}
