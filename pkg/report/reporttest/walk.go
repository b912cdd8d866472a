package reporttest

import (
	"fmt"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// walk takes one row along its journey with the real transitions and records what the ledger would hold. Nothing later
// than limit is recorded.
type walk struct {
	acc   *summary.Record
	row   migration.Row
	at    time.Time
	limit time.Time
	over  bool
}

// pass advances the time; what would happen after the limit does not happen.
func (w *walk) pass(d time.Duration) {
	w.at = w.at.Add(d)
	if w.at.After(w.limit) {
		w.over = true
	}
}

// take applies a transition made from the row as it is.
func (w *walk) take(build func(migration.Row) migration.Transition) {
	if w.over || w.at.After(w.limit) {
		w.over = true
		return
	}
	t := build(w.row)
	w.row = t.To()
	w.acc.Events = append(w.acc.Events, t.Event())
}

// end applies a change whose constructor needs more than a story has: operator, stop-by and retry.
func (w *walk) end(to migration.State, step migration.Step, why migration.Reason, note string) {
	if w.over {
		return
	}
	from := w.row
	w.row.State, w.row.Reason, w.row.Note, w.row.UpdatedAt, w.row.Step = to, why, note, w.at, step
	w.row.FinishedAt = time.Time{}
	if to.Final() {
		w.row.FinishedAt = w.at
	}
	w.row.Version++
	w.acc.Events = append(w.acc.Events, migration.Event{
		Run: w.row.Run, Row: w.row.Index, At: w.at, From: from.State, To: to, Step: from.Step, NextStep: step,
		Reason: why, Note: note, Attempt: w.row.Attempt,
	})
}

// effect records an intent and, a second later, its outcome.
func (w *walk) effect(e migration.Effect, subject string, status migration.OutcomeStatus, remote, detail string) {
	if w.over {
		return
	}
	n := len(w.acc.Intents)
	in := migration.Intent{
		Run: w.row.Run, Row: w.row.Index, Attempt: w.row.Attempt, Effect: e, Subject: subject, At: w.at,
		ClientRequestID: id(0xc11e, w.row.Index, n),
	}
	w.pass(time.Second)
	in.Outcome = &migration.Outcome{Status: status, RemoteID: remote, Detail: detail, At: w.at}
	if status != migration.OutcomeUnknown {
		in.Outcome.RequestID = id(0x5e7, w.row.Index, n)
	}
	w.acc.Intents = append(w.acc.Intents, in)
}

func (w *walk) claim() {
	w.take(func(r migration.Row) migration.Transition { return migration.Claim(r, w.at) })
}

func (w *walk) advance(f migration.Facts) {
	w.take(func(r migration.Row) migration.Transition { return migration.Advance(r, f, time.Time{}, "", w.at) })
}

func (w *walk) advanceWait(f migration.Facts, d time.Duration, note string) {
	w.take(func(r migration.Row) migration.Transition { return migration.Advance(r, f, w.at.Add(d), note, w.at) })
}

func (w *walk) again(p migration.Problem, d time.Duration) {
	w.take(func(r migration.Row) migration.Transition {
		return migration.Again(r, r.Facts, p, w.at.Add(d), w.at)
	})
	w.pass(d)
	w.take(func(r migration.Row) migration.Transition { return migration.Wake(r, w.at) })
}

func (w *walk) fail(p migration.Problem) {
	w.take(func(r migration.Row) migration.Transition { return migration.Fail(r, r.Facts, p, w.at) })
}

func (w *walk) hold(p migration.Problem) {
	w.take(func(r migration.Row) migration.Transition { return migration.Hold(r, r.Facts, p, w.at) })
}

func (w *walk) succeed(f migration.Facts) {
	w.take(func(r migration.Row) migration.Transition { return migration.Succeed(r, f, w.at) })
}

// id returns a stable id that looks like the service's.
func id(kind, row, n int) string {
	x := uint64(kind)*2654435761 + uint64(row)*40503 + uint64(n)*97
	x ^= x << 13
	x ^= x >> 7
	return fmt.Sprintf("%08x-%04x-4%03x-9%03x-%012x", uint32(x), kind&0xffff, row&0xfff, n&0xfff, (x*6364136223846793005)&0xffffffffffff)
}
