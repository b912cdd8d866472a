//go:build !nodatabase

package fleet

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/postgres/pgerror"
)

// kept is how long the queue keeps a finished run. One that waits for a person is kept forever.
const kept = 30 * 24 * time.Hour

// stopping limits how long a worker completes calls after it was asked to stop; platforms kill after 30 s.
const stopping = 15 * time.Second

// Work takes runs from a queue until ctx ends, and then returns as soon as the slices have, or after 15 s: each completes the calls that
// are in flight. A slice that does not end in time is left as after a sudden death, and its run is taken over. Config.Meter counts what
// was done meanwhile.
func Work(ctx context.Context, q *queue.Queue, c Config) error {
	pool, err := q.AsWorker(ctx, c.Name)
	if err != nil {
		return err
	}
	ledgers, err := ledger.Share(q.Database(), c.Connections)
	if err != nil {
		pool.Close()
		return err
	}
	clean := true
	defer func() {
		if clean { // otherwise a connection is in use, and Close would wait for it
			pool.Close()
			ledgers.Close()
		}
	}()
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{q: q, Config: c, ledgers: ledgers})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		ID: c.Name, Schema: queue.Schema, Logger: c.Log, Workers: workers,
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: c.Runs}},
		JobTimeout: c.Timing.Timeout, RescueStuckJobsAfter: c.Timing.Rescue,
		CompletedJobRetentionPeriod: kept, CancelledJobRetentionPeriod: -1, DiscardedJobRetentionPeriod: -1,
	})
	if err != nil {
		return fault.Wrap(fault.Invalid, "usage", "the worker cannot start: "+err.Error(), "", err)
	}
	// Not ctx: when that ends, the slices are still to finish on their own.
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return pgerror.Fault(err, "start the worker")
	}
	<-ctx.Done()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	err = client.StopAndCancel(limit)
	if limit.Err() != nil {
		clean = false
		c.Log.Warn("runs did not come to rest in time, and are taken over by other workers", "runs", c.Meter.Driving.Load(), "seconds", stopping.Seconds())
		return nil
	}
	if err != nil {
		return pgerror.Fault(err, "stop the worker")
	}
	return nil
}

// worker drives runs for slices.
type worker struct {
	river.WorkerDefaults[queue.Run]
	Config
	q       *queue.Queue
	ledgers *ledger.Connections
}

// NextRetry retries soon: a job is retried because the database or the network was unreachable, or because a worker
// died.
func (w *worker) NextRetry(job *river.Job[queue.Run]) time.Time {
	if len(job.Errors) == 0 || job.Attempt <= 1 {
		return time.Now().Add(time.Second)
	}
	return time.Now().Add(min(time.Duration(1<<min(job.Attempt, 6))*time.Second, time.Minute))
}

// Work drives one run for one slice.
func (w *worker) Work(ctx context.Context, job *river.Job[queue.Run]) error {
	log := w.Log.With("ledger", job.Args.Ledger, "run", job.Args.Run)
	w.Meter.Driving.Add(1)
	defer w.Meter.Driving.Add(-1)
	w.Meter.Slices.Add(1)
	began := time.Now()
	o := w.Session(w.q.Ledger(job.Args.Ledger))
	o.Connections = w.ledgers
	rest := drive(ctx, o, job.Args.Run, queue.Failed(job.JobRow), w.Timing, log)
	log = log.With("seconds", time.Since(began).Seconds())
	why := cmp.Or(rest.Person, rest.Why)
	if rest.Retry != nil {
		why = redact.String(rest.Retry.Error())
	}
	if err := river.RecordOutput(ctx, queue.Note{Why: why, Worker: w.Name, At: time.Now(), Left: rest.Left}); err != nil {
		log.Warn("what the run waits for could not be recorded", "error", err.Error())
	}
	switch {
	case rest.Done:
		w.Meter.Done.Add(1)
		log.Info("the run is over")
		return nil
	case rest.Person != "":
		w.Meter.Parked.Add(1)
		log.Warn("the run waits for a person", "why", why)
		return river.JobCancel(errors.New(why))
	case rest.Retry != nil:
		w.Meter.Retried.Add(1)
		log.Warn("the run could not continue, and is tried again", "why", why)
		return errors.New(why)
	}
	if rest.Lost {
		w.Meter.Lost.Add(1)
	}
	if rest.Left {
		w.Meter.Left.Add(1)
	}
	log.Info("the slice is over", "after", rest.After.Seconds(), "why", why)
	return river.JobSnooze(rest.After)
}
