package run

import (
	"context"
	"strconv"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/runner/steer"
)

// lookForCommands is how often, on the wall clock, a run checks for requests from other terminals.
const lookForCommands = 500 * time.Millisecond

// listen passes the commands that other processes wrote into the ledger on to the runner, and records that they were
// carried out, until stop is called.
func (x *execution) listen(ctx context.Context) (commands <-chan steer.Command, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	c := make(chan steer.Command)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-x.Drain:
			x.drains(ctx, x.opt.Driver.String())
		case <-ctx.Done():
			select {
			case <-x.Drain: // both arrived
				x.drains(ctx, x.opt.Driver.String())
			default:
			}
		}
	})
	wg.Go(func() {
		tick := time.NewTicker(lookForCommands)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			asked, err := x.Ledger.PendingRequests(ctx)
			if err != nil && ctx.Err() == nil {
				x.Logger.Warn("commands could not be read", "error", err.Error())
			}
			for _, o := range asked {
				if !x.follow(ctx, c, o) {
					return
				}
			}
		}
	})
	return c, func() {
		cancel()
		wg.Wait()
	}
}

// follow has one command carried out and records it; false when the run has ended.
func (x *execution) follow(ctx context.Context, c chan<- steer.Command, o ledger.Request) bool {
	answer, ok := x.hand(ctx, c, o)
	if !ok {
		return false
	}
	x.steered(ctx, o)
	if err := x.Ledger.AnswerRequest(context.WithoutCancel(ctx), o, x.Now(), answer); err != nil {
		x.Logger.Warn("a command was carried out but could not be recorded", "error", err.Error())
	}
	return true
}

// hand passes one command on to the runner and waits for its answer; false when the run has ended.
func (x *execution) hand(ctx context.Context, c chan<- steer.Command, o ledger.Request) (string, bool) {
	command, err := commandOf(ctx, o, x.Ledger)
	if ctx.Err() != nil {
		return "", false
	}
	if err != nil {
		if hint := fault.HintOf(err); hint != "" {
			return err.Error() + "; " + hint, true
		}
		return err.Error(), true
	}
	answer := make(chan string, 1)
	command.Done = func(s string) { answer <- s }
	select {
	case c <- command:
	case <-ctx.Done():
		return "", false
	}
	select {
	case s := <-answer:
		return s, true
	case <-ctx.Done():
		return "", false
	}
}

// commandOf turns a recorded command into the runner's.
func commandOf(ctx context.Context, o ledger.Request, l *ledger.Ledger) (steer.Command, error) {
	command := steer.Command{Kind: steer.Kind(o.Kind), Row: -1}
	switch {
	case o.Kind == ledger.RequestSlots:
		n, err := strconv.Atoi(o.Arg)
		if err == nil {
			err = CheckSlots(n) // the request may come from another version of this program
		}
		if err != nil {
			return command, err
		}
		command.Slots = n
	case o.Kind == ledger.RequestCancel && o.Arg != "":
		// Read on demand: the runner has the rows in memory, and a large wave should not be held twice.
		rows, err := l.Rows(ctx, o.Run)
		if err != nil {
			return command, err
		}
		i, err := RowOf(rows, o.Arg)
		if err != nil {
			return command, err
		}
		command.Row = i
	}
	return command, nil
}

// steered records a command that was carried out as part of the run, so that the next process keeps to it.
func (x *execution) steered(ctx context.Context, o ledger.Request) {
	c := ledger.Change{By: o.By}
	switch o.Kind {
	case ledger.RequestPause:
		c.Settings = migration.Settings{}.PatchTo(migration.Settings{Paused: true})
	case ledger.RequestContinue:
		c.Settings = migration.Settings{Paused: true}.PatchTo(migration.Settings{})
	case ledger.RequestSlots:
		c.Slots, _ = strconv.Atoi(o.Arg) // it was read before
	case ledger.RequestDrain:
		x.drains(ctx, o.By)
		if x.Drained != nil {
			x.Drained()
		}
		return
	default:
		return
	}
	x.change(ctx, c)
}

// drains records that the run drains, and by whom.
func (x *execution) drains(ctx context.Context, by string) {
	x.drainedBy.CompareAndSwap(nil, &by)
	c := ledger.Change{Settings: migration.Settings{}.PatchTo(migration.Settings{Draining: true}), By: by}
	x.change(ctx, c)
}

// change records how the run is steered, and reports it.
func (x *execution) change(ctx context.Context, c ledger.Change) {
	ctx = context.WithoutCancel(ctx)
	if err := x.Ledger.ChangeRun(ctx, x.Run.ID, c); err != nil {
		x.Logger.Warn("how the run was steered could not be recorded", "error", err.Error())
		return
	}
	x.tellSteered(ctx)
}

// tellSteered reports how the run is executed from now on.
func (x *execution) tellSteered(ctx context.Context) {
	if x.Steered == nil {
		return
	}
	if run, err := x.Ledger.Run(context.WithoutCancel(ctx), x.Run.ID); err == nil { // without it the forecast is the old one until the next look
		run.Settings.Draining = run.Settings.Draining || x.halted.Load()
		x.Steered(run)
	}
}
