package estimate

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/estimate/simulate"
)

// Plan is how the rest of a run is to be gone through.
type Plan struct {
	// Slots is how many imports run side by side; below 1 counts as 1.
	Slots int
	// ImportsOnly: rows are done when their import is; Draining: queued rows are not started any more.
	ImportsOnly, Draining bool
	// Canaries is how many of the rows that are not done yet go first: the others start once all of these are. 0: they start as
	// slots come free.
	Canaries int
}

// Range is how long something may take from now on. From is reached in one of twenty evenings at the soonest, To in one
// of twenty at the latest, Likely is in the middle. All zero: nothing is left that could be said anything of.
type Range struct {
	From, Likely, To time.Duration
	// Slow rows are over their usual time and are not part of the range.
	Slow int
}

// TimeLeft is how long these jobs take until the last one is done. It plays the rest of the evening many times, each time
// with another pace within what is still open about this evening, which narrows with every import and Cloud PC seen.
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

// rest is what of these jobs is to be played, and how many are over their usual time and left out.
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
	// As the runner starts them: by priority, then what takes longest.
	slices.SortStableFunc(starts, func(a, b start) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(b.Import+b.CloudPC, a.Import+a.CloudPC))
	})
	for _, s := range starts {
		y.Queued = append(y.Queued, s.Row)
	}
	return y, slow
}

// expected is what of a job is to come, and how long that takes.
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
