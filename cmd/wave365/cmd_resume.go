package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/wording"
)

// resuming holds the flags of resume.
type resuming struct {
	continuing
	accept bool
}

func newResumeCommand(a *app, g *globals) *cobra.Command {
	var o resuming
	cmd := &cobra.Command{
		Use: "resume [RUN]", Short: "Resume an interrupted run from the last recorded fact",
		Long: `Resume a run that was drained, halted, stopped or killed, from the last recorded fact; without a name, with the
newest run that is not finished. Effects whose outcome was not recorded are looked up in the tenant before anything is done. The --canary,
--halt-after, --stop-by, --until and --notify of run apply again unless given again.

A wave file that was edited since the run began is refused (exit 10), and what changed is listed; rows are identified by user and
blob, not by line. --accept-changes validates the rows that are new or changed and have not begun, accepts them, and
cancels those that were removed. A failed row that would start over may have another disk or license, any other failed row another
license as long as the old one was not assigned. Other rows that have begun are not changed. A --stop-by time that has passed still holds: rows that have not begun are deferred, for retry, unless --stop-by is given
again or a failed row starts over.

Exit codes: as of run; 6 the run has ended, 10 the wave file was edited.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runResume(cmd, a, g, runArg(args), o)
		},
	}
	cmd.Flags().BoolVar(&o.accept, "accept-changes", false, "accept what changed in the wave file")
	o.addFlags(cmd, a, g)
	return cmd
}

func runResume(cmd *cobra.Command, a *app, g *globals, id string, o resuming) error {
	return o.come(cmd, a, g, func(quick context.Context, stop func(), page *livePage) error {
		ctx := cmd.Context()
		s, err := run.Lock(quick, a.session(g), id)
		if err != nil {
			return err
		}
		defer s.Close()
		edit, ended, err := a.readAndConnect(quick, s, o.accept)
		if err != nil {
			return err
		}
		if ended {
			return a.endedAlready(quick, g, s)
		}
		if edit != nil {
			if done, err := a.amend(quick, g, s, edit); done || err != nil {
				return err
			}
		}
		next, err := o.next(cmd, a, g, s)
		if err != nil {
			return err
		}
		return o.goOn(ctx, a, g, s, page, stop, func() error { return s.Choose(ctx, o.slots, next, "resume") }, func() { a.sayCarried(g, s.Run, s.Now()) })
	})
}

// readAndConnect reads the run and signs in. Both take a while, so they run at the same time where it is certain that the
// run continues. edit is the edit of the wave file, nil: none; ended: nothing is left to run, and it has not signed in.
func (a *app) readAndConnect(ctx context.Context, s *run.Session, accept bool) (edit *run.Edit, ended bool, err error) {
	connecting, giveUp := context.WithCancel(ctx)
	connect := sync.OnceValue(func() error { return s.Connect(connecting) })
	var early sync.WaitGroup
	defer early.Wait()
	defer giveUp()
	if s.Run.State == migration.RunActive && run.SameWave(s.Run) == nil {
		early.Go(func() { _ = connect() })
	}
	if err := s.Read(ctx); err != nil {
		return nil, false, err
	}
	if edit, err = s.Edited(); err != nil {
		return nil, false, err
	}
	switch open := migration.Count(s.Rows).Open(); {
	case open == 0 && (edit == nil || !accept):
		return edit, true, nil
	case edit != nil:
		if err := edit.Refuse(s.Run.ID, accept); err != nil {
			a.printLines(edit.Lines)
			return edit, false, err
		}
	}
	return edit, false, connect()
}

// amend accepts an edited wave file. done: there is nothing left to run, and the answer has been printed.
func (a *app) amend(ctx context.Context, g *globals, s *run.Session, edit *run.Edit) (done bool, err error) {
	fmt.Fprintf(a.err, "wave365: the wave file was edited: %s\n", wording.Count(len(edit.Lines), "change"))
	a.printLines(edit.Lines)
	res, ok, err := s.Amend(ctx, edit)
	if err != nil {
		return true, err
	}
	if !ok {
		fmt.Fprintln(a.err, "wave365: the edit is not accepted, because it has errors; nothing was changed")
		return true, a.answerFindings(g, edit.File, res, "put it back as it was")
	}
	fmt.Fprintln(a.err, "wave365: the edit is accepted")
	if !g.json {
		console.Findings(a.err, g.shell(""), res.Findings)
	}
	if migration.Count(s.Rows).Open() == 0 {
		return true, a.endedAlready(ctx, g, s)
	}
	return false, nil
}

func (a *app) printLines(lines []string) {
	for _, line := range lines {
		verb, _, _ := strings.Cut(line, " ")
		text := strings.TrimLeft(line[len(verb):], " ")
		console.Say(a.err, "  "+line[:len(line)-len(text)], text)
	}
}

// endedAlready answers for a run that has no row left to do. The process before may have ended between its last row and
// the recorded end, or between that and the report: it does what is missing.
func (a *app) endedAlready(ctx context.Context, g *globals, s *run.Session) error {
	at := run.LastChange(s.Run, s.Rows)
	if s.Run.State != migration.RunFinished {
		if err := s.Ledger.FinishRun(ctx, s.Run.ID, at); err != nil {
			return err
		}
		return a.answerRun(ctx, g, s.Ledger, s.Run.ID, runner.Finished, at)
	}
	if err := a.reportAgain(ctx, s.Ledger, s.Run.ID, at); err != nil {
		return err
	}
	since, err := run.Since(ctx, s.Ledger, s.Rows)
	if err != nil {
		return err
	}
	return nothing("run "+s.Run.ID+" has ended: nothing to do; its report is in "+summary.Dir(s.Run.ReportDir, s.Run), leftHint(s.Rows), leftNext(s, since)...)
}

// leftHint reports that some rows of an ended run can be continued; "" when none can.
func leftHint(rows []migration.Row) string {
	if c := migration.Count(rows); c.Failed+c.Deferred+c.Cancelled+c.Held == 0 {
		return ""
	}
	return "some rows did not succeed, and resume leaves those alone"
}

// leftNext returns the commands for those rows.
func leftNext(s *run.Session, since map[int]summary.Later) []fault.Command {
	var next []fault.Command
	for _, c := range advice.Next(summary.Record{Run: s.Run, Rows: s.Rows, Since: since}) {
		if c.Name == "retry" || c.Name == "reconcile" {
			next = append(next, c.For(s.Run.ID))
		}
	}
	return next
}

// sayCarried reports how the run was steered before its process ended, where that still applies.
func (a *app) sayCarried(g *globals, r migration.Run, now time.Time) {
	sh := g.shell(r.ID)
	if r.Settings.Paused {
		fmt.Fprintf(a.err, "wave365: the run is paused, as it was before: nothing new starts until: %s\n", sh.Line(fault.NewCommand("continue")))
	}
	if r.Settings.Draining {
		fmt.Fprintf(a.err, "wave365: the run was draining when its process ended, and still drains: what is in flight runs to completion; then resume with: %s\n",
			sh.Line(fault.NewCommand("resume")))
	}
	if by := r.Settings.StopBy; !by.IsZero() && !by.After(now) {
		fmt.Fprintf(a.err, "wave365: the time to stop by, %s, has passed: rows that have not begun are deferred; to start them: %s\n",
			a.when(by), sh.Line(fault.NewCommand("retry")))
	}
	fmt.Fprintf(a.err, "wave365: resuming with %s\n", wording.Count(r.Slots, "slot"))
}
