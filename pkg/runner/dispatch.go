package runner

import (
	"context"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/runner/queue"
)

// gather is how much earlier than it is due a row may be processed when that fills a batch: a tenth of a minute is
// nothing to a service that works for an hour, and saves most of the calls.
const gather = 10 * time.Second

// dispatch hands out whatever is due and allowed, while a worker is free.
func (w *wave) dispatch(ctx context.Context) {
	now := w.cfg.Clock.Now()
	for _, step := range queue.WorkOrder() {
		for w.workers.Free() {
			batch := w.batch(ctx, step, now)
			if len(batch) == 0 {
				break
			}
			w.hand(ctx, step, batch)
		}
	}
	for w.workers.Free() {
		batch := w.starters(ctx, now)
		if len(batch) == 0 {
			return
		}
		w.hand(ctx, w.rows.List[batch[0]].Step, batch)
	}
}

// batch takes the rows for one call of a step, and fills it with those that are nearly due. Empty: there is nothing to
// do now.
func (w *wave) batch(ctx context.Context, step migration.Step, now time.Time) []int {
	size, early := w.works[step].Batch, now.Add(gather)
	if size == 0 { // one list answers for every row that waits
		size, early = len(w.rows.List), forever
	}
	sends := step == migration.StepImport
	if sends {
		if w.importsHeldUp(now) {
			return nil
		}
		size = min(size, w.steered.Slots-w.lines.Count(queue.Slotted), w.mayStart())
	}
	var batch []int
	for until := now; len(batch) < size; {
		i, ok := w.lines.Next(step, now, until)
		if !ok {
			break
		}
		if sends && w.withdrawals.DeferIfLate(ctx, i) {
			continue
		}
		batch, until = append(batch, i), early
	}
	return batch
}

// forever is later than any row is due.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// starters starts pending rows: as many as there are free slots, and a few ahead so that a slot that becomes free is
// filled at once. Rows that an earlier process had started continue at their step, whatever the limit: their imports
// are in flight already.
func (w *wave) starters(ctx context.Context, now time.Time) []int {
	var batch []int
	for {
		i, ok := w.lines.FirstPending()
		if !ok {
			return batch
		}
		r := &w.rows.List[i]
		if len(batch) > 0 && (r.Step != w.rows.List[batch[0]].Step || len(batch) >= max(1, w.works[r.Step].Batch)) {
			return batch
		}
		if r.Step.Imported() {
			batch = append(batch, w.lines.TakePending())
			continue
		}
		if w.steered.Draining || w.importsHeldUp(now) || !w.lines.Room(r.Step, len(batch), w.steered.Slots, w.mayStart()) {
			return batch
		}
		if w.withdrawals.Late(i) && !r.Begun() {
			w.withdrawals.DeferLate(ctx)
			continue
		}
		if w.lines.TakePending(); !w.withdrawals.DeferIfLate(ctx, i) {
			batch = append(batch, i)
		}
	}
}

// importsHeldUp reports whether no import may be started now, so that rows need not be started for one either.
func (w *wave) importsHeldUp(now time.Time) bool {
	_, paused := w.imports.Paused(now)
	return w.steered.Paused || paused || w.mayStart() == 0
}

// mayStart is how many imports may be sent now, apart from the limit of slots.
func (w *wave) mayStart() int { return w.imports.MayStart(len(w.rows.List)) }

// hand gives rows to a worker.
func (w *wave) hand(ctx context.Context, step migration.Step, batch []int) {
	rows := make([]migration.Row, len(batch))
	for k, i := range batch {
		w.lines.Move(i, queue.Handed(step))
		rows[k] = w.rows.List[i]
	}
	if step == migration.StepImport {
		w.imports = w.imports.Send(len(batch))
	}
	w.workers.Hand(ctx, w.works[step], batch, rows)
}
