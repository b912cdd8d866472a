//go:build !race

package simtest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// someEvening is an evening as it may come: disks, slots, policies, and a service that is quicker or slower than anybody
// expects, with here and there a row that fails.
func someEvening(seed uint64) *story {
	r := rand.New(rand.NewPCG(seed, 99))
	s := quiet(8 + r.IntN(90))
	s.seed, s.slots = seed, 4+r.IntN(20)
	sc := &s.scenario
	sc.Seed = int64(seed)
	pace := 0.75 + r.Float64()*0.6
	minutes := func(m float64) string { return fmt.Sprintf("%ds", int(m*60*pace)) }
	sc.Knobs.ImportBase, sc.Knobs.ImportPer10GiB = minutes(10), minutes(1)
	pace = 0.75 + r.Float64()*0.6
	sc.Knobs.ProvisionMin, sc.Knobs.ProvisionMax = minutes(30), minutes(60)
	for i := range s.people {
		if r.IntN(25) == 0 {
			sc.Fates = append(sc.Fates, scenario.Fate{User: s.people[i].name, Import: "failed"})
		}
	}
	return s
}

// TestForecast plays WAVE365_EVENINGS evenings (default 40; `make bench` plays 500). The end must lie in the range that
// was said at the start in nine of ten, and after a third of the time within 15 % of the middle that is said then in
// four of five. It is not for the race detector: what it plays are quiet evenings, and TestSimulation has worse ones.
func TestForecast(t *testing.T) {
	t.Parallel()
	evenings := number("WAVE365_EVENINGS", 40)
	var mu sync.Mutex
	var inRange, near int
	var width float64
	const shards = 4 // they use the cores that there are
	t.Run("evenings", func(t *testing.T) {
		for shard := range uint64(shards) {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				for seed := shard; seed < uint64(evenings); seed += shards {
					e := playEvening(t, seed)
					mu.Lock()
					width += e.first.To.Minutes() / e.first.From.Minutes()
					if e.first.From <= e.took && e.took <= e.first.To {
						inRange++
					}
					if off := (e.took/3 + e.third.Likely - e.took).Abs(); float64(off) <= 0.15*float64(e.took) {
						near++
					}
					mu.Unlock()
				}
			})
		}
	})
	n := float64(evenings)
	t.Logf("%d evenings: the end lay in the range of the start in %.0f %%, within 15 %% of what was likely after a third in %.0f %%; the range's end is %.2f times its beginning",
		int(evenings), 100*float64(inRange)/n, 100*float64(near)/n, width/n)
	if share := float64(inRange) / n; share < 0.9 {
		t.Errorf("only %.0f %% of the ends lie in the range at the start, 90 %% should", 100*share)
	}
	if share := float64(near) / n; share < 0.8 {
		t.Errorf("only %.0f %% of the ends are near what was likely after a third, 80 %% should", 100*share)
	}
}

// forecast is how long an evening took, and what was expected at its start and after a third of it.
type forecast struct {
	took         time.Duration
	first, third estimate.Range
}

func playEvening(t *testing.T, seed uint64) (e forecast) {
	synctest.Test(t, func(t *testing.T) {
		s := someEvening(seed + 1)
		w, err := newWorld(t, s)
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
		if err := w.play(); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began) - 5*time.Minute // the pause after the last process
		rows, err := w.store.Rows(t.Context(), w.run.ID)
		if err != nil {
			t.Fatal(err)
		}
		plan := estimate.Plan{Slots: s.slots}
		first := leftAt(rows, began, plan)
		third := leftAt(rows, began.Add(took/3), plan)
		t.Logf("evening %d: %d rows, %d slots: took %s; at the start %s to %s; after a third %s to %s, likely %s", seed, len(rows), s.slots,
			took.Round(time.Minute), first.From.Round(time.Minute), first.To.Round(time.Minute),
			(took/3 + third.From).Round(time.Minute), (took/3 + third.To).Round(time.Minute), (took/3 + third.Likely).Round(time.Minute))
		e = forecast{took, first, third}
	})
	return e
}

// leftAt asks what is left as a ledger would have told it at that time.
func leftAt(rows []migration.Row, now time.Time, plan estimate.Plan) estimate.Range {
	m := estimate.New()
	var jobs []estimate.Job
	for _, r := range rows {
		f := r.Facts
		past := func(t time.Time) bool { return !t.IsZero() && !t.After(now) }
		if past(f.ImportEnded) {
			m.LearnImport(r)
		}
		j := estimate.Job{Priority: r.Target.Priority, Bytes: r.Target.Disk.Virtual, Policy: r.Target.PolicyID}
		switch {
		case past(f.Provisioned):
			m.LearnProvision(r)
			continue
		case past(r.FinishedAt):
			continue
		case past(f.CutOver):
			j.Phase, j.In = estimate.Provisioning, now.Sub(f.CutOver)
		case past(f.ImportEnded):
			j.Phase = estimate.Provisioning
		case past(f.ImportStarted):
			j.Phase, j.In = estimate.Importing, now.Sub(f.ImportStarted)
		}
		jobs = append(jobs, j)
	}
	return m.TimeLeft(jobs, plan)
}
