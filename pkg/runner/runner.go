// Package runner gets a wave done: which row is taken up when, how many imports are in flight, when the service is
// asked again, how a run drains and stops. It knows rows, steps and results; it does not know Graph, SQLite, CSV or
// the terminal.
package runner

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"wave365/pkg/migration"
)

// Ledger is where every change of a row is recorded before the runner acts on it.
type Ledger interface {
	// Apply records one transition durably, or fails and records nothing.
	Apply(ctx context.Context, t migration.Transition) error
	// ApplyAll records all of them durably, or fails and records nothing.
	ApplyAll(ctx context.Context, list []migration.Transition) error
}

// Observer is told what happens, from one goroutine at a time. It must not block.
type Observer interface {
	// Row: this row changed. A row that waits, and that this run leaves alone from here on, is told as pending.
	Row(r migration.Row)
	// Polled: these rows were looked at without a change; the next look is at next.
	Polled(rows []int, next time.Time)
}

// Clock is the service's time; cloud.Clock is one.
type Clock interface {
	Now() time.Time
	// Wall is how long a stretch of service time takes on the wall clock.
	Wall(d time.Duration) time.Duration
}

// Config says how to get through the wave.
type Config struct {
	// Slots bounds imports in flight in the service; 0: 20.
	Slots int
	// Workers bounds calls of steps at a time, so HTTP requests in flight; 0: 8.
	Workers int
	// Steps says how each step is done; every one of [migration.Steps] must be there.
	Steps []migration.Work
	Clock Clock
	// Roll gives numbers from [0,1) that spread retries; nil: math/rand. Called from several goroutines.
	Roll func() float64
	// Observer may be nil.
	Observer Observer
	// Canary is how many rows go alone first; the others start when all of these have succeeded, and never when one
	// failed or is held. 0: none.
	Canary int
	// Halt says when nothing new may start because too much goes wrong; the zero value: never.
	Halt migration.Halt
	// HaltedAt is when the run halted last: imports that were refused until then are known to whoever goes on with it all
	// the same. Zero: it never did.
	HaltedAt time.Time
	// StopBy is when rows must be done: those that would not be are deferred instead of started. Zero: whenever.
	StopBy time.Time
	// Forecast is how long a row needs from now, without waiting for a slot; wanted for StopBy.
	Forecast func(migration.Row) time.Duration
	// Until is the last step to do; "": all. Rows stand at the step after it when the run ends.
	Until migration.Step
	// Idle: when nothing can happen for longer than this, on the wall clock, Run yields instead of waiting. 0: it waits.
	Idle time.Duration
	// Paused and Draining: the run begins as if it had been asked to pause, or to drain.
	Paused, Draining bool
	// Orders brings what the operator asks meanwhile; may be nil. It is read until Run returns.
	Orders <-chan Order
	// Touched reports whether an import was sent for the row whose end is not known: such a row is neither cancelled nor
	// deferred. nil: never. An error ends the run.
	Touched func(context.Context, migration.Row) (bool, error)
	// Say is told why the run waits (why is ""; "" as text: it does not) and what happened to it as a whole (why is a
	// run's reason). Called from the goroutine of Run; it must not block. May be nil.
	Say func(why migration.Reason, text string)
	// Logger takes the stack of a step that panicked; nil: discard.
	Logger *slog.Logger
}

// End says how a run ended.
type End string

// The ends.
const (
	// Finished: every row is final.
	Finished End = "finished"
	// Drained: the operator asked for no new starts, and what was in flight has come to its end.
	Drained End = "drained"
	// Halted: too much went wrong, nothing new was started, and what was in flight has come to its end.
	Halted End = "halted"
	// Reached: every row that can has done the last step that was asked for.
	Reached End = "reached"
	// Yielded: nothing can happen before [Runner.Due]; see Config.Idle.
	Yielded End = "yielded"
	// Stopped: the operator asked to stop, or the context ended; rows may still be in flight in the service.
	Stopped End = "stopped"
)

// Runner runs one wave. Build it with New; it is used once.
type Runner struct {
	cfg    Config
	ledger Ledger
	works  map[migration.Step]migration.Work
	due    time.Time
}

// Due is when there is something to do next, once Run has returned, on the service's clock; zero: nothing by itself.
func (r *Runner) Due() time.Time { return r.due }

// New checks the configuration.
func New(ledger Ledger, cfg Config) (*Runner, error) {
	if cfg.Slots <= 0 {
		cfg.Slots = 20
	}
	if cfg.Workers <= 0 {
		cfg.Workers = 8
	}
	if cfg.Roll == nil {
		cfg.Roll = rand.Float64
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		return nil, errors.New("runner: Config.Clock is missing")
	}
	works := make(map[migration.Step]migration.Work)
	for _, w := range cfg.Steps {
		works[w.Step] = w
	}
	for _, s := range migration.Steps() {
		if works[s.Step].Do == nil {
			return nil, errors.New("runner: Config.Steps has no " + string(s.Step))
		}
	}
	return &Runner{cfg: cfg, ledger: ledger, works: works}, nil
}

// Run works on the rows until each is final, or drain is closed and what had started has ended, or ctx ends. It gives
// the rows as they then stand, in the order given; the slice belongs to it from the call on, because a copy of a large
// wave costs as much memory as all else. An ended ctx lets the calls in flight finish and be recorded; it
// is no error. An error means the ledger could not be written: rows may have moved on in the service, and a later Run
// reads that back. It leaves no goroutine behind.
func (r *Runner) Run(ctx context.Context, drain <-chan struct{}, rows []migration.Row) ([]migration.Row, End, error) {
	w := newWave(r, rows)
	end, err := w.run(ctx, drain)
	return w.rows, end, err
}
