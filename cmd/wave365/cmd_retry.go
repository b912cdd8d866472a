package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// retrying holds the flags of retry.
type retrying struct {
	continuing
	user string
}

func newRetryCommand(a *app, g *globals) *cobra.Command {
	var o retrying
	cmd := &cobra.Command{
		Use: "retry [RUN]", Short: "Give failed rows a new attempt, from the failed step on",
		Long: `Give the failed, cancelled and deferred rows of a run a new attempt, and continue the run; without a name, with
the latest one. A row continues at the step that failed. One whose import failed, expired or is gone starts over: what is
left of its import is purged first, after it was read back as this row's own, ended and unused; the disk's facts are read
again. After a failed provisioning press Retry for the Cloud PC in Intune first. An import whose answer was lost is not
repeated: it is looked up, and held again if it cannot be found. A row whose user another run of the ledger has
started since gets no new attempt.

Exit codes: as of run; 6 no row to retry, 10 the wave file was edited.`,
		Example: "  wave365 retry\n  wave365 retry 20261120-1715-ab12 --row ada@contoso.com --yes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRetry(cmd, a, g, runArg(args), o)
		},
	}
	cmd.Flags().StringVar(&o.user, "row", "", "only the row of this user")
	o.addFlags(cmd, a, g)
	return cmd
}

func runRetry(cmd *cobra.Command, a *app, g *globals, id string, o retrying) error {
	return o.come(cmd, a, g, func(quick context.Context, stop func(), page *livePage) error {
		ctx := cmd.Context()
		s, err := run.Open(quick, a.newest(g), id)
		if err != nil {
			return err
		}
		defer s.Close()
		chosen, err := run.Retryable(s.Rows, o.user)
		if err != nil {
			return err
		}
		if len(chosen) == 0 {
			return nothing("run "+s.Run.ID+" has no failed, cancelled or deferred row: nothing to retry", "")
		}
		if err := run.SameWave(s.Run); err != nil {
			return err
		}
		if err := s.Connect(quick); err != nil {
			return err
		}
		attempt, err := s.NewAttempt(quick, chosen)
		if err != nil {
			return err
		}
		if len(attempt.Findings) > 0 {
			console.Findings(a.err, g.shell(""), attempt.Findings)
		}
		if len(attempt.Rows) == 0 && !slices.ContainsFunc(attempt.Findings, func(f wave.Finding) bool { return f.Code != "user.in-other-run" }) {
			return nothing("run "+s.Run.ID+" has no row left to retry: other runs have included their users since", "")
		}
		if len(attempt.Rows) == 0 {
			fmt.Fprintln(a.err, "wave365: no row can get a new attempt: nothing to retry")
			return exit(exitInvalid)
		}
		next, err := o.next(cmd, a, g, s)
		if err != nil {
			return err
		}
		others := startedToo(s.Rows, attempt.Rows, next)
		a.printRetry(g, s.Rows, attempt.Rows, others)
		question := "Try again?"
		if others != "" {
			question = "Try again, " + others + "?"
		}
		if err := a.ask(quick, g, question+" "+consequence(s.Run.Sandbox)); err != nil {
			return err
		}
		return o.goOn(ctx, a, g, s, page, stop, func() error { return s.Retry(ctx, attempt, o.slots, next) }, func() {})
	})
}

// startedToo describes which rows start when the run continues, besides those chosen for a new attempt; "" when none
// does.
func startedToo(rows []migration.Row, chosen []int, next migration.Settings) string {
	n := 0
	for i, r := range rows {
		if !slices.Contains(chosen, i) && !r.State.Final() && !r.Begun() {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	text := fmt.Sprintf("and %d rows that have not begun start as well", n)
	if n == 1 {
		text = "and 1 row that has not begun starts as well"
	}
	if next.Canary > 0 {
		text += " (once the canary has succeeded)"
	}
	return text
}

// printRetry shows where each row will continue, and which others start.
func (a *app) printRetry(g *globals, rows []migration.Row, chosen []int, others string) {
	if g.json {
		return
	}
	fmt.Fprintf(a.err, "New attempt for %s:\n", wording.Count(len(chosen), "row"))
	for _, i := range chosen {
		r, from := rows[i], migration.RetryStep(rows[i])
		text := fmt.Sprintf("%s: %s at %s, continues at %s", r.Target.User, r.State, r.Step, from)
		if from == migration.StepCheck && r.Step.Imported() {
			text += ", after what is left of its import is purged"
		}
		console.Say(a.err, fmt.Sprintf("  line %-4d ", r.Target.Line), text)
	}
	if others != "" {
		console.Say(a.err, "  ", others)
	}
}
