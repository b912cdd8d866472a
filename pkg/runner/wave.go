package runner

import (
	"context"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/runner/halting"
	"wave365/pkg/runner/queue"
	"wave365/pkg/runner/quota"
	"wave365/pkg/runner/record"
	"wave365/pkg/runner/steer"
	"wave365/pkg/runner/withdraw"
	"wave365/pkg/runner/worker"
)

// wave is the state of one Run. One goroutine, the one that called Run, owns it; workers only do steps, record
// transitions and report back.
type wave struct {
	*Runner
	rows        *record.Rows
	lines       *queue.Lines
	workers     *worker.Pool
	withdrawals *withdraw.Withdrawals
	imports     quota.Imports
	steered     steer.State

	canaries map[int]bool // those who go first; nil: every row may start
	halted   string       // why nothing new starts any more; "": something does
	judged   int          // the number of final rows, plus one, for which the rules were applied
	told     string       // the last status
	stopping bool         // nothing is begun or recorded that is not under way
	yielding bool         // nothing can happen for long, and the run is given back
}

func newWave(r *Runner, rows []migration.Row) *wave {
	w := &wave{Runner: r, rows: record.New(r.ledger, rows, r.cfg.Observer.Row), lines: queue.New(rows), steered: r.cfg.State}
	w.steered.Draining = false // that is what begin does
	w.workers = worker.NewPool(worker.Worker{Ledger: r.ledger, Clock: r.cfg.Clock, Roll: r.cfg.Roll, Logger: r.cfg.Logger}, r.cfg.Workers, len(rows))
	w.withdrawals = &withdraw.Withdrawals{
		Rows: w.rows, Lines: w.lines, Now: r.cfg.Clock.Now, Deadline: r.cfg.Deadline, Imports: r.cfg.Imports, Busy: w.workers.Busy,
	}
	return w
}

// run is the conductor's loop.
func (w *wave) run(ctx context.Context, drain <-chan struct{}) (End, error) {
	w.begin(ctx)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		w.stopping = w.stopping || w.rows.Err != nil || ctx.Err() != nil
		if !w.stopping {
			w.judge(ctx)
			w.dispatch(ctx)
			w.status()
		}
		if w.workers.Idle() && (w.stopping || w.lines.Over(w.steered.Draining)) {
			break
		}
		nap := w.nap()
		w.yielding = w.workers.Idle() && !w.stopping && w.cfg.Idle > 0 && nap > w.cfg.Idle
		if w.yielding {
			break
		}
		timer.Reset(nap)
		if w.await(ctx, drain, timer.C) {
			drain = nil
		}
	}
	w.Runner.due = w.nextDue()
	w.workers.Wait()
	note := "stopped by the operator"
	if w.yielding {
		note = "given back until something is due"
	}
	w.rows.InterruptAll(ctx, note, w.cfg.Clock.Now())
	return w.end(), w.rows.Err
}

// begin takes the rows. One that runs before anything was started belongs to a process that has ended.
func (w *wave) begin(ctx context.Context) {
	if w.cfg.Canary > 0 {
		w.canaries = halting.ChooseCanaries(w.rows.List, w.cfg.Canary)
	}
	w.rows.InterruptAll(ctx, "the process that worked on it ended", w.cfg.Clock.Now())
	for i := range w.rows.List {
		w.imports = w.imports.Recall(w.rows.List[i], w.cfg.Clock.Now())
		w.put(ctx, i, time.Time{})
	}
	if w.cfg.Draining {
		w.drain(ctx)
	}
}

// await waits until something happens, and takes it up. It reports whether that was that drain is closed.
func (w *wave) await(ctx context.Context, drain <-chan struct{}, nap <-chan time.Time) (drained bool) {
	done := ctx.Done()
	if w.stopping {
		done = nil
	}
	select {
	case rep := <-w.workers.Reports():
		w.take(ctx, rep)
	case <-nap:
	case <-drain:
		w.drain(ctx)
		return true
	case c := <-w.cfg.Commands:
		w.follow(ctx, c)
	case <-done:
	}
	return false
}

// end returns how the run ended.
func (w *wave) end() End {
	switch {
	case w.rows.Err != nil:
		return Stopped
	case w.lines.Open() == 0:
		return Finished
	case w.stopping:
		return Stopped
	case w.yielding:
		return Yielded
	case w.halted != "":
		return Halted
	case w.steered.Draining:
		return Drained
	}
	return Reached
}

// interrupt gives a running row back to the ledger.
func (w *wave) interrupt(ctx context.Context, i int, note string) {
	w.rows.Interrupt(ctx, i, note, w.cfg.Clock.Now())
}

// drain lets go of every row that has not begun to import.
func (w *wave) drain(ctx context.Context) {
	w.steered.Draining = true
	w.letStart(ctx, nil)
	for _, s := range migration.Steps() {
		if s.Imported {
			continue
		}
		for _, i := range w.lines.TakeAll(s.Step) {
			w.put(ctx, i, w.lines.Due(i))
		}
	}
}

// put puts a row that no worker has where it belongs, and returns its place. due, when not zero, is when a waiting row
// is next due.
func (w *wave) put(ctx context.Context, i int, due time.Time) queue.Place {
	r := &w.rows.List[i]
	if w.withdrawals.Asked(ctx, i) {
		return queue.Ended
	}
	block := queue.BlockOf(r, w.steered.Draining, w.cfg.Until, w.canaries != nil && !w.canaries[i])
	if note := block.Note(); note != "" {
		w.interrupt(ctx, i, note)
	}
	to := w.lines.Put(i, block, due)
	switch {
	case to == queue.Released && r.State == migration.Waiting:
		// This run does not continue it: its observer sees it as queued for the next.
		left := *r
		left.State, left.Note = migration.Pending, "left for resume"
		w.cfg.Observer.Row(left)
	case to == queue.Ahead && r.State == migration.Running && r.Step == migration.StepImport && w.lines.Count(queue.Slotted) >= w.steered.Slots:
		r.Note = migration.NoteForSlot // for the observer; nothing happened that the ledger must know
	}
	return to
}

// nextDue is when the first row is due that may then be worked on, or imports are taken again; zero: none is.
func (w *wave) nextDue() time.Time {
	now := w.cfg.Clock.Now()
	var but migration.Step
	if w.lines.Count(queue.Slotted) >= w.steered.Slots || w.importsHeldUp(now) {
		but = migration.StepImport
	}
	first := w.lines.FirstDue(but)
	if until, paused := w.imports.Paused(now); paused && (first.IsZero() || until.Before(first)) {
		first = until
	}
	return first
}

// nap is how long nothing can happen unless a worker reports.
func (w *wave) nap() time.Duration {
	d := time.Hour
	if w.stopping || !w.workers.Free() {
		return d
	}
	if due := w.nextDue(); !due.IsZero() {
		d = min(d, w.cfg.Clock.Wall(due.Sub(w.cfg.Clock.Now())))
	}
	// A clock that is scaled rounds down; a nap of nothing would spin.
	return max(d, 50*time.Microsecond)
}

// take puts rows that a worker is done with back into their queues.
func (w *wave) take(ctx context.Context, rep worker.Report) {
	w.workers.Take(rep)
	w.rows.Fail(rep.Err)
	changed := false
	var next time.Time
	for k, i := range rep.At {
		before := w.rows.List[i]
		if before.Step == migration.StepImport {
			w.imports = w.imports.Send(-1)
		}
		moved := before.Version != rep.Rows[k].Version
		changed = changed || moved
		w.rows.Set(i, rep.Rows[k])
		if moved {
			w.imports = w.imports.Learn(before.Step, rep.Rows[k], w.cfg.Clock.Now())
		}
		if to := w.put(ctx, i, rep.Due[k]); moved && to != queue.Released {
			w.cfg.Observer.Row(w.rows.List[i])
		}
		if due := w.lines.Due(i); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	if !changed && rep.Err == nil {
		w.cfg.Observer.Polled(rep.At, next)
	}
}
