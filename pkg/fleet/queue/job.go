// Package queue is the queue of runs, which is River's, in a schema of its own of the database that holds the ledgers: one
// job is one run of one ledger, unique while it is not finished. It does not drive runs.
package queue

import (
	"slices"
	"time"
)

// State is the state of a job.
type State string

// The states of a job.
const (
	// Queued: the next worker that is free starts it.
	Queued State = "queued"
	// Scheduled: a worker starts it at Job.Due.
	Scheduled State = "scheduled"
	// Running: a worker drives it now, or died and has not been missed yet.
	Running State = "running"
	// Retrying: something went wrong that may pass, and it is tried again at Job.Due.
	Retrying State = "retrying"
	// Parked: it waits for a person, and no worker starts it until then.
	Parked State = "parked"
	// Done: the run has ended.
	Done State = "done"
)

// Job is a run in the queue.
type Job struct {
	Ledger string `json:"ledger"`
	Run    string `json:"run"`
	State  State  `json:"state"`
	// Due is when a scheduled or retrying job starts; zero otherwise.
	Due time.Time `json:"due,omitzero"`
	// Why is what it waits for, or what went wrong last; may be empty.
	Why string `json:"why,omitempty"`
	// Worker has it, or had it last.
	Worker string `json:"worker,omitempty"`
	// Left: that worker could not start it, for the reason in Why, and left it to others.
	Left bool `json:"left,omitempty"`
	// Gone: it is running, but that worker is not connected to the database, see MarkGone; others take it over within two minutes.
	Gone bool `json:"gone,omitempty"`
	// Since is when it entered this state, as far as the queue knows.
	Since time.Time `json:"since,omitzero"`

	id int64
}

// Worker is a worker that is connected to the database.
type Worker struct {
	Name string `json:"name"`
	// From is the address it is connected from, Since when it connected. PostgreSQL hides both of other users' connections,
	// which leaves Since zero, unless this user has the role pg_read_all_stats.
	From  string    `json:"from,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// MarkGone sets Gone by the workers that were connected after the job was read.
func (j *Job) MarkGone(connected []Worker) {
	j.Gone = j.State == Running && j.Worker != "" && !slices.ContainsFunc(connected, func(w Worker) bool { return w.Name == j.Worker })
}

// Health is the state of the queue.
type Health struct {
	// Jobs counts runs by the state of their latest job.
	Jobs map[State]int64
	// Stopped: no worker starts anything, see Queue.Stop.
	Stopped bool
}
