package runner

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/migration"
)

// dispatchOrder is the order in which due work gets a worker: what frees slots and ends rows first, new rows last.
var dispatchOrder = func() []migration.Step {
	table := migration.Steps()
	slices.SortFunc(table, func(a, b migration.StepInfo) int { return cmp.Compare(a.Rank, b.Rank) })
	order := make([]migration.Step, len(table))
	for i, s := range table {
		order[i] = s.Step
	}
	return order
}()

// dispatch hands out whatever is due and allowed, as long as a worker is free.
func (w *wave) dispatch(ctx context.Context, group *errgroup.Group) {
	now := w.cfg.Clock.Now()
	for _, step := range dispatchOrder {
		for w.workers < w.cfg.Workers {
			batch := w.batch(ctx, step, now)
			if len(batch) == 0 {
				break
			}
			w.hand(ctx, group, step, batch)
		}
	}
	for w.workers < w.cfg.Workers {
		batch := w.starters(ctx, now)
		if len(batch) == 0 {
			return
		}
		w.hand(ctx, group, w.rows[batch[0]].Step, batch)
	}
}

// batch takes the rows for one call of a step: waiting ones that are due, which would else wait for every ready one, then
// ready ones in start order, then, to fill the call, those that are nearly due. Empty: nothing to do now.
func (w *wave) batch(ctx context.Context, step migration.Step, now time.Time) []int {
	size := w.works[step].Batch
	all := size == 0 // one list answers for every row that waits
	if all {
		size = len(w.rows)
	}
	if step == migration.StepImport {
		if w.holdStarts(now) {
			return nil
		}
		size = min(size, w.slots-w.count[slotted], w.mayStart())
	}
	ready, waiting := w.ready[step], w.waiting[step]
	until := now
	var batch []int
	for len(batch) < size {
		overdue := waiting.Len() > 0 && !w.due[waiting.at[0]].After(now)
		if ready.Len() > 0 && !overdue {
			i := heap.Pop(ready).(int)
			if step == migration.StepImport && w.deferIfLate(ctx, i) {
				continue
			}
			batch = append(batch, i)
			until = now.Add(gather)
			continue
		}
		if waiting.Len() == 0 {
			break
		}
		if w.due[waiting.at[0]].After(until) && (!all || len(batch) == 0) {
			break
		}
		i := heap.Pop(waiting).(int)
		if step == migration.StepImport && w.deferIfLate(ctx, i) {
			continue
		}
		batch = append(batch, i)
		until = now.Add(gather)
	}
	return batch
}

// starters takes pending rows up: as many as there are free slots, and a few ahead so that a slot that comes free is
// filled at once. Rows that an earlier process had under way go on at the step where they stood, whatever the limit:
// their imports are in flight already.
func (w *wave) starters(ctx context.Context, now time.Time) []int {
	var batch []int
	for w.pending.Len() > 0 {
		i := w.pending.at[0]
		step := w.rows[i].Step
		if len(batch) > 0 && (step != w.rows[batch[0]].Step || len(batch) >= max(1, w.works[step].Batch)) {
			break
		}
		if !step.Imported() {
			if w.holdStarts(now) {
				break
			}
			if len(batch) == 0 && w.count[slotted] >= w.slots && w.count[ahead] > w.lookahead()/2 {
				break // enough are ahead: the next are taken up together, which saves calls
			}
			taken := w.count[ahead] + w.count[slotted] + len(batch)
			if w.draining || taken >= w.slots+w.lookahead() {
				break
			}
			if step == migration.StepImport && (w.count[slotted]+len(batch) >= w.slots || len(batch) >= w.mayStart()) {
				break
			}
			if w.late(i) {
				if !w.rows[i].Begun() {
					w.deferLate(ctx)
					continue
				}
				heap.Pop(&w.pending)
				if w.deferIfLate(ctx, i) {
					continue
				}
				batch = append(batch, i)
				continue
			}
		}
		batch = append(batch, heap.Pop(&w.pending).(int))
	}
	return batch
}

// lookahead is how many rows are checked and joined before a slot is free for them.
func (w *wave) lookahead() int { return max(1, w.slots/2) }

// hand gives rows to a worker.
func (w *wave) hand(ctx context.Context, group *errgroup.Group, step migration.Step, batch []int) {
	rows := make([]migration.Row, len(batch))
	for k, i := range batch {
		switch {
		case step.InService():
			w.move(i, slotted)
		case step.Imported():
			w.move(i, beyond)
		default:
			w.move(i, ahead)
		}
		w.busy[i] = true
		rows[k] = w.rows[i]
	}
	if step == migration.StepImport {
		w.sending += len(batch)
	}
	w.workers++
	group.Go(func() error {
		rep := report{at: batch, rows: rows, due: make([]time.Time, len(rows))}
		rep.err = w.work(ctx, step, rep)
		w.reports <- rep
		return nil
	})
}

// work does one step for some rows, in a worker. Each row is taken up before and settled after, in the ledger; the
// settling is not cut short by an ended context, because what has happened must be recorded.
func (w *wave) work(ctx context.Context, step migration.Step, rep report) error {
	record := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		return nil
	}
	for i, r := range rep.rows {
		var t migration.Transition
		switch {
		case r.State == migration.Pending:
			t = migration.Claim(r, w.cfg.Clock.Now())
		case r.State == migration.Waiting && w.works[step].Batch == 1:
			t = migration.Wake(r, w.cfg.Clock.Now())
		default:
			continue
		}
		if err := w.ledger.Apply(record, t); err != nil {
			return err
		}
		rep.rows[i] = t.To()
	}
	results, err := w.do(ctx, step, rep.rows)
	if err != nil {
		return err
	}
	for i, res := range results {
		now := w.cfg.Clock.Now()
		t, changed := migration.Settle(rep.rows[i], res, now, w.cfg.Roll())
		if !changed {
			rep.due[i] = now.Add(res.Delay)
			continue
		}
		if err := w.ledger.Apply(record, t); err != nil {
			return err
		}
		rep.rows[i] = t.To()
	}
	return nil
}

// do calls the step and turns a panic into the failure of its rows: a bug must not end the night for the others.
func (w *wave) do(ctx context.Context, step migration.Step, rows []migration.Row) (results []migration.Result, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		w.cfg.Logger.Error("step panicked", "step", string(step), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		err = nil
		results = make([]migration.Result, len(rows))
		for i := range rows {
			results[i] = migration.Failure(rows[i].Facts, migration.Problem{
				Code: "internal.panic", Kind: "internal",
				Message: fmt.Sprintf("a bug in wave365 at step %s: %v", step, v),
				Hint:    "report it together with the log file; a retry looks before it acts",
			})
		}
	}()
	results, err = w.works[step].Do(ctx, rows)
	if err == nil && len(results) != len(rows) {
		panic(fmt.Sprintf("step gave %d results for %d rows", len(results), len(rows)))
	}
	return results, err
}
