package board

import (
	"slices"
	"time"

	"wave365/pkg/migration"
)

// pace is what this run has shown of how long steps take: the durations of ended steps, shortest first.
type pace struct {
	steps map[migration.Step][]time.Duration
}

// Until the run has shown its own pace, a step counts as slow after these.
const (
	usualShort     = 15 * time.Minute
	usualImport    = 45 * time.Minute
	usualProvision = time.Hour
	// usualFloor keeps a run of very quick steps from calling an ordinary one slow.
	usualFloor = 2 * time.Minute
	// enough samples to say what is usual.
	enough = 3
)

func (p *pace) add(s migration.Step, d time.Duration) {
	if s == "" || d < 0 {
		return
	}
	if p.steps == nil {
		p.steps = map[migration.Step][]time.Duration{}
	}
	list := p.steps[s]
	i, _ := slices.BinarySearch(list, d)
	p.steps[s] = slices.Insert(list, i, d)
}

// finished learns from the rows that had succeeded before we began to look. It sorts once: add would move a large
// wave's samples once per row.
func (p *pace) finished(rows []migration.Row) {
	steps := map[migration.Step][]time.Duration{}
	for _, r := range rows {
		f := r.Facts
		if r.State != migration.Succeeded {
			continue
		}
		if !f.ImportStarted.IsZero() && !f.ImportEnded.IsZero() {
			steps[migration.StepImportWait] = append(steps[migration.StepImportWait], f.ImportEnded.Sub(f.ImportStarted))
		}
		if !f.CutOver.IsZero() && !f.Provisioned.IsZero() {
			steps[migration.StepProvisionWait] = append(steps[migration.StepProvisionWait], f.Provisioned.Sub(f.CutOver))
		}
	}
	for s, list := range steps {
		list = slices.DeleteFunc(list, func(d time.Duration) bool { return d < 0 })
		slices.Sort(list)
		steps[s] = list
	}
	p.steps = steps
}

// usual is how long a step may take before it is remarkable: a quarter more than the longest one so far.
func (p *pace) usual(s migration.Step) time.Duration {
	if list := p.steps[s]; len(list) >= enough {
		return max(list[len(list)-1]*5/4, usualFloor)
	}
	switch s {
	case migration.StepImportWait:
		return usualImport
	case migration.StepProvisionWait:
		return usualProvision
	}
	return usualShort
}

// slow does not judge rows that wait for a slot before their import.
func (p *pace) slow(t *tracked, now time.Time) bool {
	return t.step != migration.StepImport && !t.since.IsZero() && now.Sub(t.since) > p.usual(t.step)
}

// Forecast is how long the run may still take. The zero value says that there is nothing to go by.
type Forecast struct {
	Known bool
	// From and To bound what is left; both 0: only rows over their time are left, or none.
	From, To time.Duration
	// Slow rows are over what was seen so far and are not part of the range.
	Slow int
}

// forecast plays the rest of the run twice, with short and with long durations. It needs one import and one
// provisioning that ended.
func (p *pace) forecast(rows map[int]*tracked, slots int, now time.Time) Forecast {
	if len(p.steps[migration.StepImportWait]) == 0 || len(p.steps[migration.StepProvisionWait]) == 0 {
		return Forecast{}
	}
	long, slow := p.play(rows, slots, now, guess{own: longest, queue: quartile(3)})
	short, _ := p.play(rows, slots, now, guess{own: shortest, queue: quartile(1)})
	return Forecast{Known: true, From: min(short, long), To: max(short, long), Slow: slow}
}

// guess picks a duration from the ones seen, shortest first: for one row by itself, and for the many that queue for
// slots, which will not all be the slowest.
type guess struct {
	own, queue func(seen []time.Duration) time.Duration
}

// shortest is what a quick row takes. One or two rows say little about the others, hence the margin.
func shortest(seen []time.Duration) time.Duration {
	if len(seen) < enough {
		return seen[0] * 3 / 4
	}
	return seen[0]
}

// longest is what a slow row takes; with enough samples it is what [pace.usual] allows.
func longest(seen []time.Duration) time.Duration {
	last := seen[len(seen)-1]
	if len(seen) < enough {
		return last * 3 / 2
	}
	return last * 5 / 4
}

func quartile(n int) func([]time.Duration) time.Duration {
	return func(seen []time.Duration) time.Duration { return seen[(len(seen)-1)*n/4] }
}

// play lets every open row take what is guessed from the samples, with as many imports side by side as there are
// slots, and gives the end of the last row, and how many rows are over that already and so not in it.
func (p *pace) play(rows map[int]*tracked, slots int, now time.Time, g guess) (end time.Duration, slow int) {
	took := func(pick func([]time.Duration) time.Duration, steps ...migration.Step) (sum time.Duration) {
		for _, s := range steps {
			if seen := p.steps[s]; len(seen) > 0 {
				sum += pick(seen)
			}
		}
		return sum
	}
	// The steps before are short, and what they take is mostly waiting for a slot, which is played here.
	inSlot, turn := took(g.own, migration.StepImportWait), took(g.queue, migration.StepImportWait)
	after := took(g.own, migration.StepCutover, migration.StepProvisionWait, migration.StepProve)
	free := make([]time.Duration, max(slots, 1))
	queued, slot := 0, 0
	for _, t := range rows {
		if t.state.Final() {
			continue
		}
		elapsed, over := now.Sub(t.since), false
		switch t.step {
		case migration.StepImportWait:
			rest := inSlot - elapsed
			if over = rest <= 0 || p.slow(t, now); !over {
				end = max(end, rest+after)
				free[slot%len(free)] = max(free[slot%len(free)], rest)
				slot++
			}
		case migration.StepCutover:
			end = max(end, after)
		case migration.StepProvisionWait:
			rest := after - elapsed
			if over = rest <= 0 || p.slow(t, now); !over {
				end = max(end, rest)
			}
		case migration.StepProve:
			end = max(end, took(g.own, migration.StepProve))
		default:
			queued++
		}
		if over {
			slow++
		}
	}
	for range queued {
		i := 0
		for j := range free {
			if free[j] < free[i] {
				i = j
			}
		}
		end = max(end, free[i]+inSlot+after)
		free[i] += turn
	}
	return end, slow
}
