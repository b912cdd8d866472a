package main

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
	"wave365/pkg/wave"
)

// lookForOrders is how often, on the wall clock, a run looks whether somebody at another terminal wants something.
const lookForOrders = 500 * time.Millisecond

// obeyOrders hands the orders that other processes wrote into the ledger to the runner, and records that they were obeyed,
// until the function it gives is called. drained is called when one of them was to drain.
func (a *app) obeyOrders(ctx context.Context, g *globals, l *ledger.Ledger, run migration.Run, clock cloud.Clock, drained func()) (orders <-chan runner.Order, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	c := make(chan runner.Order)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(lookForOrders)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			asked, err := l.OrdersForMe(ctx)
			if err != nil {
				g.log.Warn("orders could not be read", "error", err.Error())
			}
			for _, o := range asked {
				answer, ok := hand(ctx, c, o, l)
				if !ok {
					return
				}
				if o.Kind == ledger.OrderDrain {
					drained()
				}
				if n, err := strconv.Atoi(o.Arg); err == nil && o.Kind == ledger.OrderSlots {
					_ = l.ChangeRun(context.WithoutCancel(ctx), run.ID, ledger.Change{Slots: n, By: o.By})
				}
				if err := l.Obey(context.WithoutCancel(ctx), o, clock.Now(), answer); err != nil {
					g.log.Warn("an order was obeyed and could not be recorded", "error", err.Error())
				}
			}
		}
	})
	return c, func() {
		cancel()
		wg.Wait()
	}
}

// hand gives one order to the runner and waits for its answer; false when the run is over.
func hand(ctx context.Context, c chan<- runner.Order, o ledger.Order, l *ledger.Ledger) (string, bool) {
	order, err := orderOf(ctx, o, l)
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
	order.Done = func(s string) { answer <- s }
	select {
	case c <- order:
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

// orderOf turns a recorded order into the runner's.
func orderOf(ctx context.Context, o ledger.Order, l *ledger.Ledger) (runner.Order, error) {
	order := runner.Order{Ask: runner.Ask(o.Kind), Row: -1}
	switch {
	case o.Kind == ledger.OrderSlots:
		n, err := strconv.Atoi(o.Arg)
		if err != nil || n < 1 {
			return order, fault.New(fault.Invalid, "usage", "not understood: "+o.Arg+" slots", "")
		}
		order.Slots = n
	case o.Kind == ledger.OrderCancel && o.Arg != "":
		// Read when asked for: the runner has the rows in memory, and a large wave need not be there twice.
		rows, err := l.Rows(ctx, o.Run)
		if err != nil {
			return order, err
		}
		i, err := rowOf(rows, o.Arg)
		if err != nil {
			return order, err
		}
		order.Row = i
	}
	return order, nil
}

// rowOf finds the row of a user, by the spelling of the file, the UPN or the object id. Of several rows of one user, which
// only skipped or cancelled ones can be, it gives the one that lives.
func rowOf(rows []migration.Row, user string) (int, error) {
	key, found := wave.UserKey(user), -1
	for i, r := range rows {
		if key != wave.UserKey(r.Target.User) && key != wave.UserKey(r.Target.UPN) && key != wave.UserKey(r.Target.UserID) {
			continue
		}
		if found < 0 || rows[found].State == migration.Skipped || rows[found].State == migration.Cancelled {
			found = i
		}
	}
	if found < 0 {
		return 0, fault.New(fault.NotFound, "row.none", "the run has no row of "+user, "name the user as the wave file does")
	}
	return found, nil
}

// controls is how a live run was steered from outside.
type controls struct {
	paused, draining bool
	slots            int
}

// controlsOf folds the orders that the process holding the lock has obeyed.
func controlsOf(orders []ledger.Order, holder string, slots int) controls {
	c := controls{slots: slots}
	for _, o := range orders {
		if o.Holder != holder || o.ObeyedAt.IsZero() {
			continue
		}
		switch o.Kind {
		case ledger.OrderPause:
			c.paused = true
		case ledger.OrderContinue:
			c.paused = false
		case ledger.OrderDrain:
			c.draining = true
		case ledger.OrderSlots:
			if n, err := strconv.Atoi(o.Arg); err == nil {
				c.slots = n
			}
		}
	}
	return c
}

func (c controls) String() string {
	words := []string{plural(c.slots, "slot")}
	if c.paused {
		words = append(words, "paused")
	}
	if c.draining {
		words = append(words, "draining")
	}
	return strings.Join(words, ", ")
}
