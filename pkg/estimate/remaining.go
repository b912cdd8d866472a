package estimate

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/migration"
)

// planOf returns how the rest of a run is executed, according to the run.
func planOf(run migration.Run) Plan {
	return Plan{Slots: run.Slots, ImportsOnly: run.Settings.Until != "", Draining: run.Settings.Draining, Canaries: run.Settings.Canary}
}

// Rest holds what the end of a run depends on of its rows. The plan, the screen, `status`, the live page and the report
// each make one, so that the same rows of the same run have the same end everywhere, in whatever order they were reported.
// Make one with [RestOf]; it is not safe for concurrent use.
type Rest struct {
	plan  Plan
	rows  map[int]part
	model *Model // nil: something was learned since it was made
}

// part is one row, reduced to what the end depends on: a large wave need not be in memory twice.
type part struct {
	job   Job
	since time.Time
	open  bool
	// imported and built are the service's times of the row's import and Cloud PC.
	imported, built sample
}

// sample is how long something took until it ended; zero: not known.
type sample struct {
	took  time.Duration
	ended time.Time
}

// RestOf returns the rest of a run with these rows.
func RestOf(run migration.Run, rows []migration.Row) *Rest {
	r := &Rest{plan: planOf(run), rows: make(map[int]part, len(rows))}
	for _, row := range rows {
		r.Put(row)
	}
	return r
}

// Put records the current state of a row.
func (r *Rest) Put(row migration.Row) {
	p := part{imported: importOf(row), built: builtOf(row)}
	p.job, p.since, p.open = jobOf(row)
	was := r.rows[row.Index]
	if was.imported != p.imported || was.built != p.built {
		r.model = nil
	}
	r.rows[row.Index] = p
}

// Steer records how the run is executed from now on.
func (r *Rest) Steer(run migration.Run) { r.plan = planOf(run) }

// TimeLeft returns how long the rest takes from now on, to the minute, so that every view shows the same end. Zero when nothing
// is left that can be estimated.
func (r *Rest) TimeLeft(now time.Time) Range {
	jobs := make([]Job, 0, len(r.rows))
	for _, i := range r.order() {
		if p := r.rows[i]; p.open {
			jobs = append(jobs, p.job.at(p.since, now))
		}
	}
	plan := r.plan
	plan.Canaries = r.canaries()
	left := r.pace().TimeLeft(jobs, plan)
	for _, d := range []*time.Duration{&left.From, &left.Likely, &left.To} {
		if *d > time.Minute {
			*d = d.Round(time.Minute)
		}
	}
	return left
}

// canaries returns how many canaries are not done; 0 once more rows have begun than there are canaries, because then these
// have passed.
func (r *Rest) canaries() int {
	done, flight := 0, 0
	for _, p := range r.rows {
		switch {
		case p.open && p.job.Phase > Checking:
			flight++
		case !p.open && p.imported != (sample{}):
			done++
		}
	}
	if done+flight > r.plan.Canaries {
		return 0
	}
	return r.plan.Canaries - done
}

// Usual is [Model.Usual] of the row with that index; 0 for an unknown index.
func (r *Rest) Usual(index int) time.Duration { return r.pace().Usual(r.rows[index].job) }

// order returns the indexes of all rows in a fixed order.
func (r *Rest) order() []int {
	all := make([]int, 0, len(r.rows))
	for i := range r.rows {
		all = append(all, i)
	}
	slices.Sort(all)
	return all
}

// pace returns a model that has learned from the rows, in the order in which things ended: what was expected of one
// depends on those before it.
func (r *Rest) pace() *Model {
	if r.model != nil {
		return r.model
	}
	r.model = New()
	inOrder := func(of func(part) sample, learn func(part)) {
		seen := make([]part, 0, len(r.rows))
		for _, i := range r.order() {
			if p := r.rows[i]; of(p) != (sample{}) {
				seen = append(seen, p)
			}
		}
		slices.SortStableFunc(seen, func(a, b part) int { return cmp.Compare(of(a).ended.UnixNano(), of(b).ended.UnixNano()) })
		for _, p := range seen {
			learn(p)
		}
	}
	inOrder(func(p part) sample { return p.imported }, func(p part) { r.model.learnImport(p.job.Bytes, p.imported.took) })
	inOrder(func(p part) sample { return p.built }, func(p part) { r.model.learnProvision(p.job.Policy, p.built.took) })
	return r.model
}
