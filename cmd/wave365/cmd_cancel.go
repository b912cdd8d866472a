package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
)

func newCancelCommand(a *app, g *globals) *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use: "cancel [RUN]", Short: "Cancel rows that have no import yet, also of a live run",
		Long: `Cancel the rows of a run that have no import yet; without a name, of the newest run that is not finished. Works on an interrupted run
and, from a second terminal, on a live one. Without --row it counts the rows and asks. Nothing is undone in the tenant:
rows whose import was sent continue in the service, and the command names them; so does the import of an earlier
attempt of a row that is cancelled. ` + "`wave365 resume`" + ` follows those to their end; ` + "`wave365 retry`" + ` gives cancelled rows a new attempt.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCancel(cmd.Context(), a, g, runArg(args), user)
		},
	}
	cmd.Flags().StringVar(&user, "row", "", "only the row of this user; also cancels a held row")
	return cmd
}

func runCancel(ctx context.Context, a *app, g *globals, id, user string) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	if user == "" {
		if err := a.askCancel(ctx, g, id); err != nil {
			return err
		}
	}
	s, err := run.Open(ctx, a.session(g), id)
	if fault.CodeOf(err) == "ledger.locked" {
		return a.cancelLive(ctx, g, id, user, err)
	}
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := s.Cancel(ctx, user)
	if err != nil {
		return err
	}
	if err := a.answerCancel(ctx, g, s, c); err != nil {
		return err
	}
	return a.endQueued(ctx, g, s)
}

// endQueued has the workers take a run up once more that waits in their queue, for a person or for its time, although no row of
// it is open any more: they find that it is over, or what it waits for now.
func (a *app) endQueued(ctx context.Context, g *globals, s *run.Session) error {
	if migration.Count(s.Rows).Open() > 0 {
		return nil
	}
	q, job, err := inFleet(ctx, g, s.Run.ID)
	if err != nil || q == nil {
		return err
	}
	defer q.Close()
	if job.State == queue.Running || job.State == queue.Done {
		return nil
	}
	s.Close() // workers leave it alone while its lock is held
	return q.Wake(ctx, job.Ledger, job.Run)
}

// askCancel asks before it cancels every row of a run that can be cancelled. If there is none it does not ask.
func (a *app) askCancel(ctx context.Context, g *globals, id string) error {
	return a.inRun(ctx, g, ledger.Options{ReadOnly: true}, id, func(l *ledger.Ledger, r migration.Run) error {
		rows, err := l.Rows(ctx, r.ID)
		if err != nil {
			return err
		}
		giveUp, goOn, err := run.Cancellable(ctx, l, rows)
		if err != nil || giveUp == 0 {
			return err
		}
		text := fmt.Sprintf("Cancel %s of run %s", wording.Count(giveUp, "row"), r.ID)
		if goOn > 0 {
			text += fmt.Sprintf(" (%d more continue: the import was sent)", goOn)
		}
		if !g.json && (g.yes || !a.inTerm) { // otherwise the prompt says it
			fmt.Fprintln(a.err, text)
		}
		return a.ask(ctx, g, text+"?")
	})
}

// cancelLive asks the process that drives the run; refused is the error of the lock.
func (a *app) cancelLive(ctx context.Context, g *globals, id, user string, refused error) error {
	err := runOrder(ctx, a, g, id, ledger.RequestCancel, user)
	if fault.CodeOf(err) == "ledger.not-driven" {
		return refused // the lock is held by a command that does not drive the run
	}
	return err
}

// answerCancel reports what was cancelled and what continues all the same.
func (a *app) answerCancel(ctx context.Context, g *globals, s *run.Session, c run.Cancelled) error {
	if c.Rows == 0 && len(c.GoOn) == 0 {
		if r := c.Named; r != nil {
			return nothing(fmt.Sprintf("nothing to cancel: the row of %s is %s already, since %s", r.Target.User, r.State, a.when(r.FinishedAt)),
				"status shows its history", fault.NewCommand("status", r.Target.User).For(s.Run.ID))
		}
		return nothing("there is no row to cancel: every row of run "+s.Run.ID+" has ended", "")
	}
	if err := a.reportAgain(ctx, s.Ledger, s.Run.ID, s.Now()); err != nil {
		return err
	}
	text := fmt.Sprintf("%d cancelled", c.Rows)
	if n := len(c.GoOn); n > 0 {
		text += fmt.Sprintf(", %d too late to cancel: the import was sent and continues in the service", n)
	}
	if n := len(c.Lives); n > 0 {
		text += fmt.Sprintf("; of %d the import of an earlier attempt stays in the service, as far as is known", n)
	}
	if n := len(c.Away); n > 0 {
		text += fmt.Sprintf("; %d without the license that was taken for the import", n)
	}
	if g.json {
		return a.answer(orderDocument{"wave365/order/v1", s.Run.ID, ledger.RequestCancel, "", text})
	}
	fmt.Fprintf(a.out, "Run %s: %s.\n", s.Run.ID, text)
	for _, r := range c.GoOn {
		fmt.Fprintf(a.out, "  line %-4d %s: %s; %s\n", r.Target.Line, r.Target.User, r.Step, fateOf(r))
	}
	for _, r := range c.Lives {
		a.bullet(g, "!", fmt.Sprintf("line %d %s: the import of an earlier attempt is not known to be purged: retry takes it over as long as it can be used, or purge it:", r.Target.Line, r.Target.User),
			[]fault.Command{fault.NewCommand("purge", "--row", r.Target.User)})
	}
	for _, r := range c.Away {
		a.bullet(g, "!", fmt.Sprintf("line %d %s: the license %s was taken away for the import and is not given back; retry continues without it, or give it back:", r.Target.Line, r.Target.User, r.Target.SKUName),
			[]fault.Command{fault.NewCommand("undo", "--row", r.Target.User).For(s.Run.ID)})
	}
	if len(c.GoOn) > 0 {
		console.SayCommand(a.out, "Follow them to their end with:", g.shell(""), g.shell("").Line(resumeNow(ctx, s.Ledger, s.Run.ID)))
	}
	return nil
}

// fateOf describes what the service does with a row that cannot be cancelled.
func fateOf(r migration.Row) string {
	switch {
	case r.CutOver():
		return migration.StepProvisionWait.Info().Fate
	case !r.Step.Imported(): // it cannot be cancelled, so an import of an earlier attempt is open
		return migration.StepImport.Info().Fate
	}
	return r.Step.Info().Fate
}
