package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/compare"
	"wave365/pkg/summary/wording"
)

// reportOptions holds the flags of report.
type reportOptions struct {
	redact bool
	format string
	// dir is the folder to write; empty: the one that the run wrote.
	dir string
}

func newReportCommand(a *app, g *globals) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use: "report [RUN]", Short: "Write the report folder of a run again from the ledger",
		Long: `Write the report folder of a run again from the ledger alone; without a name, of the latest run.

--redact writes a copy for people outside into a folder of its own: people, tenant, disks and hosts have pseudonyms,
the same ones in every report of this ledger; notes and columns of your own are withheld. Departments, policies,
licenses, times, codes, and the ids of snapshots and requests stay.

--format prints one file of the report to standard output instead: ` + strings.Join(report.Formats(), ", ") + `.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("report-dir") {
				o.dir = g.reportDir
			}
			return runReport(cmd.Context(), a, g, o, runArg(args))
		},
	}
	cmd.Flags().BoolVar(&o.redact, "redact", false, "replace names, addresses and hosts with pseudonyms, for sharing outside")
	cmd.Flags().StringVar(&o.format, "format", "", "print one file instead: "+strings.Join(report.Formats(), ", "))
	cmd.AddCommand(newVerifyCommand(a, g), newCompareCommand(a, g))
	return cmd
}

func newVerifyCommand(a *app, g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify DIR", Short: "Check a report folder against its manifest and its audit chain",
		Long: `Check a report folder against its manifest and its audit chain: whether every file is unchanged since it was written. Files added
to the folder do not count.

Exit codes: 0 nothing was changed, 1 something was, 2 this is not a report folder.`,
		Example: "  wave365 report verify reports/friday-20260306-1830-k7f3",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			err := report.Verify(args[0])
			touched := fault.CodeOf(err) == "report.touched"
			if err != nil && !touched {
				return err
			}
			if g.json {
				doc := verifyDocument{Schema: "wave365/report-verify/v1", ReportDir: args[0], Verdict: "as-written"}
				if touched {
					doc.Verdict, doc.Why, doc.ExitCode = "touched", wording.OneLine(err.Error()), exitUnexpected
				}
				console.JSON(a.out, doc)
			}
			if touched || g.json {
				return err
			}
			fmt.Fprintf(a.out, "%s is unchanged since it was written.\n", args[0])
			return nil
		},
	}
	usage.StandsAlone(cmd)
	return cmd
}

// verifyDocument is the answer of `report verify` with --json.
type verifyDocument struct {
	Schema    string `json:"schema"`
	ReportDir string `json:"report_dir"`
	// Verdict is "as-written" or "touched", and Why says what was.
	Verdict  string `json:"verdict"`
	Why      string `json:"why,omitempty"`
	ExitCode int    `json:"exit_code"`
}

func runReport(ctx context.Context, a *app, g *globals, o reportOptions, id string) error {
	if o.format != "" && g.json {
		return usageError{errors.New("--format and --json cannot be combined; --format json prints run.json")}
	}
	return a.inLedger(ctx, g, ledger.Options{ReadOnly: true}, func(l *ledger.Ledger) error {
		acc, err := a.recorded(ctx, l, id)
		if err != nil {
			return err
		}
		dir := summary.Dir(cmp.Or(o.dir, acc.Run.ReportDir), acc.Run)
		if o.redact {
			if acc, err = pseudonymous(ctx, l, acc); err != nil {
				return err
			}
			dir += "-redacted"
		}
		if o.format != "" {
			return report.Print(console.AsIs(a.out), o.format, acc)
		}
		if err := writeFolder(ctx, l, dir, acc); err != nil {
			return err
		}
		if r := acc.Run; g.json {
			return a.answer(runDocument{"wave365/report-command/v1", r.ID, r.Wave, r.Tenant, string(r.State), migration.Count(acc.Rows), acc.ExitCode, dir})
		}
		fmt.Fprintf(a.out, "Report: %s\n\n%s", filepath.Join(dir, "report.html"), console.Fold("", summary.Verdict(acc), console.Width(a.out)))
		return nil
	})
}

// recorded returns the record of a run as the ledger holds it, at the moment of the last recorded fact.
func (a *app) recorded(ctx context.Context, l *ledger.Ledger, id string) (summary.Record, error) {
	r, err := l.Run(ctx, id)
	if err != nil {
		return summary.Record{}, whichRuns(ctx, l, err)
	}
	acc, err := a.account(ctx, l, r.ID, time.Time{})
	if err != nil {
		return acc, err
	}
	end, ended, counts := runner.Finished, migration.Event{}, migration.Count(acc.Rows)
	if counts.Open() > 0 {
		if end, ended, _ = run.LastEnd(acc.Events); end == "" {
			end = runner.Drained // no end was recorded: open rows wait for resume, as after a drain
		}
	}
	acc.At, acc.ExitCode = run.LastChange(acc.Run, acc.Rows), endCode(end, ended, counts, advice.Halted(acc.Events))
	return acc, nil
}

// whichRuns adds to the error for an unknown run which runs exist, the latest first.
func whichRuns(ctx context.Context, l *ledger.Ledger, err error) error {
	const shown = 8
	runs, failed := l.Runs(ctx)
	if fault.CodeOf(err) != "ledger.no-run" || failed != nil || len(runs) == 0 {
		return err
	}
	var names []string
	for _, r := range runs[:min(shown, len(runs))] {
		names = append(names, r.ID)
	}
	hint := "it holds " + strings.Join(names, ", ")
	if more := len(runs) - shown; more > 0 {
		hint += fmt.Sprintf(" and %d earlier ones", more)
	}
	return fault.Wrap(fault.NotFound, "ledger.no-run", err.Error(), hint+"; check --ledger", err)
}

// pseudonymous makes a record fit for people outside. The key of its pseudonyms is derived from the ledger's first
// entry, so that they are the same in every report of one ledger.
func pseudonymous(ctx context.Context, l *ledger.Ledger, acc summary.Record) (summary.Record, error) {
	for entry, err := range l.Audit(ctx, "") {
		if err != nil {
			return acc, err
		}
		key := sha256.Sum256([]byte("wave365 pseudonyms " + entry.Hash))
		return report.Pseudonymous(acc, key[:]), nil
	}
	return acc, errors.New("the ledger has no audit")
}

func newCompareCommand(a *app, g *globals) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use: "compare RUN RUN", Short: "Show what a second run changed, person by person",
		Example: "  wave365 report compare 20260306-1830-k7f3 20260313-1830-a1b2\n  wave365 report compare FIRST SECOND --format html > compared.html",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCompare(cmd.Context(), a, g, o, args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&o.redact, "redact", false, "replace names, addresses and hosts with pseudonyms, for sharing outside")
	cmd.Flags().StringVar(&o.format, "format", "table", "table or html")
	return cmd
}

// comparisonDocument is the answer of `report compare --json`.
type comparisonDocument struct {
	Schema  string           `json:"schema"`
	Verdict string           `json:"verdict"`
	First   comparedRun      `json:"first"`
	Second  comparedRun      `json:"second"`
	Same    int              `json:"same"`
	Kept    int              `json:"kept"`
	Changes []comparedPerson `json:"changes"`
}

type comparedRun struct {
	Run    string           `json:"run"`
	Wave   string           `json:"wave"`
	Counts migration.Counts `json:"counts"`
}

type comparedPerson struct {
	User       string `json:"user"`
	Department string `json:"department"`
	Before     string `json:"before"`
	After      string `json:"after"`
	CloudPC    string `json:"cloud_pc_name"`
	ReasonCode string `json:"reason_code"`
	Reason     string `json:"reason"`
	Remedy     string `json:"remedy"`
}

func runCompare(ctx context.Context, a *app, g *globals, o reportOptions, first, second string) error {
	if o.format != "table" && o.format != "html" {
		return usageError{fmt.Errorf("%q is neither table nor html", o.format)}
	}
	return a.inLedger(ctx, g, ledger.Options{ReadOnly: true}, func(l *ledger.Ledger) error {
		var both [2]summary.Record
		var err error
		for i, id := range []string{first, second} {
			if both[i], err = a.recorded(ctx, l, id); err != nil {
				return err
			}
			if o.redact {
				if both[i], err = pseudonymous(ctx, l, both[i]); err != nil {
					return err
				}
			}
		}
		c := compare.Runs(both[0], both[1])
		switch {
		case g.json:
			console.JSON(a.out, comparisonOf(c))
		case o.format == "html":
			return report.CompareHTML(console.AsIs(a.out), c)
		default:
			printComparison(a, c)
		}
		return nil
	})
}

func comparisonOf(c compare.Comparison) comparisonDocument {
	compared := func(a summary.Record) comparedRun {
		return comparedRun{a.Run.ID, a.Run.Wave, migration.Count(a.Rows)}
	}
	doc := comparisonDocument{
		Schema: "wave365/report-compare/v1", Verdict: c.Verdict(), First: compared(c.First), Second: compared(c.Second), Same: c.Same, Kept: c.Kept,
		Changes: []comparedPerson{},
	}
	for _, ch := range c.Changes {
		doc.Changes = append(doc.Changes, comparedPerson{
			User: ch.Target.User, Department: ch.Target.Department, Before: string(ch.Before), After: string(ch.After),
			CloudPC: ch.CloudPC, ReasonCode: ch.Why.Code, Reason: ch.Why.Text, Remedy: c.Second.Shell.Remedy(ch.Why.Remedy),
		})
	}
	return doc
}

func printComparison(a *app, c compare.Comparison) {
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "USER\tFIRST RUN\tSECOND RUN\tWHY")
	for _, ch := range c.Changes {
		before, after := string(ch.Before), string(ch.After)
		if before == "" {
			before = "not in it"
		}
		if after == "" {
			after = "not in it"
		}
		line := ch.Target.User + "\t" + before + "\t" + after
		if ch.Why.Text != "" {
			line += "\t" + ch.Why.Text
		}
		fmt.Fprintln(t, line)
	}
	if len(c.Changes) > 0 {
		_ = t.Flush()
		fmt.Fprintln(a.out)
	}
	if c.Same > 0 {
		fmt.Fprintf(a.out, "%d ended the same in both runs.\n", c.Same)
	}
	console.Say(a.out, "", c.Verdict())
}
