package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// addHere adds the flag with which a submitted run is driven at this terminal.
func addHere(cmd *cobra.Command, here *bool) {
	cmd.Flags().BoolVar(here, "here", false, "drive at this terminal a run that was submitted to workers, instead of queuing it for them")
}

// inFleet finds a run in the queue of its ledger's database, whatever the state of its job. q is nil when the run was
// never submitted; otherwise the caller closes it.
func inFleet(ctx context.Context, g *globals, id string) (q *queue.Queue, job queue.Job, err error) {
	if !ledger.InDatabase(g.ledger) {
		return nil, job, nil
	}
	database, name, err := queue.Split(g.ledger)
	if err != nil {
		return nil, job, err
	}
	q, err = queue.Look(ctx, database)
	if fault.CodeOf(err) == "fleet.none" {
		return nil, job, nil
	}
	if err != nil {
		return nil, job, err
	}
	job, found, err := q.Job(ctx, name, id)
	if err != nil || !found {
		q.Close()
		return nil, job, err
	}
	return q, job, nil
}

// queueOf returns a run's job in the workers' queue; nil when it was never submitted. A queue that cannot be read is reported
// on standard error, and does not stop the command.
func (a *app) queueOf(ctx context.Context, g *globals, id string) *queue.Job {
	q, job, err := inFleet(ctx, g, id)
	if err != nil {
		fmt.Fprintln(a.err, "wave365: "+redact.String(err.Error()))
		return nil
	}
	if q == nil {
		return nil
	}
	defer q.Close()
	if workers, err := q.Workers(ctx); err == nil {
		job.MarkGone(workers)
	}
	job.Why = withLedger(job.Why, id, g.ledger)
	return &job
}

// queueText describes the state of a run in the workers' queue, and since when; "" when its job has ended.
func (a *app) queueText(j queue.Job) string {
	text := a.handsText(j)
	if text == "" || j.Gone {
		return text
	}
	return text + " (since " + a.when(j.Since) + ")"
}

// lockPatience is how long a command waits for a worker to end its current slice.
const lockPatience = 5 * time.Second

// lockQueued takes the lock of a submitted run, which a worker may be about to give back.
func lockQueued(ctx context.Context, o run.Options, id string) (*run.Session, error) {
	limit := time.NewTimer(lockPatience)
	defer limit.Stop()
	for {
		s, err := run.Lock(ctx, o, id)
		if fault.CodeOf(err) != "ledger.locked" {
			return s, err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-limit.C:
			return nil, err
		case <-ctx.Done():
			return nil, err
		}
	}
}

// queueAgain queues a submitted run again, and answers; false when it was not submitted, or is to be driven here. It
// closes the session, because workers leave the run alone while its lock is held.
func (a *app) queueAgain(ctx context.Context, g *globals, s *run.Session, here bool) (queued bool, err error) {
	if here {
		return false, nil
	}
	q, job, err := inFleet(ctx, g, s.Run.ID)
	if err != nil || q == nil {
		return false, err
	}
	defer q.Close()
	if err := s.Note(ctx, migration.RunResumed, "queued for the workers by "+s.Driver().String()); err != nil {
		return false, err
	}
	if err := s.Note(ctx, migration.RunYielded, ""); err != nil { // it waits for its next slice
		return false, err
	}
	s.Close()
	if err := q.Wake(ctx, job.Ledger, job.Run); err != nil {
		return false, err
	}
	return true, a.answerQueued(ctx, g, q, s.Run, time.Time{})
}

// orderQueued carries out a request for a run that is in the queue and that no worker drives at this moment: it is
// recorded with the run, and the next worker applies it. ok is false when the run was never submitted.
func (a *app) orderQueued(ctx context.Context, g *globals, id, kind string, slots int) (answer string, ok bool, err error) {
	q, job, err := inFleet(ctx, g, id)
	if err != nil || q == nil {
		return "", false, err
	}
	defer q.Close()
	s, err := lockQueued(ctx, a.session(g), id)
	if err != nil {
		return "", true, err
	}
	defer s.Close()
	next := s.Run.Settings
	switch kind {
	case ledger.RequestPause:
		next.Paused, answer = true, "paused: nothing new starts until continue"
	case ledger.RequestContinue:
		next.Paused, answer = false, "the pause is over"
	case ledger.RequestDrain:
		next.Draining, answer = true, "draining: nothing new starts, what is in flight runs to completion"
	default:
		answer = "slots changed"
	}
	if err := s.Choose(ctx, slots, next, kind); err != nil {
		return "", true, err
	}
	if kind != ledger.RequestContinue && job.State == queue.Parked {
		return answer + "; it waits for a person: " + job.Why, true, nil
	}
	if job.State == queue.Scheduled && job.Worker == "" && job.Due.After(time.Now()) {
		return answer + "; the run " + a.handsText(job), true, nil // its start is not brought forward
	}
	s.Close()
	if err := q.Wake(ctx, job.Ledger, job.Run); err != nil {
		return "", true, err
	}
	return answer + "; a worker continues it", true, nil
}

// quietJSON returns the flags for a command that has already printed its JSON document: nothing more is printed.
func (g *globals) quietJSON() *globals {
	if !g.json {
		return g
	}
	quiet := *g
	quiet.answered = true
	return &quiet
}
