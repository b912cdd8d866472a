package estimate

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/estimate/simulate"
)

// Plan is how the rest of a run is to be executed.
type Plan struct {
	// Slots is how many imports run at a time; below 1 counts as 1.
	Slots int
	// ImportsOnly: rows are done when their import is; Draining: queued rows are not started.
	ImportsOnly, Draining bool
	// Canaries is how many of the unfinished rows go first: the others start once all of these are done. 0: all start as slots
	// become free.
	Canaries int
}

// Range is how long something may take from now on: in one of twenty simulated runs it takes less than From, in one of
// twenty more than To, and Likely is the median. All zero: nothing is left that can be estimated.
type Range struct {
	From, Likely, To time.Duration
	// Slow rows are over their usual time and not included in the range.
	Slow int
}

// TimeLeft returns how long these jobs take until the last one is done. It simulates the rest of the run many times, each
// time with another pace within the remaining uncertainty, which shrinks with every import and Cloud PC seen.
func (m *Model) TimeLeft(jobs []Job, p Plan) Range {
	m.mu.Lock()
	defer m.mu.Unlock()
	rest, slow := m.rest(jobs, p)
	ends := rest.Ends()
	n := len(ends)
	if n == 0 {
		return Range{Slow: slow}
	}
	return Range{From: minutes(ends[n/20]), Likely: minutes(ends[n/2]), To: minutes(ends[n-1-n/20]), Slow: slow}
}

// rest returns what of these jobs is to be simulated, and how many are over their usual time and left out.
func (m *Model) rest(jobs []Job, p Plan) (y simulate.Rest, slow int) {
	y = simulate.Rest{Slots: p.Slots, ImportsOnly: p.ImportsOnly, Canaries: p.Canaries, Imports: m.imports, CloudPCs: m.pcs}
	type start struct {
		priority int
		simulate.Row
	}
	var starts []start
	for _, j := range jobs {
		switch usual := m.usual(j); {
		case j.Phase <= Checking && !p.Draining:
			starts = append(starts, start{j.Priority, m.expected(j)})
		case j.Phase <= Checking:
		case j.In > usual:
			slow++
		default:
			y.Flying = append(y.Flying, m.expected(j))
		}
	}
	// As the runner starts them: by priority, then the longest first.
	slices.SortStableFunc(starts, func(a, b start) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(b.Import+b.CloudPC, a.Import+a.CloudPC))
	})
	for _, s := range starts {
		y.Queued = append(y.Queued, s.Row)
	}
	return y, slow
}

// expected returns what is left of a job, and how long that takes.
func (m *Model) expected(j Job) simulate.Row {
	r := simulate.Row{In: j.In.Minutes()}
	if j.Phase <= Importing {
		r.Import = m.importMinutes(gibs(j.Bytes))
	}
	if j.Phase <= Provisioning {
		r.CloudPC = m.provisionMinutes(j.Policy)
	}
	return r
}
