package estimate

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// What a row takes besides its import and its provisioning: an end that is found out late, checks, the proof.
const (
	slotTime = time.Minute
	tailTime = 4 * time.Minute
	looks    = slotTime + tailTime
)

// Plan is how the rest of a run is to be gone through.
type Plan struct {
	// Slots is how many imports run side by side; below 1 counts as 1.
	Slots int
	// ImportsOnly: rows are done when their import is; Draining: queued rows are not started any more.
	ImportsOnly, Draining bool
}

// Range is how long something may take from now on. From is reached in one of twenty evenings at the soonest, To in one
// of twenty at the latest, Likely is in the middle. All zero: nothing is left that could be said anything of.
type Range struct {
	From, Likely, To time.Duration
	// Slow rows are over their usual time and are not part of the range.
	Slow int
}

// Left is how long these jobs take until the last one is done. It plays the rest of the evening many times, each time
// with another pace within what is still open about this evening, which narrows with every import and Cloud PC seen.
func (m *Model) Left(jobs []Job, p Plan) Range {
	m.mu.Lock()
	defer m.mu.Unlock()
	play := m.plays(jobs, p)
	if len(play.flight)+len(play.queue) == 0 {
		return Range{Slow: play.slow}
	}
	const fewest, most, budget = 16, 160, 200_000
	n := min(max(budget/(len(play.flight)+len(play.queue)), fewest), most)
	ends := make([]time.Duration, n)
	for k := range ends {
		ends[k] = play.end(k, n)
	}
	slices.Sort(ends)
	return Range{From: ends[n/20], Likely: ends[n/2], To: ends[n-1-n/20], Slow: play.slow}
}

// expected is a job with what is expected of it, in minutes.
type expected struct {
	Job
	imports, pc float64
}

// play is what is needed to play the rest of an evening.
type play struct {
	Plan
	flight, queue []expected
	slow          int
	imports, pcs  spread
}

func (m *Model) plays(jobs []Job, p Plan) *play {
	y := &play{Plan: p, imports: m.imports, pcs: m.pcs}
	for _, j := range jobs {
		e := expected{j, m.importMinutes(gibs(j.Bytes)), m.provisionMinutes(j.Policy)}
		switch usual := m.usual(j); {
		case j.Phase <= Checking && !p.Draining:
			y.queue = append(y.queue, e)
		case j.Phase <= Checking:
		case j.In > usual:
			y.slow++
		default:
			y.flight = append(y.flight, e)
		}
	}
	// As the runner starts them: by priority, then what takes longest.
	slices.SortStableFunc(y.queue, func(a, b expected) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(b.imports+b.pc, a.imports+a.pc))
	})
	return y
}

// end plays the evening for the k-th time of n and gives the end of the last row.
func (y *play) end(k, n int) time.Duration {
	// Paces of the evening are spread evenly over what is possible, each of imports with each of provisioning.
	fi, fp := math.Exp(y.imports.unsure()*normal(float64(k)+0.5, n)), math.Exp(y.pcs.unsure()*normal(mirrored(k, n), n))
	dice := rand.New(rand.NewPCG(uint64(k), 365))
	after := func(e expected, in float64) float64 {
		switch {
		case y.ImportsOnly:
			return 0
		case e.Phase == Proving:
			return tailTime.Minutes() / 2
		}
		return rest(e.pc*fp*y.pcs.draw(dice), in, e.pc) + tailTime.Minutes()*(0.5+dice.Float64())
	}
	last := 0.0
	free := make(times, 0, max(y.Slots, 1))
	for _, e := range y.flight {
		done := 0.0
		if e.Phase == Importing {
			done = rest(e.imports*fi*y.imports.draw(dice), e.In.Minutes(), e.imports) + slotTime.Minutes()
			if len(free) < cap(free) {
				free = append(free, done)
			}
			last = max(last, done+after(e, 0))
			continue
		}
		last = max(last, after(e, e.In.Minutes()))
	}
	heap.Init(&free)
	for _, e := range y.queue {
		start := 0.0
		if len(free) == cap(free) {
			start = heap.Pop(&free).(float64)
		}
		done := start + e.imports*fi*y.imports.draw(dice) + slotTime.Minutes()
		heap.Push(&free, done)
		last = max(last, done+after(e, 0))
	}
	return minutes(last)
}

// rest is what is left of total after in; what is over already has a tenth of the expected time to go.
func rest(total, in, expected float64) float64 {
	if total <= in {
		return max(1, expected/10)
	}
	return total - in
}

// draw is how one row differs from what is expected: as one of those seen, or while there are few, as anybody's guess.
func (s spread) draw(dice *rand.Rand) float64 {
	if n := len(s.ratios); n >= enough {
		return s.ratios[dice.IntN(n)]
	}
	return math.Exp(row * dice.NormFloat64())
}

// normal is the value that a normal variable does not exceed in k of n cases.
func normal(k float64, n int) float64 { return math.Sqrt2 * math.Erfinv(2*k/float64(n)-1) }

// mirrored spreads k over [0,n) so that neighbors lie far apart (van der Corput's sequence).
func mirrored(k, n int) float64 {
	v, f := 0.0, 0.5
	for k++; k > 0; k, f = k/2, f/2 {
		v += f * float64(k%2)
	}
	return v * float64(n)
}

// times is a heap of when slots come free, in minutes.
type times []float64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(float64)) }
func (t *times) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
