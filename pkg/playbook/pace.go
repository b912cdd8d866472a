package playbook

import (
	"sync"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// pace says when the next look is worth a call, from how long things took so far in this run. Safe for concurrent use.
type pace struct {
	mu        sync.Mutex
	perGiB    time.Duration // of imports, beyond importBase
	imports   int
	provision time.Duration
	provided  int
}

// importBase and the first guesses are what public field reports and our own rehearsals suggest; they are replaced
// by what this run sees.
const (
	importBase     = 8 * time.Minute
	firstPerGiB    = 6 * time.Second
	firstProvision = 35 * time.Minute
)

func newPace() *pace { return &pace{perGiB: firstPerGiB, provision: firstProvision} }

const gib = 1 << 30

// importTime is how long an import of this many bytes is expected to take.
func (p *pace) importTime(size int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return importBase + time.Duration(float64(size)/gib*float64(p.perGiB))
}

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
	p.imports++
	seen := time.Duration(float64(max(took-importBase, 0)) / (float64(size) / gib))
	p.perGiB += (seen - p.perGiB) / time.Duration(min(p.imports+1, 10))
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

// nextLook is how long to leave the service alone: until most of the expected time has passed, then often enough to
// find out soon, then ever more rarely. It is at least 30 s and at most 10 min.
func nextLook(elapsed, expected time.Duration) time.Duration {
	switch most := expected * 7 / 10; {
	case elapsed < most:
		return min(max(most-elapsed, 30*time.Second), 10*time.Minute)
	case elapsed < expected*2:
		return min(max(expected/20, 30*time.Second), 3*time.Minute)
	}
	return min(max(elapsed/15, time.Minute), 10*time.Minute)
}
