package playbook_test

import (
	"cmp"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
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

// The import cannot be read for hours after ada's Cloud PC was ready, and meanwhile somebody reprovisions it: when the import can be
// read again, it proves nothing of the Cloud PC that is there.
func TestReprovisionedWhileTheProofWaits(t *testing.T) {
	t.Parallel()
	const ada = 0
	for name, c := range map[string]struct {
		keeps bool   // the service keeps the record of an import that was used
		until string // until when the import cannot be read
		at    string // when it is reprovisioned; it is ready after 61 minutes
	}{
		"a moment before":                            {at: "66m", until: "68m"},
		"a moment before, record kept":               {at: "66m", until: "68m", keeps: true},
		"built again by then":                        {until: "4h"},
		"built again by then, record kept":           {until: "4h", keeps: true},
		"still being built then":                     {until: "115m"},
		"still being built then, with a record kept": {until: "115m", keeps: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := timed()
				sc.Knobs.KeepImportRecord = c.keeps
				sc.Faults = []scenario.Fault{{Match: "SnapshotImportResult", Kind: "status", Status: 503, From: "22m", Until: c.until}}
				sc.Events = []scenario.Event{{At: cmp.Or(c.at, "100m"), Do: "reprovision", User: sc.Users[ada].UPN}}
				s := newStage(t, sc)
				defer s.close()
				s.play()
				if r := s.rows[ada]; r.State != migration.Failed || r.Problem.Code != "proof.unclear" {
					t.Errorf("it is %s: %+v; proof %q", r.State, r.Problem, r.Facts.Proof)
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

// A Cloud PC that an earlier version of the program saw fail, which did not note when, is built from the import when it is
// reprovisioned.
func TestFailedBeforeItWasNoted(t *testing.T) {
	t.Parallel()
	const ada = 0
	synctest.Test(t, func(t *testing.T) {
		sc := timed()
		sc.Fates[ada].Provision = "failed"
		s := newStage(t, sc)
		defer s.close()
		s.play()
		if r := s.rows[ada]; r.State != migration.Failed || r.Problem.Code != "provision.failed" || r.Facts.FailedSeen.IsZero() {
			t.Fatalf("it is %s: %+v", r.State, r.Problem)
		}
		s.rows[ada].Facts.FailedSeen = time.Time{}
		s.event(s.rows[ada].Target.UserID, "reprovision", "")
		s.retry(ada)
		s.play()
		if r := s.rows[ada]; r.State != migration.Succeeded {
			t.Errorf("it is %s: %+v", r.State, r.Problem)
		}
	})
}

// A Cloud PC that was proven not to be from the snapshot is reprovisioned, and then built from it; that was ready long before the row
// gets its new attempt.
func TestReprovisionedFromTheSnapshot(t *testing.T) {
	t.Parallel()
	const ada = 0
	for name, keeps := range map[string]bool{"record gone": false, "record kept": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := timed()
				sc.Knobs.KeepImportRecord = keeps
				sc.Fates[ada].Provision = "image"
				s := newStage(t, sc)
				defer s.close()
				s.play()
				if r := s.rows[ada]; r.State != migration.Failed || r.Problem.Code != "proof.not-from-snapshot" {
					t.Fatalf("it is %s: %+v", r.State, r.Problem)
				}
				s.event(s.rows[ada].Target.UserID, "reprovision", "")
				time.Sleep(3 * time.Hour)
				s.retry(ada)
				s.play()
				if r := s.rows[ada]; r.State != migration.Succeeded {
					t.Errorf("it is %s: %+v", r.State, r.Problem)
				}
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
