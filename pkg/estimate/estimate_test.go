package estimate_test

import (
	"testing"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/migration"
)

// ended is a row whose import and Cloud PC took so long.
func ended(size int64, imported, built time.Duration) migration.Row {
	r := migration.Row{State: migration.Succeeded, Target: migration.Target{PolicyID: "p"}}
	r.Target.Disk.Virtual = size * gib
	r.Facts = migration.Facts{ImportStatus: "succeeded", ImportStarted: evening, ImportEnded: evening.Add(imported),
		CutOver: evening, Provisioned: evening.Add(built)}
	return r
}

func queued(n int) []estimate.Job {
	jobs := make([]estimate.Job, n)
	for i := range jobs {
		jobs[i] = estimate.Job{Bytes: int64(64+i%4*64) * gib, Policy: "p"}
	}
	return jobs
}

func TestModelLearns(t *testing.T) {
	t.Parallel()
	m := estimate.New()
	if d := m.Import(100 * gib); d != 20*time.Minute {
		t.Errorf("at first 100 GiB take %s", d)
	}
	if m.Import(0) != m.Import(128*gib) {
		t.Error("an unknown disk is no usual one")
	}
	failed := ended(100, 90*time.Minute, 0)
	failed.Facts.ImportStatus = "failed"
	for _, r := range []migration.Row{failed, ended(0, time.Hour, 0), ended(100, -time.Hour, 0), {}} {
		m.Learn(r)
	}
	if d := m.Import(100 * gib); d != 20*time.Minute || m.Imports() != 0 {
		t.Errorf("learned from what says nothing: %s", d)
	}
	for range 40 {
		m.Learn(ended(100, 40*time.Minute, 20*time.Minute))
	}
	if d := m.Import(100 * gib); d < 37*time.Minute || d > 41*time.Minute {
		t.Errorf("after forty imports of 40 minutes: %s", d)
	}
	if d := m.Provision("p"); d > 22*time.Minute {
		t.Errorf("after forty Cloud PCs of 20 minutes: %s", d)
	}
	if p, other := m.Provision("p"), m.Provision("another"); other < p {
		t.Errorf("another policy %s, the one seen %s", other, p)
	}
	// A policy of its own pace is told from the others.
	for range 20 {
		r := ended(100, 40*time.Minute, 70*time.Minute)
		r.Target.PolicyID = "hybrid"
		m.Learn(r)
	}
	if p, h := m.Provision("p"), m.Provision("hybrid"); h < 60*time.Minute || p > 30*time.Minute {
		t.Errorf("hybrid %s, entra %s", h, p)
	}
}

func TestLeft(t *testing.T) {
	t.Parallel()
	m := estimate.New()
	twenty := estimate.Plan{Slots: 20}
	width := func(r estimate.Range) time.Duration { return r.To - r.From }
	if r := m.TimeLeft(nil, twenty); r != (estimate.Range{}) {
		t.Errorf("nothing left: %v", r)
	}
	one := m.TimeLeft([]estimate.Job{{Bytes: 128 * gib}}, twenty)
	if want := m.Import(128*gib) + m.Provision("") + 5*time.Minute; one.From > want || one.To < want || one.Likely < one.From || one.Likely > one.To {
		t.Errorf("one row: %v around %s", one, want)
	}
	if again := m.TimeLeft([]estimate.Job{{Bytes: 128 * gib}}, twenty); again != one {
		t.Errorf("the same question, another answer: %v and %v", one, again)
	}
	many := m.TimeLeft(queued(200), twenty)
	if fewer := m.TimeLeft(queued(200), estimate.Plan{Slots: 5}); fewer.From <= many.To {
		t.Errorf("a quarter of the slots: %v, %v", many, fewer)
	}
	if i := m.TimeLeft(queued(200), estimate.Plan{Slots: 20, ImportsOnly: true}); i.To >= many.To || i.Likely >= many.Likely-20*time.Minute {
		t.Errorf("imports only: %v of %v", i, many)
	}
	careful := m.TimeLeft(queued(200), estimate.Plan{Slots: 20, Canaries: 2})
	if more := careful.Likely - many.Likely; more < one.From || more > one.To {
		t.Errorf("the others wait for two canaries: %v of %v, one row takes %v", careful, many, one)
	}
	if d := m.TimeLeft(queued(2), estimate.Plan{Slots: 20, Canaries: 2}); d != m.TimeLeft(queued(2), twenty) {
		t.Errorf("nobody waits for the canaries: %v", d)
	}
	flying := append(queued(200), estimate.Job{Bytes: 64 * gib, Phase: estimate.Provisioning, In: 20 * time.Minute})
	if d := m.TimeLeft(flying, estimate.Plan{Slots: 20, Draining: true}); d.To > time.Hour || d.To == 0 {
		t.Errorf("draining counts what is queued: %v", d)
	}
	late := m.TimeLeft([]estimate.Job{{Phase: estimate.Provisioning, In: 3 * time.Hour}}, twenty)
	if late != (estimate.Range{Slow: 1}) {
		t.Errorf("a row over its time: %v", late)
	}
	// What is seen narrows the range, and moves it.
	for range 60 {
		m.Learn(ended(128, 30*time.Minute, 50*time.Minute))
	}
	if after := m.TimeLeft(queued(200), twenty); width(after) >= width(many)*2/3 || after.Likely <= many.Likely {
		t.Errorf("before %v, after sixty slower rows %v", many, after)
	}
}

// BenchmarkLeft10000: ten thousand rows are played in a moment, as a screen asks for them.
func BenchmarkLeft10000(b *testing.B) {
	m, jobs := estimate.New(), queued(10_000)
	for b.Loop() {
		m.TimeLeft(jobs, estimate.Plan{Slots: 20})
	}
}

// The queue waits for the canaries, until these have passed.
func TestRest_canaries(t *testing.T) {
	t.Parallel()
	rows := make([]migration.Row, 12)
	for i := range rows {
		rows[i] = migration.Row{Index: i, State: migration.Pending, Step: migration.StepCheck, Target: migration.Target{PolicyID: "p"}}
	}
	r := migration.Run{Slots: 20}
	free := estimate.RestOf(r, rows).TimeLeft(evening)
	r.Settings.Canary = 2
	if d := estimate.RestOf(r, rows).TimeLeft(evening); d.From < free.To {
		t.Errorf("two canaries first: %v, without them %v", d, free)
	}
	for i := range 2 {
		done := ended(128, 30*time.Minute, 50*time.Minute)
		done.Index = i
		rows[i] = done
	}
	if d := estimate.RestOf(r, rows).TimeLeft(evening); d.From > free.To {
		t.Errorf("both canaries are done: %v, without them %v", d, free)
	}
	rows[1] = migration.Row{Index: 1, State: migration.Waiting, Step: migration.StepImportWait, UpdatedAt: evening, Target: rows[2].Target,
		Facts: migration.Facts{ImportStarted: evening}}
	if d := estimate.RestOf(r, rows).TimeLeft(evening); d.From < free.From+30*time.Minute {
		t.Errorf("one canary is on its way: %v, without them %v", d, free)
	}
}
