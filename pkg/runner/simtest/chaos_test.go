package simtest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
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
	// Of the rules the first that hits is the one: later ones see fewer requests, and their rates make up for that.
	s.faults = []scenario.Fault{
		{Kind: "retry-after", Rate: 0.10, RetryAfter: 5},
		{Kind: "retry-after", Rate: 0.03, RetryAfter: -1},
		{Kind: "status", Status: 503, Rate: 0.09},
		{Match: "POST ", Kind: "drop-reply", Rate: 0.05},
		{Kind: "drop-reply", Rate: 0.05},
		{Kind: "reset", Rate: 0.027},
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
	if raced {
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
				all, err := w.store.Rows(t.Context(), w.run.ID)
				if err != nil {
					t.Fatal(err)
				}
				c := migration.Count(all)
				if seed == 0 && c.Held == 0 || seed == 1 && c.Held > c.Total/4 {
					t.Errorf("%d rows are held; the story was not what it should be", c.Held)
				}
				log, err := w.requests()
				if err != nil {
					t.Fatal(err)
				}
				refused, lost, reset := shares(log, began)
				for _, s := range []struct {
					what      string
					got, want float64
				}{{"429 and 503", refused, 0.20}, {"lost replies", lost, 0.05}, {"resets", reset, 0.02}} {
					chance := 3 * math.Sqrt(s.want*(1-s.want)/float64(len(log))) // fewer requests, more of it
					if s.got < s.want*0.8-chance || s.got > s.want*1.3+chance {
						t.Errorf("%.1f %% of %d requests were %s, want about %.0f %%", 100*s.got, len(log), s.what, 100*s.want)
					}
				}
				t.Logf("%+v after %s of service time; of %d requests %.1f %% were refused, %.1f %% lost their reply, %.1f %% were reset",
					c, time.Since(began), len(log), 100*refused, 100*lost, 100*reset)
			})
		})
	}
}

// shares are how many of the requests that went over the network since then were refused with 429 or 503, lost their reply, or were cut
// off before they arrived.
func shares(log []reqEntry, since time.Time) (refused, lost, reset float64) {
	sent := 0.0
	for _, e := range log {
		if e.Batch || e.Time.Before(since) {
			continue // it went inside another; or the network was well still
		}
		sent++
		switch {
		case e.Fault == "drop-reply":
			lost++
		case e.Fault == "reset":
			reset++
		case e.Status == http.StatusTooManyRequests, e.Status == http.StatusServiceUnavailable:
			refused++
		}
	}
	return refused / sent, lost / sent, reset / sent
}
