// Package fleet drives the runs of many tenants on several machines. The queue is River's, in a schema of its own of the
// database that holds the ledgers: one job is one run of one ledger, unique while it is not finished. A worker drives a
// run for a short slice and puts it back until it has something to do again. What River does stays River's: retries,
// the rescue of jobs whose worker died, schedules, uniqueness, the choice of a leader. Correctness rests on none of it: it
// rests on the ledger, which refuses whoever it was taken from.
//
// It is not for what is done for a run's rows, which is package run's, nor for flags, signals and what is printed.
package fleet

import (
	"time"
)

// DefaultSlice is how long a run is driven at a time.
const DefaultSlice = 60 * time.Second

// Timing are the times of a worker that follow from its slice.
type Timing struct {
	// Slice is how long a run is driven before it goes back to the queue.
	Slice time.Duration
	// Timeout is when River cancels a slice that has not ended, Rescue when it gives the job to another worker. River looks
	// for such jobs every 30 s and has no heartbeat, so Rescue has to be short for a dead worker to be replaced soon, and
	// longer than any slice: a job that is not dead and is rescued all the same costs a slice, and nothing else.
	Timeout, Rescue time.Duration
	// Patience is how long a run is kept that has nothing to do.
	Patience time.Duration
}

// TimingOf gives the times for a slice. With one of 60 s a dead worker is replaced within 75 + 30 + 5 s: the rescue, the
// interval in which River looks, and that of its scheduler.
func TimingOf(slice time.Duration) Timing {
	return Timing{Slice: slice, Timeout: slice + slice/6, Rescue: slice + slice/4, Patience: min(slice/6, 5*time.Second)}
}

// State is where a job stands.
type State string

// The states of a job.
const (
	// Queued: a worker takes it up as soon as one has room.
	Queued State = "queued"
	// Scheduled: a worker takes it up at Job.Due.
	Scheduled State = "scheduled"
	// Running: a worker drives it now, or died and has not been missed yet.
	Running State = "running"
	// Retrying: something went wrong that may pass, and it is tried again at Job.Due.
	Retrying State = "retrying"
	// Parked: it waits for a person, and no worker takes it up by itself.
	Parked State = "parked"
	// Done: the run is over.
	Done State = "done"
)

// Job is a run in the queue.
type Job struct {
	Ledger string `json:"ledger"`
	Run    string `json:"run"`
	State  State  `json:"state"`
	// Due is when a scheduled or retrying job is taken up; zero otherwise.
	Due time.Time `json:"due,omitzero"`
	// Why says why it waits, or what went wrong last; empty: nothing to say.
	Why string `json:"why,omitempty"`
	// Worker has it, or had it last.
	Worker string `json:"worker,omitempty"`
	// Since is when it came to this state, as far as the queue knows.
	Since time.Time `json:"since,omitzero"`

	id int64
}

// Worker is a worker that is connected to the database.
type Worker struct {
	Name string `json:"name"`
	// From is the address it is connected from, Since when it connected.
	From  string    `json:"from,omitempty"`
	Since time.Time `json:"since"`
}
