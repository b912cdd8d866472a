package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/progress"
	"wave365/pkg/report"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/wording"
)

// reportEvery is how often, on the wall clock, the report is written again while a run is in progress.
const reportEvery = 30 * time.Second

// drive drives a run, new or resumed, to its end, and prints the answer.
func (a *app) drive(ctx context.Context, g *globals, s *run.Session, page *livePage, how migration.Reason) error {
	l, r, now := s.Ledger, s.Run, s.Now
	view := a.view(g, func() time.Time { return now().In(a.zone) })
	toResume := func() string { return g.shell(r.ID).Line(resumeNow(context.WithoutCancel(ctx), l, r.ID)) }
	stops := listenForStops(ctx, func(text string) {
		text += ". To resume later: " + toResume()
		view.Status(text)
		if g.quiet {
			fmt.Fprintln(a.err, "wave365: "+text)
		}
	})
	defer stops.done()
	defer stayOn(g, r.ID)()
	defer a.serveLive(page, l, r, now)()
	var watch runner.Observer = observer{view}
	messages, err := a.messengerOf(g, s, watch, view.Status)
	if err != nil {
		return err
	}
	if messages != nil {
		watch = messages
	}
	view.Start(r, s.Rows)
	writer := a.writeReports(ctx, l, r, now)
	out, err := s.Execute(stops.ctx, run.Execution{
		How: how, Drain: stops.drain, Drained: stops.drained, Steered: view.Steered, Observer: watch, Say: view.Status, Logger: g.log,
	})
	writer()
	if n, why := messages.Close(context.WithoutCancel(ctx), l, out, err, toResume()); n > 0 {
		fmt.Fprintf(a.err, "wave365: %s not sent: %s\n  once the cause is gone: %s\n", wording.Count(n, "message"), why, g.shell(r.ID).Line(g.messages.command()))
	}
	stops.told()
	view.Done()
	if err != nil {
		code, _ := exitCode(err)
		_ = a.writeReport(context.WithoutCancel(ctx), l, r.ID, now(), code)
		console.SayCommand(a.err, "wave365: the run has stopped; resume with:", g.shell(r.ID), toResume())
		return err
	}
	switch {
	case out.Why == "":
	case out.End == runner.Halted: // how to continue is printed below
		fmt.Fprintln(a.err, "wave365: "+out.Why)
	case out.End == runner.Finished:
		fmt.Fprintf(a.err, "wave365: %s\n  fix the cause, then give those rows a new attempt: %s\n",
			out.Why, g.shell(r.ID).Line(fault.NewCommand("retry")))
	}
	return a.answerRun(context.WithoutCancel(ctx), g, l, r.ID, out.End, now())
}

// answerRun prints the state of a run when this process is done with it, and returns the exit code.
func (a *app) answerRun(ctx context.Context, g *globals, l *ledger.Ledger, id string, end runner.End, now time.Time) error {
	acc, err := a.account(ctx, l, id, now)
	if err != nil {
		return err
	}
	r, rows, counts := acc.Run, acc.Rows, migration.Count(acc.Rows)
	code, dir := runCode(end, counts, advice.Halted(acc.Events)), summary.Dir(r.ReportDir, r)
	acc.ExitCode = code
	unwritten := writeFolder(ctx, l, dir, acc) // reported last: how the run ended is printed in any case
	if g.json {
		console.JSON(a.out, runDocument{"wave365/run/v1", r.ID, r.Wave, r.Tenant, string(end), counts, code, dir})
	} else {
		console.Outcome(a.out, g.shell(id), acc)
		fmt.Fprintf(a.out, "\nReport: %s\n\n%s", filepath.Join(dir, report.FilePage), console.Fold("", summary.Verdict(acc), console.Width(a.out)))
	}
	goOn := g.shell(id).Line(advice.Resume(r, rows, acc.Events))
	switch end {
	case runner.Finished:
		if c := closeCommand(acc); c != "" && !g.json {
			console.SayCommand(a.out, "The user settings of the wave still build from snapshots; when the wave is done:", acc.Shell, c)
		}
	case runner.Reached:
		console.SayCommand(a.err, "wave365: "+wording.Count(counts.Open(), "row")+" imported, the cut-over waits for:", g.shell(id), goOn)
	default:
		lead := "continue with:"
		if end == runner.Halted {
			lead = "once the cause is removed, " + lead
		}
		console.SayCommand(a.err, "wave365: "+leftOpen(rows)+"; "+lead, g.shell(id), goOn)
	}
	if unwritten != nil {
		return unwritten
	}
	if code == exitOK {
		return nil
	}
	return exit(code)
}

// closeCommand returns the command that closes the run; "" when there is nothing to close yet, or any more.
func closeCommand(acc summary.Record) string {
	for _, c := range advice.Next(acc) {
		if c.Name == "close" {
			return acc.Shell.Line(c)
		}
	}
	return ""
}

// leftOpen describes the progress of the rows that are not final.
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
			parts = append(parts, wording.Count(n, "row")+" "+what)
		}
	}
	say(idle, "not started")
	say(begun, "begun and not imported")
	say(imported, "in the service")
	return strings.Join(parts, ", ")
}

// resumeNow returns the command that continues a run that no process drives, given the state of its rows.
func resumeNow(ctx context.Context, l *ledger.Ledger, id string) fault.Command {
	plain := fault.NewCommand("resume").For(id)
	r, err := l.Run(ctx, id)
	if err != nil {
		return plain
	}
	rows, err := l.Rows(ctx, id)
	if err != nil {
		return plain
	}
	events, err := l.Events(ctx, id)
	if err != nil {
		return plain
	}
	return advice.Resume(r, rows, events).For(id)
}

// view returns the view of the progress for this command.
func (a *app) view(g *globals, now func() time.Time) progress.View {
	if g.json && !g.quiet {
		return progress.NewJSON(console.AsIs(a.err), now)
	}
	return progress.New(progress.Options{
		Out: console.AsIs(a.err), Terminal: a.errTerm, Color: a.color(), ASCII: a.ascii(), Now: now, Quiet: g.quiet,
		Width:  func() int { w, _ := a.size(); return w },
		Height: func() int { _, h := a.size(); return h },
	})
}

// observer passes on to the view what the runner reports.
type observer struct{ view progress.View }

func (o observer) Row(r migration.Row) { o.view.Row(r) }

func (o observer) Polled(rows []int, next time.Time) {
	o.view.Polled(progress.Poll{Rows: rows, Next: next})
}

// reportShare is the factor by which the pause between reports exceeds the time that writing one takes: for a very
// large wave that is seconds.
const reportShare = 20

// writeReports writes the report again every half minute, or less often when it is large, until stop is called.
func (a *app) writeReports(ctx context.Context, l *ledger.Ledger, r migration.Run, now func() time.Time) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		next := time.NewTimer(reportEvery)
		defer next.Stop()
		for {
			select {
			case <-next.C:
				began := time.Now()
				// An error of writing the report is ignored here: it is written again at the end, where errors count.
				_ = a.writeReport(ctx, l, r.ID, now(), 0)
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
