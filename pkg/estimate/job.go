package estimate

import (
	"time"

	"wave365/pkg/migration"
)

// Phase is what a row is waiting for.
type Phase int

// The phases of a row that is not final.
const (
	// Zero: the row waits for a slot, or has not been checked yet.
	_ Phase = iota
	// Checking rows are checked, or join their group, before they wait for a slot.
	Checking
	Importing
	Provisioning
	// Proving rows have a Cloud PC and wait for the proof.
	Proving
)

// Job is one row as the model sees it. The zero value is a queued row with a disk of the usual size.
type Job struct {
	// Priority orders starts, higher first.
	Priority int
	// Bytes is the disk's virtual size; 0: not known.
	Bytes  int64
	Policy string
	Phase  Phase
	// In is how long the row has been in its phase; 0 for queued rows.
	In time.Duration
}

// jobOf returns the row as a job, and since when it has been in its phase; zero: that does not matter. open is false for a final
// row, which has nothing left to do.
func jobOf(r migration.Row) (j Job, since time.Time, open bool) {
	j = Job{Priority: r.Target.Priority, Bytes: bytesOf(r), Policy: r.Target.PolicyID}
	known := func(t time.Time) time.Time {
		if t.IsZero() {
			return r.UpdatedAt
		}
		return t
	}
	switch r.Step {
	case migration.StepCheck, migration.StepJoin:
		if r.State != migration.Pending {
			j.Phase, since = Checking, known(time.Time{})
		}
	case migration.StepImportWait:
		j.Phase, since = Importing, known(r.Facts.ImportStarted)
	case migration.StepCutover:
		j.Phase = Provisioning
	case migration.StepProvisionWait:
		j.Phase, since = Provisioning, known(r.Facts.CutOver)
	case migration.StepProve:
		j.Phase = Proving
	}
	return j, since, !r.State.Final()
}

// bytesOf returns the size of the row's disk; 0: not known.
func bytesOf(r migration.Row) int64 { return max(r.Target.Disk.Virtual, r.Target.Disk.Length) }

// at returns the job at a moment, for a phase that began at since.
func (j Job) at(since, now time.Time) Job {
	if !since.IsZero() {
		j.In = max(0, now.Sub(since))
	}
	return j
}

// Usual returns how long the job's phase may take before the job counts as slow; 0: never, because a queue is as long as it is.
func (m *Model) Usual(j Job) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usual(j)
}

func (m *Model) usual(j Job) time.Duration {
	// short is for a check or a proof, which are a poll or two; floor keeps a fast run from calling an ordinary row slow.
	const short, floor = 15 * time.Minute, 2 * time.Minute
	switch j.Phase {
	case Importing:
		return max(floor, minutes(m.importMinutes(gibs(j.Bytes))*m.imports.Most()))
	case Provisioning:
		return max(floor, minutes(m.provisionMinutes(j.Policy)*m.pcs.Most()))
	case Checking, Proving:
		return short
	default:
		return 0
	}
}

// Row returns how long one row needs from now on, without the time that it waits for a slot; importsOnly: until its
// import is done.
func (m *Model) Row(r migration.Row, importsOnly bool) time.Duration {
	j, _, _ := jobOf(r)
	d := looks
	if j.Phase <= Importing {
		d += m.Import(j.Bytes)
	}
	if !importsOnly && j.Phase <= Provisioning {
		d += m.Provision(j.Policy)
	}
	return d
}
