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

// The kinds of request.
const (
	RequestPause    = "pause"
	RequestContinue = "continue"
	RequestSlots    = "slots"
	RequestDrain    = "drain"
	RequestCancel   = "cancel"
)

// Request is an operator's request to the process that drives a run.
type Request struct {
	ID  int64
	Run string
	// Holder is the lock's id of the process that it is for; no other process answers it.
	Holder string
	At     time.Time
	// By is who made the request, and from where.
	By   string
	Kind string
	// Arg is the number of slots, or the user whose row is cancelled ("" for every row).
	Arg string
	// AnsweredAt is zero until the process has carried it out; Answer is the result in words.
	AnsweredAt time.Time
	Answer     string
}

func (r Request) text() string {
	return strings.TrimSpace(r.Kind + " " + r.Arg)
}

// RecordRequest records a request to the process that drives the run, with an event that names who made it. The result is r
// with ID and Holder, and with At when it was zero. Conflict ("ledger.not-driven") when no process drives that run now.
func (l *Keeper) RecordRequest(ctx context.Context, r Request) (Request, error) {
	err := l.do(ctx, "record an order", func(t tx) error {
		h, ok, err := l.readHolder(t.Get)
		if err != nil {
			return err
		}
		if !ok || h.Run != r.Run || h.Life == process.Gone {
			why := "no process drives the run " + r.Run + " now"
			if ok && h.Run == r.Run {
				why += fmt.Sprintf(": process %d ended unexpectedly", h.PID)
			}
			return fault.New(fault.Conflict, "ledger.not-driven", why, "resume continues it", fault.NewCommand("resume").For(r.Run))
		}
		r.Holder, r.At = h.ID, trail.OrNow(r.At, t.Now)
		r.ID, err = t.Insert("orders", "run, holder, at, by_whom, kind, arg",
			r.Run, r.Holder, trail.Stamp(r.At), r.By, r.Kind, r.Arg)
		if l.trail.DB.Refused(err) != store.NotRefused {
			return fault.Wrap(fault.Internal, "ledger.order", fmt.Sprintf("%q by %q is not an order", r.Kind, r.By), "", err)
		}
		if err != nil {
			return err
		}
		return t.Audit(r.At, trail.KindEvent, r.Run, migration.WaveRow, trail.BodyOf(migration.Event{Reason: migration.RunOrdered, Note: r.text() + ", by " + r.By}))
	})
	return r, err
}

// AnswerRequest records that a request was carried out, with an event. Conflict ("ledger.obeyed") when it was recorded
// before.
func (l *Keeper) AnswerRequest(ctx context.Context, r Request, at time.Time, answer string) error {
	return l.do(ctx, "record that an order was carried out", func(t tx) error {
		n, err := t.Change(`UPDATE orders SET obeyed_at = ?, answer = ? WHERE id = ? AND obeyed_at IS NULL`, trail.Stamp(at), answer, r.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "ledger.obeyed", fmt.Sprintf("order %d is no longer pending", r.ID), "")
		}
		return t.Audit(at, trail.KindEvent, r.Run, migration.WaveRow,
			trail.BodyOf(migration.Event{Reason: migration.RunObeyed, Note: r.text() + ", ordered by " + r.By + ": " + answer}))
	})
}

const requestColumns = `SELECT id, run, holder, at, by_whom, kind, arg, obeyed_at, answer FROM orders`

// PendingRequests returns the requests to the holder of this ledger's own lock that it has not answered, oldest first;
// none without a lock.
func (l *Keeper) PendingRequests(ctx context.Context) ([]Request, error) {
	id := l.trail.Claimed().ID
	if id == "" {
		return nil, nil
	}
	return store.All(ctx, l.trail.DB, requestColumns+` WHERE holder = ? AND obeyed_at IS NULL ORDER BY id`, []any{id}, scanRequest)
}

// Requests returns all requests about a run, oldest first.
func (l *Keeper) Requests(ctx context.Context, runID string) ([]Request, error) {
	if !l.trail.Has(trail.VersionControl) {
		return nil, nil
	}
	return store.All(ctx, l.trail.DB, requestColumns+` WHERE run = ? ORDER BY id`, []any{runID}, scanRequest)
}

func scanRequest(scan store.Scan) (Request, error) {
	var r Request
	err := scan(&r.ID, &r.Run, &r.Holder, (*trail.Moment)(&r.At), &r.By, &r.Kind, &r.Arg, (*trail.Moment)(&r.AnsweredAt), &r.Answer)
	return r, err
}
