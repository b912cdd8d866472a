package playbook_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// deprovision does what the command does for the user of a row: it takes away what the cut-over gave, and ends the grace period.
// It comes back while the Cloud PC is still there.
func (s *stage) deprovision(row int) {
	s.t.Helper()
	var err error
	if of := s.targets[row]; of.Trigger.Licenses() {
		err = s.graph.RemoveLicense(s.t.Context(), of.UserID, of.SKUID)
	} else {
		err = s.graph.RemoveMember(s.t.Context(), of.GroupID, of.UserID)
	}
	for range 60 {
		for _, pc := range s.cloudPCs(row) {
			if err == nil && pc.Status == "inGracePeriod" {
				err = s.graph.EndGracePeriod(s.t.Context(), pc.ID)
				if err == nil {
					return
				}
			}
		}
		time.Sleep(time.Minute)
	}
	s.t.Errorf("the Cloud PC never came into its grace period: %v", err)
}

// gone waits until the user has no Cloud PC.
func (s *stage) gone(row int) {
	for len(s.cloudPCs(row)) > 0 {
		time.Sleep(time.Minute)
	}
}

func code(r migration.Row) string {
	if r.Problem == nil {
		return ""
	}
	return r.Problem.Code
}

func (s *stage) cloudPCs(row int) []graph.CloudPC {
	s.t.Helper()
	pcs, err := s.graph.CloudPCsOf(s.t.Context(), []string{s.targets[row].UPN})
	if err != nil {
		s.t.Error(err)
	}
	return pcs
}

// A Cloud PC came from the image, and the operator does as told: it is deprovisioned, which takes the license or the membership
// along, and the row is retried at once. It waits until the wrong one is gone, makes its cut-over again, with the same import,
// and the new Cloud PC proves itself.
func TestWrongCloudPCIsReplaced(t *testing.T) {
	t.Parallel()
	for row, cutOver := range []string{"license assigned", "group member added"} {
		t.Run(strings.ReplaceAll(cutOver, " ", "-"), func(t *testing.T) {
			t.Parallel()
			sc := story()
			sc.Fates = []scenario.Fate{{User: sc.Users[row].UPN, Provision: "image"}}
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, sc)
				defer s.close()
				s.play()
				if got := code(s.rows[row]); got != "proof.not-from-snapshot" {
					t.Fatal(states(s.rows))
				}
				s.deprovision(row)
				s.retry(row)
				s.play()
				if got := states(s.rows); got != allSucceeded {
					t.Errorf("%s: %+v", got, s.rows[row].Problem)
				}
				did := s.effects(row)
				if count(did, "importSnapshot accepted") != 1 || count(did, cutOver) != 2 || count(did, "purged") != 0 {
					t.Errorf("%q", did)
				}
				if f := s.rows[row].Facts; !f.CutOver.After(f.Retried) || !f.Provisioned.After(f.CutOver) || f.UsageStatus == graph.UsageNotUsed {
					t.Errorf("%+v", f)
				}
			})
		})
	}
}

// The process ends between the second cut-over and its record: the next one does not make it a third time.
func TestSecondCutOverIsMadeOnce(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Fates = []scenario.Fate{{User: "ada", Provision: "image"}}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sc)
		defer s.close()
		s.play()
		s.deprovision(0)
		s.gone(0)
		s.retry(0)
		before := s.rows[0]
		book := s.book()
		if err := book.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		var wait migration.Work
		for _, w := range book.Steps() {
			if w.Step == migration.StepProvisionWait {
				wait = w
			}
		}
		look := func(r migration.Row) migration.Row {
			results, err := wait.Do(t.Context(), []migration.Row{r})
			if err != nil {
				t.Fatal(err)
			}
			r.Facts = results[0].Facts
			return r
		}
		r := look(before)
		if !r.Facts.CutOver.Equal(before.Facts.CutOver) {
			t.Fatal("one look was believed")
		}
		time.Sleep(2 * time.Minute)
		suspects := r
		if r = look(suspects); !r.Facts.CutOver.After(before.Facts.Retried) || count(s.effects(0), "license assigned") != 2 {
			t.Fatalf("not cut over again: %+v %q", r.Facts, s.effects(0))
		}
		time.Sleep(time.Minute)
		if again := look(suspects); again.Facts.CutOver.Sub(r.Facts.CutOver).Abs() > time.Minute || count(s.effects(0), "license assigned") != 2 {
			t.Errorf("it was made again: %s after %s, %q", again.Facts.CutOver, r.Facts.CutOver, s.effects(0))
		}
		s.play()
		if got := states(s.rows); got != allSucceeded || count(s.effects(0), "license assigned") != 2 {
			t.Errorf("%s %q", got, s.effects(0))
		}
	})
}

// A Cloud PC that had used the import is gone: one that is built now could only come from the image, and the record of the import,
// which some services keep, must not prove it. The row says so at once.
func TestUsedImportStartsNoSecondCloudPC(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{true, false} {
		sc := story()
		sc.Knobs.KeepImportRecord = kept
		sc.Fates = []scenario.Fate{{User: "ada", ProvisionTakes: "90m"}}
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, sc)
			defer s.close()
			m := &meddler{Graph: s.graph, user: s.rows[0].Target.UserID, then: func(context.Context) error {
				time.AfterFunc(time.Hour, func() { s.deprovision(0) })
				return nil
			}}
			s.over = m
			s.play()
			if got := code(s.rows[0]); got != "provision.leaving" {
				t.Fatal(states(s.rows))
			}
			s.gone(0)
			s.retry(0)
			began := time.Now()
			s.play()
			if got := code(s.rows[0]); got != "import.used-up" || count(s.effects(0), "license assigned") != 1 || len(s.cloudPCs(0)) > 0 {
				t.Errorf("record kept: %t: %s, %q", kept, states(s.rows), s.effects(0))
			}
			if took := time.Since(began); took > time.Hour {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// An import that was purged after the cut-over can become nothing: once the empty Cloud PC is gone, a retry begins anew.
func TestPurgedImportIsSentAgainByARetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		l := &liar{Client: s.graph, user: s.rows[0].Target.UserID}
		m := &meddler{Graph: l, user: l.user, then: func(ctx context.Context) error { return s.graph.PurgeImport(ctx, l.made[0]) }}
		s.over = m
		s.play()
		if got := code(s.rows[0]); got != "proof.not-from-snapshot" {
			t.Fatal(states(s.rows))
		}
		s.deprovision(0)
		s.gone(0)
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded || count(s.effects(0), "importSnapshot accepted") != 2 || count(s.effects(0), "license assigned") != 2 {
			t.Errorf("%s %q", got, s.effects(0))
		}
	})
}
