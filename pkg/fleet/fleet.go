// Package fleet drives the runs of many tenants on several machines. A worker takes a run from the queue, drives it for a
// short slice and puts it back until it has work again. River does the rest: retries, the rescue of jobs whose worker died,
// schedules, uniqueness, leader election. Correctness depends on none of it: it depends on the ledger, which refuses a
// process from which it was taken.
//
// It does not handle a run's rows, which is package run's, nor flags, signals and output.
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
	// Timeout is when River cancels a slice that has not ended, Rescue when it gives the job to another worker. River
	// searches for such jobs every 30 s and has no heartbeat, so Rescue has to be short for a dead worker to be replaced
	// soon, and longer than any slice: rescuing a job that is not dead costs only a slice.
	Timeout, Rescue time.Duration
	// Patience is how long a run is kept that has nothing to do.
	Patience time.Duration
}

// TimingOf returns the times for a slice. With one of 60 s a dead worker is replaced within 75 + 30 + 5 s: the rescue,
// the interval in which River looks, and that of its scheduler.
func TimingOf(slice time.Duration) Timing {
	return Timing{Slice: slice, Timeout: slice + slice/6, Rescue: slice + slice/4, Patience: min(slice/6, 5*time.Second)}
}
