// Package estimate estimates how long snapshot imports and provisioning take: before a wave starts, while it runs, and
// for what is left of it. It is the only estimator: the plan, the screen, `status`, the live page, the report, polling
// and --stop-by all use one [Model], so that an operator never sees two different ends of one run. It reads no clock
// and uses a fixed random sequence: the same facts give the same answer.
package estimate

import (
	"sync"
	"time"

	"wave365/pkg/estimate/simulate"
	"wave365/pkg/migration"
)

// What is expected before this run has shown anything. Field reports and rehearsals suggest ten minutes plus one for
// every 10 GiB for an import, and three quarters of an hour for a Cloud PC.
const (
	firstBase      = 10 * time.Minute
	firstPerGiB    = 6 * time.Second
	firstProvision = 45 * time.Minute
	// looks is what a row takes besides its import and its provisioning.
	looks = simulate.SlotTime + simulate.TailTime
	// usualDisk is assumed for a disk whose size is not known.
	usualDisk = 128 * gib
	gib       = 1 << 30

	// ownPolicy is the number of Cloud PCs of a policy that weigh as much as those of all policies.
	ownPolicy = 3
)

// DailyImports is how many imports the service is said to accept from one tenant in a day, including refused ones. It
// is documented nowhere.
const DailyImports = 1000

// Model is what is known of how long things take. Make one with [New]; it is safe for concurrent use.
type Model struct {
	mu sync.Mutex
	// n to xy are sums for the linear regression of the imports seen: minutes over GiB.
	n, x, y, xx, xy float64
	imports, pcs    simulate.Pace
	// lately is how long the last import took.
	lately   time.Duration
	all      mean
	policies map[string]mean
}

// mean is a running mean of minutes.
type mean struct{ sum, n float64 }

func (m *mean) add(minutes float64) { m.sum, m.n = m.sum+minutes, m.n+1 }

// New returns a model that has seen nothing: it answers with first guesses, which weigh as much as two imports and two Cloud PCs.
func New() *Model {
	m := &Model{policies: map[string]mean{}}
	for _, size := range []float64{64, 512} {
		m.line(size, (firstBase + time.Duration(size*float64(firstPerGiB))).Minutes())
	}
	m.all = mean{2 * firstProvision.Minutes(), 2}
	return m
}

// Learn learns from the service's times of the row's import and Cloud PC. Only the service's own times count, so the
// time in which the tool was off is not included. Each import and each Cloud PC of a row is to be learned from once:
// see [Model.LearnImport].
func (m *Model) Learn(r migration.Row) {
	m.LearnImport(r)
	m.LearnProvision(r)
}

// LearnImport learns from an import that succeeded.
func (m *Model) LearnImport(r migration.Row) {
	if s := importOf(r); s != (sample{}) {
		m.learnImport(bytesOf(r), s.took)
	}
}

// importOf returns how long a row's import took. A disk of unknown size gives no sample.
func importOf(r migration.Row) sample {
	f := r.Facts
	took := f.ImportEnded.Sub(f.ImportStarted)
	if f.ImportStarted.IsZero() || f.ImportEnded.IsZero() || f.ImportStatus != "succeeded" || took <= 0 || r.Target.Disk.Virtual <= 0 {
		return sample{}
	}
	return sample{took, f.ImportEnded}
}

func (m *Model) learnImport(bytes int64, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := gibs(bytes)
	m.imports.Add(took.Minutes() / m.importMinutes(size))
	m.line(size, took.Minutes())
	m.lately = took
}

// LearnProvision learns from a Cloud PC that was provisioned.
func (m *Model) LearnProvision(r migration.Row) {
	if s := builtOf(r); s != (sample{}) {
		m.learnProvision(r.Target.PolicyID, s.took)
	}
}

// builtOf returns how long a row's Cloud PC took.
func builtOf(r migration.Row) sample {
	f := r.Facts
	took := f.Provisioned.Sub(f.CutOver)
	if f.CutOver.IsZero() || f.Provisioned.IsZero() || took <= 0 {
		return sample{}
	}
	return sample{took, f.Provisioned}
}

func (m *Model) learnProvision(id string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pcs.Add(took.Minutes() / m.provisionMinutes(id))
	own := m.policies[id]
	own.add(took.Minutes())
	m.policies[id] = own
	m.all.add(took.Minutes())
	const recent = 40 // older ones lose weight, as the speed of the service changes
	if m.all.n > recent {
		m.all.sum, m.all.n = m.all.sum*recent/m.all.n, recent
	}
}

func (m *Model) line(gibs, minutes float64) {
	m.n, m.x, m.y, m.xx, m.xy = m.n+1, m.x+gibs, m.y+minutes, m.xx+gibs*gibs, m.xy+gibs*minutes
}

func (m *Model) importMinutes(gibs float64) float64 {
	slope := 0.0
	if d := m.n*m.xx - m.x*m.x; d > 0 {
		slope = max(0, (m.n*m.xy-m.x*m.y)/d)
	}
	return max(1, (m.y-slope*m.x)/m.n+slope*gibs)
}

func (m *Model) provisionMinutes(policy string) float64 {
	own := m.policies[policy]
	return (own.sum + ownPolicy*m.all.sum/m.all.n) / (own.n + ownPolicy)
}

// Import returns how long the import of a disk of that many bytes is expected to take; 0 bytes means a disk of the usual size.
func (m *Model) Import(bytes int64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return minutes(m.importMinutes(gibs(bytes)))
}

// Provision returns how long a Cloud PC of this policy is expected to take, from its cut-over on.
func (m *Model) Provision(policy string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return minutes(m.provisionMinutes(policy))
}

// Imports returns how many imports the model has learned from, as far as it remembers.
func (m *Model) Imports() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.imports.Seen()
}

func gibs(bytes int64) float64 {
	if bytes <= 0 {
		bytes = usualDisk
	}
	return float64(bytes) / gib
}

func minutes(m float64) time.Duration {
	return time.Duration(m * float64(time.Minute)).Round(time.Millisecond)
}
