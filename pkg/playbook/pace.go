package playbook

import (
	"math"
	"slices"
	"sync"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// pace says when the next look is worth a call, from how long things took so far in this run. Safe for concurrent use.
type pace struct {
	mu sync.Mutex
	// Sums for the straight line through the imports seen: minutes over GiB.
	n, x, y, xx, xy float64
	// ratios are the last imports' times by what was expected of them; low and high bound nearly all of them.
	ratios    []float64
	low, high float64
	lately    time.Duration // the last import
	provision time.Duration
	provided  int
}

// The first guesses are what public field reports and our own rehearsals suggest; they are replaced by what this run
// sees.
const (
	importBase     = 8 * time.Minute
	firstPerGiB    = 6 * time.Second
	firstProvision = 35 * time.Minute
	// firstLow and firstHigh bound an import's time by what is expected, as long as too few were seen to say.
	firstLow, firstHigh = 0.7, 1.5
	enoughSeen          = 8
	remembered          = 200
)

func newPace() *pace {
	p := &pace{provision: firstProvision, low: firstLow, high: firstHigh}
	for _, size := range []float64{64, 512} { // the guess has the weight of two imports
		p.add(size, importBase+time.Duration(size*float64(firstPerGiB)))
	}
	return p
}

func (p *pace) add(gibs float64, took time.Duration) {
	m := took.Minutes()
	p.n, p.x, p.y, p.xx, p.xy = p.n+1, p.x+gibs, p.y+m, p.xx+gibs*gibs, p.xy+gibs*m
}

const gib = 1 << 30

// importTime is how long an import of this many bytes is expected to take.
func (p *pace) importTime(size int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.expect(float64(size) / gib)
}

func (p *pace) expect(gibs float64) time.Duration {
	slope := 0.0
	if d := p.n*p.xx - p.x*p.x; d > 0 {
		slope = max(0, (p.n*p.xy-p.x*p.y)/d)
	}
	base := (p.y - slope*p.x) / p.n
	return max(time.Minute, time.Duration((base+slope*gibs)*float64(time.Minute)))
}

// nextImportLook is how long to leave an import alone: until the first of its size would be done, then in even steps
// until nearly all would be, then ever more rarely. The steps make an import's end known after about a fortieth of its
// time on average; they are whole numbers of ticks, so that looks of many rows fall together.
func (p *pace) nextImportLook(elapsed time.Duration, size int64) (d, grid time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	expected := p.expect(float64(size) / gib)
	from, to := time.Duration(p.low*float64(expected)), time.Duration(p.high*float64(expected))
	grid = min(max(time.Duration(float64(step)*math.Sqrt((to-from).Minutes())).Round(tick), half), 4*time.Minute)
	switch {
	case elapsed < from:
		return min(max(from-elapsed, half), 30*time.Minute), grid
	case elapsed < to:
		return grid, grid
	}
	return min(max(elapsed/15, grid), 10*time.Minute), grid
}

const (
	half = 30 * time.Second
	tick = 15 * time.Second
	// step is how long after one look the next one follows, for a window of a minute; it grows with the root of the
	// window, which is what makes slots idle least for a given number of looks.
	step = 25 * time.Second
)

// provisionTime is how long provisioning is expected to take.
func (p *pace) provisionTime() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.provision
}

// sawImport learns from an import that ended.
func (p *pace) sawImport(size int64, took time.Duration) {
	if size <= 0 || took <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	gibs := float64(size) / gib
	p.ratios = append(p.ratios, took.Minutes()/p.expect(gibs).Minutes())
	p.add(gibs, took)
	p.lately = took
	if len(p.ratios) > remembered {
		p.ratios = p.ratios[1:]
	}
	if n := len(p.ratios); n >= enoughSeen {
		sorted := slices.Sorted(slices.Values(p.ratios))
		p.low, p.high = sorted[n/20], sorted[n-1-n/20]
	}
}

// sawProvision learns from a Cloud PC that got ready.
func (p *pace) sawProvision(took time.Duration) {
	if took <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.provided++
	p.provision += (took - p.provision) / time.Duration(min(p.provided+1, 10))
}

// looks is how long the looks around an import and its Cloud PC take together: checks, answers found late, the proof.
const looks = 5 * time.Minute

// Forecast is how long the row will need from now until its step until is done, from what this run has seen; "": until
// its end. It does not count time spent waiting for a slot.
func (b *Book) Forecast(r migration.Row, until migration.Step) time.Duration {
	d := looks
	if !r.Step.Imported() || r.Step == migration.StepImportWait {
		d += b.pace.importTime(r.Target.Disk.Virtual)
	}
	if until != migration.StepImportWait && r.Step != migration.StepProve {
		d += b.pace.provisionTime()
	}
	return d
}

// Learn takes over what rows that are done, or further on, have seen before this process.
func (b *Book) Learn(rows []migration.Row) {
	for _, r := range rows {
		f := r.Facts
		if !f.ImportStarted.IsZero() && !f.ImportEnded.IsZero() && f.ImportStatus == graph.ImportSucceeded {
			b.pace.sawImport(r.Target.Disk.Virtual, f.ImportEnded.Sub(f.ImportStarted))
		}
		if !f.CutOver.IsZero() && !f.Provisioned.IsZero() {
			b.pace.sawProvision(f.Provisioned.Sub(f.CutOver))
		}
	}
}

// nextProvisionLook is how long to leave a Cloud PC alone: until most of the expected time has passed, then every few
// minutes, then ever more rarely. One list answers for all, so the looks fall together.
func nextProvisionLook(elapsed, expected time.Duration) (d, grid time.Duration) {
	switch most := expected * 6 / 10; {
	case elapsed < most:
		return min(max(most-elapsed, half), 10*time.Minute), provisionGrid
	case elapsed < expected*2:
		return provisionGrid, provisionGrid
	}
	return min(max(elapsed/15, provisionGrid), 10*time.Minute), provisionGrid
}

const provisionGrid = 5 * time.Minute

// aligned moves the end of a wait to the nearest whole multiple of grid, but not nearer than half of it: rows that wait
// for the same thing are then looked at together.
func (b *Book) aligned(d, grid time.Duration) time.Duration {
	now := b.clock.Now()
	due := now.Add(d).Round(grid)
	if due.Sub(now) < grid/2 {
		due = due.Add(grid)
	}
	return due.Sub(now)
}

func (b *Book) importLook(r migration.Row, started time.Time) time.Duration {
	return b.aligned(b.pace.nextImportLook(b.clock.Now().Sub(started), r.Target.Disk.Virtual))
}

func (b *Book) provisionLook(since time.Time) time.Duration {
	return b.aligned(nextProvisionLook(b.clock.Now().Sub(since), b.pace.provisionTime()))
}

// joinLook is how long a row waits for others to join the group together with it. Rows are taken up ahead of their slot
// by a quarter to half of the slots, so a tenth of an import's time costs nothing; before the first import there is none to wait
// behind.
func (b *Book) joinLook() time.Duration {
	seen, lately := b.pace.seen()
	if seen == 0 {
		return time.Second
	}
	grid := min(max((lately/10).Round(half), half), 5*time.Minute)
	return b.aligned(grid/2, grid)
}

// seen is how many imports this run remembers to have seen end, and how long the last one took.
func (p *pace) seen() (int, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ratios), p.lately
}
