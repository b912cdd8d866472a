package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/progress"
	"wave365/pkg/report"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
)

// reportEvery is how often, on the wall clock, the report is written again while a run goes on.
const reportEvery = 30 * time.Second

// drive takes a run, new or resumed, to its end, and prints the answer.
func (a *app) drive(ctx context.Context, g *globals, conn *connection, l *ledger.Ledger, run migration.Run, rows []migration.Row, how migration.Reason) error {
	view := a.view(g, conn.clock)
	conn.throttle = func(t cloud.Throttle) {
		view.Status(fmt.Sprintf("%s asks to wait until %s: %s", t.Service, t.Until.In(a.zone).Format("15:04:05"), t.Why))
		_ = l.Note(ctx, migration.Event{Run: run.ID, Row: migration.WaveRow, At: conn.clock.Now(), Reason: migration.RunThrottled, Note: t.Service + ": " + t.Why})
	}
	stops := listenForStops(ctx, func(text string) {
		text += ". To go on later: " + resumeCommand(g, run)
		view.Status(text)
		if g.quiet {
			fmt.Fprintln(a.err, "wave365: "+text)
		}
	})
	defer stops.done()
	note := func(why migration.Reason, text string) error {
		return l.Note(context.WithoutCancel(ctx), migration.Event{Run: run.ID, Row: migration.WaveRow, At: conn.clock.Now(), Reason: why, Note: text})
	}
	if err := note(how, version); err != nil {
		return err
	}
	limit, err := limitsOf(run, conn.clock.Now(), a.zone)
	if err != nil {
		return err
	}
	defer a.stayOn(ctx, g, run.ID, view)()
	frozen, err := a.serveLive(g.live, l, run, conn.clock.Now)
	if err != nil {
		return err
	}
	defer frozen()
	view.Start(run, rows)
	book := playbook.New(run, conn.graph, conn.storage, l, conn.clock, sourcesOf(run, conn.blobRoot))
	book.Learn(rows)
	if limit.repeatLost {
		book.RepeatLostImports()
	}
	halted := ""
	orders, deaf := a.obeyOrders(ctx, g, l, run, conn.clock, stops.drained)
	defer deaf()
	r, err := runner.New(l, runner.Config{
		Slots: run.Slots, Steps: book.Steps(), Clock: conn.clock, Observer: observer{view}, Logger: g.log,
		Canary: limit.canary, Halt: limit.halt, StopBy: limit.stopBy, Until: limit.until, Orders: orders, Touched: book.Touched,
		Forecast: func(r migration.Row) time.Duration { return book.Forecast(r, limit.until) },
		Say: func(why migration.Reason, text string) {
			view.Status(text)
			if why == migration.RunHalted {
				halted = text
			}
			if why != "" {
				_ = note(why, text)
			}
		},
	})
	if err != nil {
		view.Done()
		return err
	}
	writer := a.writeReports(ctx, l, run, conn.clock)
	end, err := a.prepareAndRun(stops, book, r, rows)
	deaf()
	writer()
	view.Done()
	if err != nil {
		_ = note(migration.RunStopped, err.Error())
		_ = a.writeReport(context.WithoutCancel(ctx), l, run.ID, conn.clock.Now(), exitUnexpected)
		fmt.Fprintln(a.err, "wave365: the run has stopped; go on with: "+resumeCommand(g, run))
		return err
	}
	if err := note(endReasons()[end], ""); err != nil {
		return err
	}
	switch end {
	case runner.Finished:
		if err := l.FinishRun(ctx, run.ID, conn.clock.Now()); err != nil {
			return err
		}
	case runner.Reached:
		// The next resume is the evening of the cut-over.
		if err := l.ChangeRun(ctx, run.ID, ledger.Change{Settings: map[string]string{"until": ""}, By: "the last step was reached"}); err != nil {
			return err
		}
	case runner.Halted:
		fmt.Fprintln(a.err, "wave365: "+halted+"\n  "+here(g.ledger, "mend the cause, then `wave365 retry "+run.ID+"` takes those rows up again, or resume with another --halt-after or --canary"))
	}
	return a.answerRun(context.WithoutCancel(ctx), g, l, run.ID, end, conn.clock.Now())
}

// endReasons says by which event each end of a run is recorded.
func endReasons() map[runner.End]migration.Reason {
	return map[runner.End]migration.Reason{
		runner.Finished: migration.RunEnded, runner.Drained: migration.RunDrained, runner.Stopped: migration.RunStopped,
		runner.Halted: migration.RunHalted, runner.Reached: migration.RunReached,
	}
}

// lastEnd is how the run's latest process ended, as far as it could record that.
func lastEnd(events []migration.Event) runner.End {
	for _, e := range slices.Backward(events) {
		if e.Reason == migration.RunStarted || e.Reason == migration.RunResumed {
			break
		}
		for end, why := range endReasons() {
			if e.Row == migration.WaveRow && e.Reason == why {
				return end
			}
		}
	}
	return runner.Drained
}

// prepareAndRun does what is done once, then the rows.
func (a *app) prepareAndRun(s *stops, book *playbook.Book, r *runner.Runner, rows []migration.Row) (runner.End, error) {
	select {
	case <-s.drain:
		return runner.Drained, nil
	default:
	}
	if err := book.Prepare(s.ctx, rows); err != nil {
		if fault.Is(err, fault.Interrupted) {
			return runner.Stopped, nil
		}
		return runner.Stopped, err
	}
	_, end, err := r.Run(s.ctx, s.drain, rows)
	return end, err
}

// answerRun prints how a run stands after this process is done with it, and gives the exit code.
func (a *app) answerRun(ctx context.Context, g *globals, l *ledger.Ledger, id string, end runner.End, now time.Time) error {
	rows, err := l.Rows(ctx, id)
	if err != nil {
		return err
	}
	counts := migration.Count(rows)
	code := runCode(end, counts)
	unwritten := a.writeReport(ctx, l, id, now, code) // told last: how the run ended is told in any case
	run, err := l.Run(ctx, id)
	if err != nil {
		return err
	}
	dir := summary.Dir(run.ReportDir, run)
	state := string(end)
	if g.json {
		printJSON(a.out, runDocument{"wave365/run/v1", run.ID, run.Wave, run.Tenant, state, counts, code, dir})
	} else {
		account, err := a.account(ctx, l, id, now, code)
		if err != nil {
			return err
		}
		printOutcome(a.out, g.ledger, rows)
		fmt.Fprintf(a.out, "\nReport: %s\n\n%s", filepath.Join(dir, report.FilePage), folded("", summary.Verdict(account), columns(a.out)))
	}
	switch end {
	case runner.Finished:
	case runner.Reached:
		fmt.Fprintf(a.err, "wave365: %s imported, the cut-over waits for: %s\n", plural(counts.Open(), "row"), resumeCommand(g, run))
	default:
		fmt.Fprintf(a.err, "wave365: %s; go on with: %s\n", leftOpen(rows), resumeCommand(g, run))
	}
	if unwritten != nil {
		return unwritten
	}
	if code == exitOK {
		return nil
	}
	return exit(code)
}

// leftOpen says how far the rows are that are not final.
func leftOpen(rows []migration.Row) string {
	idle, begun, imported := 0, 0, 0
	for _, r := range rows {
		switch {
		case r.State.Final():
		case r.Step.Imported():
			imported++
		case r.Begun():
			begun++
		default:
			idle++
		}
	}
	var parts []string
	say := func(n int, what string) {
		if n > 0 {
			parts = append(parts, plural(n, "row")+" "+what)
		}
	}
	say(idle, "not started")
	say(begun, "begun and not imported")
	say(imported, "in the service")
	return strings.Join(parts, ", ")
}

// resumeCommand is what a person types to go on.
func resumeCommand(g *globals, run migration.Run) string {
	parts := []string{"wave365 resume", run.ID}
	if g.ledger != defaultLedger {
		parts = append(parts, "--ledger", summary.Quote(g.ledger))
	}
	return strings.Join(parts, " ")
}

// view is how this command shows its progress.
func (a *app) view(g *globals, clock cloud.Clock) progress.View {
	if g.json && !g.quiet {
		return progress.NewJSON(a.err, clock.Now)
	}
	return progress.New(progress.Options{
		Out: a.err, Terminal: a.errTerm, Color: a.color(), Now: clock.Now, Quiet: g.quiet,
		Width:  func() int { w, _ := a.size(); return w },
		Height: func() int { _, h := a.size(); return h },
	})
}

// observer tells the view what the runner tells.
type observer struct{ view progress.View }

func (o observer) Row(r migration.Row) { o.view.Row(r) }

func (o observer) Polled(rows []int, next time.Time) {
	o.view.Polled(progress.Poll{Rows: rows, Next: next})
}

// reportShare is how many times as long as a report takes to be written it is left alone: that of a very large wave
// takes seconds.
const reportShare = 20

// writeReports writes the report again every half minute, or more rarely when it is large, until the function it gives
// is called.
func (a *app) writeReports(ctx context.Context, l *ledger.Ledger, run migration.Run, clock cloud.Clock) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		next := time.NewTimer(reportEvery)
		defer next.Stop()
		for {
			select {
			case <-next.C:
				began := time.Now()
				// A report that cannot be written now is written at the end, where its error counts.
				_ = a.writeReport(ctx, l, run.ID, clock.Now(), 0)
				next.Reset(max(reportEvery, reportShare*time.Since(began)))
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}
