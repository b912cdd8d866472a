package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/runner"
)

func newReportCommand(a *app, g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "report [RUN]", Short: "Write the report folder of a run again from the ledger",
		Long: "Write the report folder of a run again from the ledger alone; without a name, of the latest run.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			return runReport(cmd.Context(), a, g, id)
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use: "verify DIR", Short: "Check a report folder against its manifest and its audit chain",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := report.Verify(args[0]); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s is as it was written.\n", args[0])
			return nil
		},
	})
	return cmd
}

func runReport(ctx context.Context, a *app, g *globals, id string) error {
	l, err := openExisting(ctx, g, ledger.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	run, err := l.Run(ctx, id)
	if err != nil {
		return err
	}
	rows, err := l.Rows(ctx, run.ID)
	if err != nil {
		return err
	}
	at, end := lastChange(run, rows), runner.Finished
	counts := migration.Count(rows)
	if counts.Open() > 0 {
		end = runner.Drained
	}
	code := runCode(end, counts)
	acc, err := a.account(ctx, l, run.ID, at, code)
	if err != nil {
		return err
	}
	dir := report.Dir(run.ReportDir, run)
	if err := report.Write(dir, acc); err != nil {
		return err
	}
	if g.json {
		printJSON(a.out, runDocument{"wave365/report-command/v1", run.ID, run.Wave, run.Tenant, string(run.State), counts, code, dir})
		return nil
	}
	fmt.Fprintln(a.out, report.Verdict(acc))
	fmt.Fprintf(a.out, "\nReport: %s\n", dir)
	return nil
}

// lastChange is the moment that a regenerated report is true for: of the last recorded fact, so that the same ledger
// gives the same bytes.
func lastChange(run migration.Run, rows []migration.Row) time.Time {
	at := run.CreatedAt
	if run.FinishedAt.After(at) {
		at = run.FinishedAt
	}
	for _, r := range rows {
		if r.UpdatedAt.After(at) {
			at = r.UpdatedAt
		}
	}
	return at
}
