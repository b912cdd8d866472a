package run

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"wave365/pkg/cloud/pace"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner"
	"wave365/pkg/runner/halting"
	"wave365/pkg/runner/steer"
)

// Execution configures Execute. The zero value works.
type Execution struct {
	// How is the event that records that this process drives the run from now on: migration.RunStarted or RunResumed.
	// Empty: none is recorded, as for one more slice.
	How migration.Reason
	// Drain, when closed, keeps new rows from starting; what is in flight runs to completion. May be nil.
	Drain <-chan struct{}
	// Drained is called when another terminal asked to drain. May be nil.
	Drained func()
	// Steered is called with the run when the way it is executed changes. It may be called from several goroutines and
	// must not block. May be nil.
	Steered func(migration.Run)
	// Observer receives what happens to rows. Say receives why the run waits and what happened to it as a whole; "" when
	// it does not wait. Say may be called from several goroutines; neither may block. Both may be nil.
	Observer runner.Observer
	Say      func(text string)
	Logger   *slog.Logger
	// Slice is how long to execute, on the wall clock, and Idle the longest wait that is waited out: after that the run is
	// left to the next process, with End runner.Yielded and Due. 0: to the end.
	Slice, Idle time.Duration
}

// Outcome is why Execute stopped.
type Outcome struct {
	End runner.End
	// Why is what halted the run; empty otherwise.
	Why string
	// Due is when the run has work again, on the service's clock; zero: at once after a slice that was used up,
	// otherwise when an operator acts, or never.
	Due time.Time
}

// refuseRepeats refuses to send lost imports again where another machine may have the run by the time they are looked for.
func (s *Session) refuseRepeats() error {
	if !s.Run.Settings.RepeatLost || !ledger.InDatabase(s.opt.Ledger) {
		return nil
	}
	return fault.New(fault.Invalid, "usage", "--on-lost-reply repeat is not possible with a ledger in a database, which several machines may drive",
		"use --on-lost-reply hold, and settle held rows with reconcile")
}

// Execute continues the run until every row is final, the run drains, halts or has reached its last step, or ctx ends; what
// was in flight is then completed, or stays as the ledger has it. The session must be connected; its rows belong to Execute
// from the call on and are nil afterwards. How the run ended is recorded.
//
// An error means that the run cannot continue: the ledger could not be written, or preparing the wave failed. Every row
// then is as it was last recorded.
func (s *Session) Execute(ctx context.Context, e Execution) (Outcome, error) {
	x := &execution{Session: s, Execution: e}
	if x.Say == nil {
		x.Say = func(string) {}
	}
	if x.Logger == nil {
		x.Logger = slog.New(slog.DiscardHandler)
	}
	if err := s.refuseRepeats(); err != nil {
		return Outcome{End: runner.Stopped}, err
	}
	rows := s.Rows
	s.Rows, s.say = nil, x.Say
	if x.How != "" {
		if err := s.Note(ctx, x.How, s.opt.Driver.Version); err != nil {
			return Outcome{End: runner.Stopped}, err
		}
	}
	out, err := x.run(ctx, rows)
	if err != nil {
		p := migration.ProblemOf(err, fault.CodeOf(err), "the run stopped")
		_ = s.Ledger.Note(context.WithoutCancel(ctx), migration.Event{Run: s.Run.ID, Row: migration.WaveRow, At: s.Now(), Reason: migration.RunStopped, Note: err.Error(), Problem: &p})
		return out, err
	}
	return out, x.conclude(ctx, out.End)
}

// execution is one Execute under way.
type execution struct {
	*Session
	Execution
	// drainedBy is who first asked to drain the run; nil when none did.
	drainedBy atomic.Pointer[string]
	// halted: nothing new starts in this process.
	halted atomic.Bool
}

func (x *execution) run(ctx context.Context, rows []migration.Row) (Outcome, error) {
	out := Outcome{End: runner.Stopped}
	if x.Services.Throttled != nil {
		x.Services.Throttled(func(t pace.Throttle) {
			x.Say(t.Service + " asks to wait until " + clocks.OfDay(t.Until.In(x.opt.Zone), x.Now()) + ": " + t.Why)
			_ = x.Note(ctx, migration.RunThrottled, t.Service+": "+t.Why)
		})
	}
	halted, err := x.haltedAt(ctx, rows)
	if err != nil {
		return out, err
	}
	chosen := x.Run.Settings
	book := x.playbook()
	book.Learn(rows)
	if chosen.RepeatLost {
		book.RepeatLostImports()
	}
	commands, stop := x.listen(ctx)
	defer stop()
	r, err := runner.New(x.Ledger, runner.Config{
		State: steer.State{Slots: x.Run.Slots, Paused: chosen.Paused, Draining: chosen.Draining}, Steps: book.Steps(), Clock: x.Services.Clock, Zone: x.opt.Zone, Observer: x.Observer, Logger: x.Logger,
		Rules: halting.Rules{Canary: chosen.Canary, Halt: chosen.Halt, HaltedAt: halted}, Until: chosen.Until, Idle: x.Idle, Commands: commands, Imports: book,
		Deadline: steer.Deadline{
			StopBy: inZone(chosen.StopBy, x.opt.Zone), Forecast: func(r migration.Row) time.Duration { return book.Forecast(r, chosen.Until) },
		},
		Say: func(why migration.Reason, text string) {
			x.Say(text)
			if why == migration.RunHalted {
				out.Why = text
				x.halted.Store(true)
			}
			if why != "" {
				_ = x.Note(ctx, why, text)
			}
			if why == migration.RunHalted {
				x.tellSteered(ctx)
			}
		},
	})
	if err != nil {
		return out, err
	}
	slice, cancel := ctx, context.CancelFunc(func() {})
	if x.Slice > 0 {
		slice, cancel = context.WithTimeout(ctx, x.Slice)
	}
	defer cancel()
	out.End, err = x.prepareAndRun(slice, book, r, rows)
	if out.End == runner.Stopped && slice.Err() != nil && ctx.Err() == nil {
		out.End = runner.Yielded
	}
	out.Due = r.Due()
	return out, err
}

// prepareAndRun executes the steps that are done once, then the rows.
func (x *execution) prepareAndRun(ctx context.Context, book *playbook.Playbook, r *runner.Runner, rows []migration.Row) (runner.End, error) {
	select {
	case <-x.Drain:
		return runner.Drained, nil
	default:
	}
	if err := book.Prepare(ctx, rows); err != nil {
		if fault.Is(err, fault.Interrupted) {
			return runner.Stopped, nil
		}
		return runner.Stopped, err
	}
	_, end, err := r.Run(ctx, x.Drain, rows)
	return end, err
}

// conclude records how the run ended, or that it was left to the next. An orderly end is the end of a drain: the next process starts rows again.
func (x *execution) conclude(ctx context.Context, end runner.End) error {
	note := ""
	if by := x.drainedBy.Load(); end == runner.Drained && by != nil {
		note = "by " + *by
	}
	if err := x.Note(ctx, endReasons()[end], note); err != nil {
		return err
	}
	sure := context.WithoutCancel(ctx)
	if end == runner.Yielded {
		return nil // how it was steered applies to the next slice
	}
	if end == runner.Finished {
		if err := x.Ledger.FinishRun(sure, x.Run.ID, x.Now()); err != nil {
			return err
		}
	}
	var err error
	if x.Run, err = x.Ledger.Run(sure, x.Run.ID); err != nil { // it may have been steered
		return err
	}
	next := x.Run.Settings
	next.Draining = false
	if end == runner.Reached {
		next.Until = "" // the next resume is for the cut-over
	}
	return x.Choose(sure, 0, next, string(end))
}

func inZone(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}
