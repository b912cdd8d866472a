// Package simulate plays the rest of a run many times, each time with another pace within the remaining uncertainty. It
// knows minutes and slots, and uses the same random numbers each time: the same rest has the same ends.
package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// What a row takes besides its import and its provisioning: the delay until an end is noticed, checks, the proof.
const (
	SlotTime = time.Minute
	TailTime = 4 * time.Minute
)

// Row is what is expected of one row, in minutes.
type Row struct {
	// Import and CloudPC are how long each takes in all; 0: it has ended.
	Import, CloudPC float64
	// In is how long the first one that has not ended has lasted; 0 for queued rows.
	In float64
}

// Rest is what is left of a run.
type Rest struct {
	// Slots is how many imports run at a time; below 1 counts as 1.
	Slots int
	// ImportsOnly: rows are done when their import is.
	ImportsOnly bool
	// Flying rows have begun; Queued ones begin in this order.
	Flying, Queued []Row
	// Canaries is how many rows, the flying ones and then the first queued ones, have to be done before any other begins; 0: no row
	// waits for another.
	Canaries          int
	Imports, CloudPCs Pace
}

// Ends simulates the run many times and returns the minutes until its last row was done, in rising order; none without
// rows.
func (r Rest) Ends() []float64 {
	const fewest, most, budget = 16, 160, 200_000
	rows := len(r.Flying) + len(r.Queued)
	if rows == 0 {
		return nil
	}
	n := min(max(budget/rows, fewest), most)
	ends := make([]float64, n)
	for k := range ends {
		ends[k] = r.end(k, n)
	}
	slices.Sort(ends)
	return ends
}

// end simulates the run for the k-th time of n and returns the end of the last row.
func (r Rest) end(k, n int) float64 {
	// Paces of the run are spread evenly over what is possible, each of imports with each of provisioning.
	fi, fp := math.Exp(r.Imports.unsure()*normal(float64(k)+0.5, n)), math.Exp(r.CloudPCs.unsure()*normal(mirrored(k, n), n))
	dice := rand.New(rand.NewPCG(uint64(k), 365))
	after := func(e Row, in float64) float64 {
		switch {
		case r.ImportsOnly:
			return 0
		case e.CloudPC == 0:
			return TailTime.Minutes() / 2
		}
		return left(e.CloudPC*fp*r.CloudPCs.draw(dice), in, e.CloudPC) + TailTime.Minutes()*(0.5+dice.Float64())
	}
	last := 0.0
	slots := NewSlots(r.Slots)
	for _, e := range r.Flying {
		if e.Import == 0 {
			last = max(last, after(e, e.In))
			continue
		}
		done := left(e.Import*fi*r.Imports.draw(dice), e.In, e.Import) + SlotTime.Minutes()
		slots.Occupy(done)
		last = max(last, done+after(e, 0))
	}
	gate := last
	for i, e := range r.Queued {
		canary := len(r.Flying)+i < r.Canaries
		start := slots.Next()
		if !canary && r.Canaries > 0 {
			start = max(start, gate)
		}
		done := start + e.Import*fi*r.Imports.draw(dice) + SlotTime.Minutes()
		slots.Occupy(done)
		last = max(last, done+after(e, 0))
		if canary {
			gate = last
		}
	}
	return last
}

// left returns what is left of total after in; something overdue is taken to need another tenth of its expected time.
func left(total, in, expected float64) float64 {
	if total <= in {
		return max(1, expected/10)
	}
	return total - in
}

// normal returns the value that a normal variable does not exceed in k of n cases.
func normal(k float64, n int) float64 { return math.Sqrt2 * math.Erfinv(2*k/float64(n)-1) }

// mirrored spreads k over [0,n) so that neighbors lie far apart (van der Corput's sequence).
func mirrored(k, n int) float64 {
	v, f := 0.0, 0.5
	for k++; k > 0; k, f = k/2, f/2 {
		v += f * float64(k%2)
	}
	return v * float64(n)
}
