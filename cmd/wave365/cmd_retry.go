package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
)

func newRetryCommand(a *app, g *globals) *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use: "retry [RUN]", Short: "Give failed rows a new attempt, from the failed step on",
		Long: `Give the failed, cancelled and deferred rows of a run a new attempt, and go on with the run; without a name, with
the latest one. A row goes on at the step that failed. One whose import failed, expired or is gone begins anew: what is
left of its import is purged first, after it was read back as this row's own, over and unused; the disk's facts are read
again. After a failed provisioning press Retry for the Cloud PC in Intune first. An import whose answer was lost is not
repeated: it is looked for, and held again when it cannot be found.

Exit codes: as of run; 6 no row to retry, 10 the wave file was edited.`,
		Example: "  wave365 retry\n  wave365 retry 20261120-1715-ab12 --row ada@contoso.com --yes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRetry(cmd.Context(), a, g, runArg(args), user)
		},
	}
	cmd.Flags().StringVar(&user, "row", "", "only the row of this user")
	return cmd
}

func runRetry(ctx context.Context, a *app, g *globals, id, user string) error {
	quick, stop := interruptible(ctx)
	defer stop()
	t, err := takeUp(quick, g, id)
	if err != nil {
		return err
	}
	defer t.close()
	chosen, err := retryable(t.rows, user)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		return nothing("run "+t.run.ID+" has no failed, cancelled or deferred row: nothing to retry", "")
	}
	if err := sameWave(t.run); err != nil {
		return err
	}
	if err := t.connect(quick, a, g); err != nil {
		return err
	}
	targets, bad, err := t.freshDisks(quick, a, g, chosen)
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		printFindings(a.err, bad)
		chosen = slices.DeleteFunc(chosen, func(i int) bool {
			return slices.ContainsFunc(bad, func(f wave.Finding) bool { return f.Line == t.rows[i].Target.Line })
		})
	}
	if len(chosen) == 0 {
		fmt.Fprintln(a.err, "wave365: the disks still have errors: nothing to retry")
		return exit(exitInvalid)
	}
	a.printRetry(g, t.rows, chosen)
	if err := a.ask(quick, g, "Try again? This changes the tenant."); err != nil {
		return err
	}
	if err := writable(t.run, "let this user write there: it is the run's own folder"); err != nil {
		return err
	}
	stop() // from here on a signal drains
	who := whoAndWhere()
	if err := t.l.ReopenRun(ctx, t.run.ID); err != nil {
		return err
	}
	for _, i := range chosen {
		tr := migration.Retry(t.rows[i], targets[i], "new attempt by "+who, t.now())
		if err := t.l.Apply(ctx, tr); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s, by %s", plural(len(chosen), "row"), who)
	if err := t.l.Note(ctx, migration.Event{Run: t.run.ID, Row: migration.WaveRow, At: t.now(), Reason: migration.RunRetried, Note: text}); err != nil {
		return err
	}
	if err := t.l.ChangeRun(ctx, t.run.ID, ledger.Change{Settings: map[string]string{"on-lost-reply": ""}, By: who}); err != nil {
		return err
	}
	if err := t.reload(ctx); err != nil {
		return err
	}
	return a.drive(ctx, g, t.conn, t.l, t.run, t.rows, migration.RunResumed)
}

// retryable gives the positions of the rows that get a new attempt: every one that may, or that of one user.
func retryable(rows []migration.Row, user string) ([]int, error) {
	var at []int
	if user == "" {
		for i, r := range rows {
			if r.Retryable() {
				at = append(at, i)
			}
		}
		return at, nil
	}
	i, err := rowOf(rows, user)
	if err != nil {
		return nil, err
	}
	switch r := rows[i]; {
	case r.Retryable():
		return []int{i}, nil
	case r.State == migration.Held:
		return nil, fault.New(fault.Conflict, "row.held", "the row of "+r.Target.User+" is held: an import of it may exist", "settle it with `wave365 reconcile "+r.Run+" --row "+summary.Quote(r.Target.User)+"`")
	case r.Removed():
		return nil, fault.New(fault.Conflict, "row.removed", "the line of "+r.Target.User+" was taken out of the wave file", "put it back, then `wave365 resume "+r.Run+" --accept-changes`")
	case r.State == migration.Skipped:
		return nil, fault.New(fault.Conflict, "row.skipped", "the row of "+r.Target.User+" was skipped, because it had an error", "mend its line in the wave file, then `wave365 resume "+r.Run+" --accept-changes`")
	default:
		return nil, fault.New(fault.Conflict, "row.state", "the row of "+r.Target.User+" is "+string(r.State), "only failed, cancelled and deferred rows get a new attempt")
	}
}

// freshDisks reads the facts of the disks again for rows that begin anew, because a disk that failed has to be mended. It
// gives every row's target, and what is wrong with the disks.
func (t *takeup) freshDisks(ctx context.Context, a *app, g *globals, chosen []int) ([]migration.Target, []wave.Finding, error) {
	targets := make([]migration.Target, len(t.rows))
	for i, r := range t.rows {
		targets[i] = r.Target
	}
	if _, err := os.Stat(t.run.WavePath); err != nil {
		return targets, nil, nil // without the file the check step compares with what validation saw
	}
	file, findings, err := readWave(t.run.WavePath, wave.Options{AllowUnknownColumns: true})
	if err != nil || file == nil {
		return targets, nil, err
	}
	var rows, lines []int
	for _, i := range chosen {
		if migration.RetryStep(t.rows[i]) != migration.StepCheck {
			continue
		}
		if at := slices.IndexFunc(file.Rows, func(f wave.Row) bool {
			return wave.UserKey(f.User) == wave.UserKey(t.rows[i].Target.User) && f.Line == t.rows[i].Target.Line
		}); at >= 0 {
			rows, lines = append(rows, i), append(lines, at)
		}
	}
	if len(rows) == 0 {
		return targets, nil, nil
	}
	res, err := t.checkSome(ctx, a, g, file, findings, lines, known{})
	if err != nil {
		return nil, nil, err
	}
	for k, i := range rows {
		if disk := res.Targets[k].Disk; disk.URL != "" && disk.Length > 0 {
			targets[i].Disk, targets[i].GuestState = disk, res.Targets[k].GuestState
		}
	}
	// Everything else that validation finds is about a user who is half-way through: the steps look for themselves.
	bad := slices.DeleteFunc(res.Findings, func(f wave.Finding) bool { return f.Severity != wave.Error || !aboutDisks(f.Code) })
	return targets, bad, nil
}

func aboutDisks(code string) bool {
	family, _, _ := strings.Cut(code, ".")
	return slices.Contains([]string{"blob", "vhd", "guest", "sas"}, family) || code == "license.disk-too-small"
}

// printRetry shows where each row will go on.
func (a *app) printRetry(g *globals, rows []migration.Row, chosen []int) {
	if g.json {
		return
	}
	fmt.Fprintf(a.err, "New attempt for %s:\n", plural(len(chosen), "row"))
	for _, i := range chosen {
		r, from := rows[i], migration.RetryStep(rows[i])
		text := fmt.Sprintf("  line %-4d %s: %s at %s, goes on at %s", r.Target.Line, r.Target.User, r.State, r.Step, from)
		if from == migration.StepCheck && r.Step.Imported() {
			text += ", after what is left of its import is purged"
		}
		fmt.Fprintln(a.err, text)
	}
}
