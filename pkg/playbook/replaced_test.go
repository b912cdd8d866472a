package playbook_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/migration"
)

// Somebody has ada's Cloud PC, which was built from the import, reprovisioned from the image, under its id, between two looks at it:
// while a process looks, which sees it being built all the time, or while none does.
func TestReprovisionedBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	const ada = 0
	for name, c := range map[string]struct {
		keeps bool          // the service keeps the record of an import that was used
		until time.Duration // the process ends then, and the next one begins two hours later; 0: it goes on
	}{
		"in one process":                     {},
		"in one process, record kept":        {keeps: true},
		"between two processes":              {until: 45 * time.Minute},
		"between two processes, record kept": {until: 45 * time.Minute, keeps: true},
		"before the first look at it":        {until: 21 * time.Minute},
		"before the first look, record kept": {until: 21 * time.Minute, keeps: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := timed()
				sc.Knobs.KeepImportRecord = c.keeps
				s := newStage(t, sc)
				defer s.close()
				done := s.whenReady(ada, "reprovision")
				ctx, cancel := context.WithTimeout(t.Context(), max(c.until, time.Second))
				if c.until > 0 {
					s.playFor(ctx)
					time.Sleep(2 * time.Hour)
				}
				cancel()
				s.play()
				at := <-done
				r := s.rows[ada]
				if r.State != migration.Failed || r.Problem.Code != "proof.unclear" {
					t.Errorf("reprovisioned at %s, it is %s: %+v; proof %q", at, r.State, r.Problem, r.Facts.Proof)
				}
				if !r.Facts.Provisioned.After(at) {
					t.Errorf("it was provisioned at %s, and reprovisioned at %s", r.Facts.Provisioned, at)
				}
				for _, r := range s.rows[1:] {
					if r.State != migration.Succeeded {
						t.Errorf("%s is %s: %+v", r.Target.User, r.State, r.Problem)
					}
				}
				s.endsNobody()
			})
		})
	}
}

// whenReady lets something be done to a row's user in the second in which the Cloud PC is ready, before anybody can look at it. The
// channel gives when that was.
func (s *stage) whenReady(row int, do string) <-chan time.Time {
	user, upn := s.rows[row].Target.UserID, s.rows[row].Target.UPN
	done := make(chan time.Time, 1)
	go func() {
		for {
			time.Sleep(time.Second)
			pcs, err := s.graph.CloudPCsOf(context.Background(), []string{upn})
			if err != nil {
				s.t.Error(err)
				return
			}
			if len(pcs) == 1 && pcs[0].Status == "provisioned" {
				s.event(user, do, "")
				done <- time.Now()
				return
			}
		}
	}()
	return done
}
