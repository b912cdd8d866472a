package runner

import (
	"context"
	"fmt"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/runner/halting"
	"wave365/pkg/runner/queue"
	"wave365/pkg/runner/steer"
)

// judge applies the rules about the run as a whole whenever another row has ended: the threshold, the first imports, the
// canaries.
func (w *wave) judge(ctx context.Context) {
	done := 1 + w.rows.Tally.Done()
	if w.halted != "" || w.steered.Draining || w.judged == done {
		return
	}
	w.judged = done
	rows := w.rows.List
	if why := w.cfg.Stop(rows, w.rows.Tally, w.imports); why != "" {
		w.halt(ctx, why)
		return
	}
	if w.canaries == nil {
		return
	}
	switch c := halting.JudgeCanaries(rows, w.cfg.Canary); {
	case c.Failed != "":
		w.halt(ctx, c.Failed)
	case c.Passed:
		w.cfg.Say(migration.RunCanary, fmt.Sprintf("the canary passed: %s; the others start", steer.Count(len(c.Rows), "row")))
		w.letStart(ctx, nil)
	default:
		w.letStart(ctx, c.Rows) // a canary that was given up has another in its place
	}
}

// letStart lets these rows start, and no others without an import; nil: every row.
func (w *wave) letStart(ctx context.Context, canaries map[int]bool) {
	w.canaries = canaries
	for _, i := range w.lines.TakeBehind() {
		w.put(ctx, i, w.lines.Due(i))
	}
}

// halt stops new starts and reports why.
func (w *wave) halt(ctx context.Context, why string) {
	w.halted = why
	w.cfg.Say(migration.RunHalted, why)
	w.drain(ctx)
}

// status reports in one line why the run is waiting, when that changes.
func (w *wave) status() {
	var why []string
	if w.halted != "" {
		why = append(why, w.halted)
	}
	if w.steered.Paused {
		why = append(why, "paused: nothing new starts until it is continued")
	}
	now := w.cfg.Clock.Now().In(w.cfg.Zone)
	if _, paused := w.imports.Paused(now); paused {
		why = append(why, w.imports.Text(now))
	}
	if behind := w.lines.Behind(); w.canaries != nil && behind > 0 {
		why = append(why, "canary: "+steer.Count(len(w.canaries), "row")+" first, "+steer.Count(behind, "other")+" wait for their success")
	}
	if text := strings.Join(why, "; "); text != w.told {
		w.told = text
		w.cfg.Say("", text)
	}
}

// follow carries out an operator's command.
func (w *wave) follow(ctx context.Context, c steer.Command) {
	load := func() steer.Load {
		return steer.Load{Imports: w.lines.Count(queue.Slotted), After: w.lines.Count(queue.Beyond)}
	}
	answer := ""
	switch c.Kind {
	case steer.Cancel:
		answer = w.withdrawals.Cancel(ctx, c.Row)
	case steer.Drain:
		w.drain(ctx)
		_, answer = w.steered.Follow(c, load())
	default:
		w.steered, answer = w.steered.Follow(c, load())
	}
	c.Answer(answer)
}
