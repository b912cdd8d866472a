package hold

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/process"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

// The kinds of order.
const (
	OrderPause    = "pause"
	OrderContinue = "continue"
	OrderSlots    = "slots"
	OrderDrain    = "drain"
	OrderCancel   = "cancel"
)

// Order is what an operator asks of the process that drives a run.
type Order struct {
	ID  int64
	Run string
	// Holder is the lock's id of the process that it is for; no other one obeys it.
	Holder string
	At     time.Time
	// By says who asks, and from where.
	By   string
	Kind string
	// Arg is the number of slots, or the user whose row is cancelled ("" for every row).
	Arg string
	// ObeyedAt is zero until the process has obeyed; Answer is what it says then.
	ObeyedAt time.Time
	Answer   string
}

func (o Order) text() string {
	return strings.TrimSpace(o.Kind + " " + o.Arg)
}

// Order records an order for the process that drives the run, with an event that names who asks. The result is o with
// ID, Holder, and At when it was zero. Conflict ("ledger.not-driven") when no process drives that run now.
func (l *Keeper) Order(ctx context.Context, o Order) (Order, error) {
	err := l.do(ctx, "record an order", func(t tx) error {
		h, ok, err := l.readHolder(t.Get)
		if err != nil {
			return err
		}
		if !ok || h.Run != o.Run || h.Life == process.Gone {
			why := "no process drives the run " + o.Run + " now"
			if ok && h.Run == o.Run {
				why += fmt.Sprintf(": process %d ended without a word", h.PID)
			}
			return fault.New(fault.Conflict, "ledger.not-driven", why, "resume continues it", fault.NewCommand("resume").For(o.Run))
		}
		o.Holder, o.At = h.ID, trail.OrNow(o.At, t.Now)
		o.ID, err = t.Insert("orders", "run, holder, at, by_whom, kind, arg",
			o.Run, o.Holder, trail.Stamp(o.At), o.By, o.Kind, o.Arg)
		if l.trail.DB.Refused(err) != store.NotRefused {
			return fault.Wrap(fault.Internal, "ledger.order", fmt.Sprintf("%q by %q is not an order", o.Kind, o.By), "", err)
		}
		if err != nil {
			return err
		}
		return t.Audit(o.At, trail.KindEvent, o.Run, migration.WaveRow, trail.BodyOf(migration.Event{Reason: migration.RunOrdered, Note: o.text() + ", by " + o.By}))
	})
	return o, err
}

// Obey records that an order was obeyed, with an event. Conflict ("ledger.obeyed") when it was already.
func (l *Keeper) Obey(ctx context.Context, o Order, at time.Time, answer string) error {
	return l.do(ctx, "record that an order was carried out", func(t tx) error {
		n, err := t.Change(`UPDATE orders SET obeyed_at = ?, answer = ? WHERE id = ? AND obeyed_at IS NULL`, trail.Stamp(at), answer, o.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "ledger.obeyed", fmt.Sprintf("order %d is no longer pending", o.ID), "")
		}
		return t.Audit(at, trail.KindEvent, o.Run, migration.WaveRow,
			trail.BodyOf(migration.Event{Reason: migration.RunObeyed, Note: o.text() + ", ordered by " + o.By + ": " + answer}))
	})
}

const orderColumns = `SELECT id, run, holder, at, by_whom, kind, arg, obeyed_at, answer FROM orders`

// OrdersForMe gives the orders that this ledger's own lock is asked to obey and has not, oldest first; none without a
// lock.
func (l *Keeper) OrdersForMe(ctx context.Context) ([]Order, error) {
	id := l.trail.Claimed().ID
	if id == "" {
		return nil, nil
	}
	return store.All(ctx, l.trail.DB, orderColumns+` WHERE holder = ? AND obeyed_at IS NULL ORDER BY id`, []any{id}, scanOrder)
}

// Orders gives every order that was given to a run, oldest first.
func (l *Keeper) Orders(ctx context.Context, runID string) ([]Order, error) {
	if !l.trail.Has(trail.VersionControl) {
		return nil, nil
	}
	return store.All(ctx, l.trail.DB, orderColumns+` WHERE run = ? ORDER BY id`, []any{runID}, scanOrder)
}

func scanOrder(scan store.Scan) (Order, error) {
	var o Order
	err := scan(&o.ID, &o.Run, &o.Holder, (*trail.Moment)(&o.At), &o.By, &o.Kind, &o.Arg, (*trail.Moment)(&o.ObeyedAt), &o.Answer)
	return o, err
}
