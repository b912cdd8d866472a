package simtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// chaos is a large wave on a bad network: 20 % 429 and 503, 5 % lost replies, 2 % resets, long lags, statuses that flip.
func chaos(seed uint64, rows int) *story {
	r := rand.New(rand.NewPCG(seed, 20))
	s := &story{seed: seed, slots: 50, workers: 8, onDisk: true}
	s.cast(r, rows)
	s.scenario.Licenses[0].Seats = rows
	s.scenario.Knobs = scenario.Knobs{UnauditedImports: seed%2 == 0, MembershipLag: "10m", LicenseLag: "20m"}
	s.faults = []scenario.Fault{
		{Kind: "retry-after", Rate: 0.10, RetryAfter: 5},
		{Kind: "retry-after", Rate: 0.02, RetryAfter: -1},
		{Kind: "status", Status: 503, Rate: 0.09},
		{Match: "POST ", Kind: "drop-reply", Rate: 0.05},
		{Kind: "drop-reply", Rate: 0.03},
		{Kind: "reset", Rate: 0.02},
		{Kind: "lag", Delay: "12m"},
		{Kind: "flip-flop"},
	}
	return s
}

// TestChaos wants a wave of 200 rows to end on a bad network without a stuck row, once with imports in the audit log and
// once without; check wants those rows held, and no others, whose import reply was lost and could not be found.
func TestChaos(t *testing.T) {
	t.Parallel()
	rows := 200
	if defaultSeeds < 1000 {
		rows = 60
	}
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, err := newWorld(t, chaos(seed, rows))
				if w != nil {
					defer func() {
						if err := w.close(); err != nil {
							t.Error(err)
						}
					}()
				}
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if err := errors.Join(w.play(), w.check()); err != nil {
					t.Fatal(err)
				}
				all, err := w.store.Rows(t.Context(), runID)
				if err != nil {
					t.Fatal(err)
				}
				c := migration.Count(all)
				if seed == 0 && c.Held == 0 || seed == 1 && c.Held > c.Total/4 {
					t.Errorf("%d rows are held; the story was not what it should be", c.Held)
				}
				t.Logf("%+v after %s of service time", c, time.Since(began))
			})
		})
	}
}
