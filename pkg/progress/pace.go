package progress

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

// finished learns from a row that had succeeded before we began to look.
func (p *pace) finished(r migration.Row) {
	f := r.Facts
	if r.State != migration.Succeeded {
		return
	}
	if !f.ImportStarted.IsZero() && !f.ImportEnded.IsZero() {
		p.add(migration.StepImportWait, f.ImportEnded.Sub(f.ImportStarted))
	}
	if !f.CutOver.IsZero() && !f.Provisioned.IsZero() {
		p.add(migration.StepProvisionWait, f.Provisioned.Sub(f.CutOver))
	}
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

func (p *pace) slow(t *tracked, now time.Time) bool {
	return !t.since.IsZero() && now.Sub(t.since) > p.usual(t.row.Step)
}

// forecast is how long the run may still take. The zero value says that there is nothing to go by.
type forecast struct {
	known bool
	// from and to bound what is left; both 0: only rows over their time are left.
	from, to time.Duration
	// slow rows are over what was seen so far and are not part of the range.
	slow int
}

// forecast plays the rest of the run twice, with the short and with the long durations seen so far. It needs one
// import and one provisioning that ended.
func (p *pace) forecast(rows map[int]*tracked, slots int, now time.Time) forecast {
	imports, provisions := p.steps[migration.StepImportWait], p.steps[migration.StepProvisionWait]
	if len(imports) == 0 || len(provisions) == 0 {
		return forecast{}
	}
	long, slow := p.play(rows, slots, now, longOf)
	short, _ := p.play(rows, slots, now, shortOf)
	if min(len(imports), len(provisions)) < enough {
		// One or two rows say little about the others.
		short, long = short*3/4, long*3/2
	}
	return forecast{known: true, from: min(short, long), to: max(short, long), slow: slow}
}

func shortOf(list []time.Duration) time.Duration { return list[len(list)/10] }
func longOf(list []time.Duration) time.Duration  { return list[len(list)-1-len(list)/10] }

// play lets every open row take what pick takes from the samples, with as many imports side by side as there are
// slots, and gives the end of the last row and how many rows are over their time already.
func (p *pace) play(rows map[int]*tracked, slots int, now time.Time, pick func([]time.Duration) time.Duration) (end time.Duration, slow int) {
	took := func(steps ...migration.Step) (sum time.Duration) {
		for _, s := range steps {
			if list := p.steps[s]; len(list) > 0 {
				sum += pick(list)
			}
		}
		return sum
	}
	inSlot := took(migration.StepCheck, migration.StepJoin, migration.StepImport, migration.StepImportWait)
	after := took(migration.StepCutover, migration.StepProvisionWait, migration.StepProve)
	free := make([]time.Duration, max(slots, 1))
	queued, slot := 0, 0
	for _, t := range rows {
		if t.row.State.Final() {
			continue
		}
		elapsed := now.Sub(t.since)
		switch step := t.row.Step; step {
		case migration.StepCutover, migration.StepProve:
			end = max(end, after-took(migration.StepProvisionWait))
			if step == migration.StepCutover {
				end = max(end, after)
			}
		case migration.StepProvisionWait:
			if rest := after - elapsed; rest > 0 {
				end = max(end, rest)
			} else {
				slow++
			}
		case migration.StepImportWait:
			rest := inSlot - elapsed
			if rest <= 0 {
				slow++
				continue
			}
			end = max(end, rest+after)
			free[slot%len(free)] = max(free[slot%len(free)], rest)
			slot++
		default:
			queued++
		}
	}
	for range queued {
		i := 0
		for j := range free {
			if free[j] < free[i] {
				i = j
			}
		}
		free[i] += inSlot
		end = max(end, free[i]+after)
	}
	return end, slow
}
