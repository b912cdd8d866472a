package playbook_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/migration"
)

// Somebody takes the license away while the Cloud PC is built from the import, and gives it back when that Cloud PC is gone: the
// service builds another one from the image, for which the import that was in use proves nothing.
func TestAnEarlierCloudPCUsedTheImport(t *testing.T) {
	t.Parallel()
	const ada, sku = 0, "CPC_E_2C_8GB_128GB"
	for name, c := range map[string]struct {
		back   time.Duration
		sameID bool
	}{
		"during the run":                    {15 * time.Minute, false},
		"before a retry":                    {24 * time.Hour, false},
		"during the run, under the same id": {15 * time.Minute, true},
		"before a retry, under the same id": {24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := timed()
				sc.Knobs.ReuseCloudPCID = c.sameID
				s := newStage(t, sc)
				defer s.close()
				s.happens(50*time.Minute, ada, "take-license", sku)
				s.happens(50*time.Minute+c.back, ada, "give-license", sku)
				s.play()
				if r := s.rows[ada]; r.State != migration.Failed || r.Facts.UsedSeen.IsZero() {
					t.Fatalf("%s, the import was seen in use at %s: %+v", r.State, r.Facts.UsedSeen, r.Problem)
				}
				time.Sleep(30 * time.Hour)
				s.retryFailed()
				if r := s.rows[ada]; r.State != migration.Failed || r.Problem.Code != "proof.unclear" {
					t.Errorf("%s at %s: %+v; proof %q", r.State, r.Step, r.Problem, r.Facts.Proof)
				}
				s.endsNobody()
				if sent := accepted(s); sent != 4 {
					t.Errorf("%d imports were accepted, want 4", sent)
				}
			})
		})
	}
}
