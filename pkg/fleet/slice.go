package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// Rest is what happens to a run after a slice. Exactly one of Done, Person and Retry is set, or none: then it starts again
// After that time.
type Rest struct {
	// Done: the run has ended.
	Done bool
	// Person is why the run waits for a person, with the command that continues it.
	Person string
	// Retry is what went wrong and may pass; River tries again.
	Retry error
	// After is when it starts again, on the wall clock; Why is what it waits for, "" for the service.
	After time.Duration
	Why   string
	// Lost: another process has the run. Left: this worker lacks the credential.
	Lost, Left bool
}

// ErrNoCredential is returned by [run.Options.Connect] when this worker cannot sign in to the run's tenant, and another
// one may be able to.
var ErrNoCredential = errors.New("this worker has no credential for the tenant")

// Command is the command that a worker's lock names. A worker takes a run over from another worker, which cannot be
// driving it any more when the queue gives out its job, but never from a person at a terminal.
const Command = "wave365 worker"

// elsewhere is how long a run is left alone that this worker cannot start.
const elsewhere = 20 * time.Second

// drive drives a run for a slice. again: the result of the slice before did not reach the queue, or there was none.
func drive(ctx context.Context, o run.Options, id string, again bool, t Timing, log *slog.Logger) Rest {
	o.Driver.Command = Command
	o.Replace = func(h ledger.Holder) bool { return h.Command == Command && h.Run == id }
	s, err := run.Open(ctx, o, id)
	if err != nil {
		return restOf(err, id, t)
	}
	defer s.Close()
	rest, left := Rest{}, false
	if again {
		rest, left = ended(ctx, s)
	}
	if !left {
		rest = slice(ctx, s, t, log)
	}
	if err := s.Ledger.Close(); err != nil && rest.Retry == nil {
		// The lock could not be given back, and a person would be refused for it: the next slice takes it over, and finds the
		// run as this one left it.
		return Rest{Retry: err}
	}
	return rest
}

// ended returns that a run waits for a person, and why, when its ledger holds such an end although it did not reach the queue:
// the worker died, or the connection to the database broke, in between. A person who continues the run is recorded in the
// ledger first. An end that is not wholly recorded, or that a run reaches again by itself, is left to the next slice.
func ended(ctx context.Context, s *run.Session) (Rest, bool) {
	events, err := s.Ledger.Events(ctx, s.Run.ID)
	if err != nil {
		return Rest{Retry: err}, true
	}
	end, e, _ := run.LastEnd(events)
	over := false
	switch string(end) {
	case "drained":
		over = !s.Run.Settings.Draining
	case "reached":
		over = s.Run.Settings.Until == ""
	case "halted":
		over = !slices.ContainsFunc(s.Rows, func(r migration.Row) bool { return !r.State.Final() && r.Step.Imported() })
	}
	if !over || migration.Count(s.Rows).Open() == 0 {
		return Rest{}, false
	}
	return Rest{Person: personFor(ctx, s, run.Outcome{End: end, Why: e.Note})}, true
}

// slice drives an open run for a slice.
func slice(ctx context.Context, s *run.Session, t Timing, log *slog.Logger) Rest {
	if s.Run.State == migration.RunFinished || migration.Count(s.Rows).Open() == 0 {
		return finished(ctx, s)
	}
	if err := run.SameWave(s.Run); err != nil {
		return restOf(err, s.Run.ID, t)
	}
	if err := s.Connect(ctx); err != nil {
		return restOf(err, s.Run.ID, t)
	}
	why := ""
	out, err := s.Execute(ctx, run.Execution{
		Slice: t.Slice, Idle: t.Patience, Logger: log, Say: func(text string) {
			if text != "" && text != why {
				log.Info("run", "text", redact.String(text))
			}
			why = text
		},
	})
	// Whatever the result: a process that was frozen while another one drove the run must not report about it.
	if lost := s.Ledger.Holds(context.WithoutCancel(ctx)); fault.CodeOf(lost) == "ledger.lock-lost" {
		return restOf(lost, s.Run.ID, t)
	}
	if err != nil {
		return restOf(err, s.Run.ID, t)
	}
	if string(out.End) == "finished" {
		return finished(context.WithoutCancel(ctx), s)
	}
	if person := personFor(ctx, s, out); person != "" {
		return Rest{Person: person}
	}
	if out.Due.IsZero() {
		return Rest{Why: why}
	}
	return Rest{After: max(0, s.Services.Clock.Wall(out.Due.Sub(s.Now()))), Why: why}
}

// personFor returns why the run waits for a person after this end of a slice, with the command to type; "" when it waits
// for none.
func personFor(ctx context.Context, s *run.Session, out run.Outcome) string {
	id := s.Run.ID
	switch string(out.End) {
	case "halted":
		return "halted: " + out.Why + "; once the cause is removed: wave365 " + afterHalt(ctx, s) + " " + id
	case "reached":
		return "imported as far as --until says; the cut-over begins with: wave365 resume " + id
	case "drained":
		return "drained by an operator; resume with: wave365 resume " + id
	}
	if out.Due.IsZero() && paused(ctx, s) {
		return "paused by an operator; continue with: wave365 continue " + id
	}
	return ""
}

// afterHalt returns the command that continues a halted run: while rows are open, the one that works on them.
func afterHalt(ctx context.Context, s *run.Session) string {
	rows, err := s.Ledger.Rows(context.WithoutCancel(ctx), s.Run.ID)
	if err == nil && migration.Count(rows).Open() == 0 {
		return "retry"
	}
	return "resume"
}

// paused reports whether the run is paused now; it may have been steered meanwhile.
func paused(ctx context.Context, s *run.Session) bool {
	r, err := s.Ledger.Run(context.WithoutCancel(ctx), s.Run.ID)
	return err == nil && r.Settings.Paused
}

// finished decides what happens to a run whose rows are all final.
func finished(ctx context.Context, s *run.Session) Rest {
	if s.Run.State != migration.RunFinished {
		rows, err := s.Ledger.Rows(ctx, s.Run.ID)
		if err == nil {
			err = s.Ledger.FinishRun(ctx, s.Run.ID, run.LastChange(s.Run, rows))
		}
		if err != nil {
			return Rest{Retry: err}
		}
	}
	if s.Rows == nil {
		if err := s.Read(ctx); err != nil {
			return Rest{Retry: err}
		}
	}
	switch c := migration.Count(s.Rows); {
	case c.Held > 0:
		return Rest{Person: fmt.Sprintf("%d held: find out whether the import exists, then: wave365 reconcile %s --row USER", c.Held, s.Run.ID)}
	case c.Deferred > 0:
		return Rest{Person: fmt.Sprintf("%d deferred by --stop-by; retry with: wave365 retry %s", c.Deferred, s.Run.ID)}
	}
	return Rest{Done: true}
}

// restOf decides what happens to a run that could not continue.
func restOf(err error, id string, t Timing) Rest {
	code := fault.CodeOf(err)
	switch {
	case errors.Is(err, ErrNoCredential):
		return Rest{After: elsewhere, Why: err.Error() + "; it is left to other workers", Left: true}
	case code == "ledger.newer":
		// A newer worker has been here: this one is about to be replaced.
		return Rest{After: elsewhere, Why: err.Error() + "; it is left to other workers", Left: true}
	case code == "ledger.lock-lost":
		// Another worker has the run. Not done and not an error: the queue would put the job where its new holder has it.
		return Rest{After: t.Slice, Why: "another worker took the run over", Lost: true}
	case code == "ledger.locked":
		return Rest{After: elsewhere, Why: err.Error(), Lost: true}
	case fault.Is(err, fault.Interrupted), fault.As(err) == nil && errors.Is(err, context.Canceled):
		return Rest{}
	case code == "ledger.denied", code == "ledger.readonly": // a password or rights that were changed are this worker's matter, not the run's
		return Rest{Retry: err}
	case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Throttled), code == contact.CodeUnreachable, fault.As(err) == nil:
		return Rest{Retry: err}
	}
	text := redact.String(err.Error())
	if hint := fault.HintOf(err); hint != "" {
		text += "; " + hint
	}
	return Rest{Person: text + "; then: wave365 resume " + id}
}
