// Package runner schedules a wave: which row is started when, how many imports are in flight, when the service is asked
// again, how a run drains and stops. It knows rows, steps and results; it does not know Graph, SQLite, CSV or the
// terminal.
package runner

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/runner/halting"
	"wave365/pkg/runner/record"
	"wave365/pkg/runner/steer"
	"wave365/pkg/runner/withdraw"
)

// Observer is notified of what happens, from one goroutine at a time. It must not block.
type Observer interface {
	// Row: this row changed. A row that waits, and that this run does not continue, is reported as pending.
	Row(r migration.Row)
	// Polled: these rows were read without a change; the next reading is at next.
	Polled(rows []int, next time.Time)
}

// unobserved ignores everything.
type unobserved struct{}

func (unobserved) Row(migration.Row)       {}
func (unobserved) Polled([]int, time.Time) {}

// Clock is the service's time; cloud.Clock is one.
type Clock interface {
	Now() time.Time
	// Wall is how long a stretch of service time takes on the wall clock.
	Wall(d time.Duration) time.Duration
}

// Config configures a run over a wave.
type Config struct {
	// State is how the run begins to be steered. Slots of 0: 20.
	steer.State
	// Workers bounds calls of steps at a time, so HTTP requests in flight; 0: 8.
	Workers int
	// Steps is how each step is done; every one of [migration.Steps] must be present.
	Steps []migration.Work
	Clock Clock
	// Zone is that of times in texts; nil: UTC.
	Zone *time.Location
	// Roll gives numbers from [0,1) that spread retries; nil: math/rand. Called from several goroutines.
	Roll func() float64
	// Observer may be nil.
	Observer Observer
	// Rules decide when nothing new may start because too much goes wrong.
	halting.Rules
	// Deadline decides which rows are not started any more.
	steer.Deadline
	// Until is the last step to do; "": all. When the run ends, rows are at the step after it.
	Until migration.Step
	// Idle: when nothing can happen for longer than this, on the wall clock, Run yields instead of waiting. 0: it waits.
	Idle time.Duration
	// Commands carries the operator's commands; may be nil. It is read until Run returns.
	Commands <-chan steer.Command
	// Imports knows which rows may have an import in the service: they are neither cancelled nor deferred. nil: none has.
	Imports withdraw.Imports
	// Say is called with the reason the run waits (why is ""; "" as text: it does not wait) and with what happened to
	// it as a whole (why is a run's reason). Called from the goroutine of Run; it must not block. May be nil.
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
	// Drained: the operator asked for no new starts, and what was in flight has ended.
	Drained End = "drained"
	// Halted: too much went wrong, nothing new was started, and what was in flight has ended.
	Halted End = "halted"
	// Reached: every row that can has done the last requested step.
	Reached End = "reached"
	// Yielded: nothing can happen before [Runner.Due]; see Config.Idle.
	Yielded End = "yielded"
	// Stopped: the operator asked to stop, or the context ended; rows may still be in flight in the service.
	Stopped End = "stopped"
)

// Runner runs one wave. Build it with New; it is used once.
type Runner struct {
	cfg    Config
	ledger record.Ledger
	works  map[migration.Step]migration.Work
	due    time.Time
}

// Due is when there is something to do next, once Run has returned, on the service's clock; zero: nothing by itself.
func (r *Runner) Due() time.Time { return r.due }

// New checks the configuration.
func New(ledger record.Ledger, cfg Config) (*Runner, error) {
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
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Say == nil {
		cfg.Say = func(migration.Reason, string) {}
	}
	if cfg.Observer == nil {
		cfg.Observer = unobserved{}
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

// Run works on the rows until each is final, or drain is closed and what had started has ended, or ctx ends. It returns
// the updated rows, in the order given; it owns the slice from the call on, because a copy of a large wave costs as
// much memory as everything else. When ctx ends, the calls in flight finish and are recorded; that is not an error. An
// error means the ledger could not be written: rows may have moved on in the service, and a later Run reads that back.
// It leaves no goroutine behind.
func (r *Runner) Run(ctx context.Context, drain <-chan struct{}, rows []migration.Row) ([]migration.Row, End, error) {
	w := newWave(r, rows)
	end, err := w.run(ctx, drain)
	return w.rows.List, end, err
}
