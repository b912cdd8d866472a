package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
)

func newStatusCommand(a *app, g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status [RUN]", Short: "Show where a run stands, also while another process runs it",
		Long: "Show where a run stands; without a name, the latest one. It only reads, and may be used from a second terminal\nwhile the run goes on.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStatus(cmd.Context(), a, g, runArg(args))
		},
	}
	addLive(cmd, &g.live)
	return cmd
}

// statusDocument is the answer of status with --json.
type statusDocument struct {
	runDocument
	Slots    int  `json:"slots"`
	Paused   bool `json:"paused"`
	Draining bool `json:"draining"`
}

func runStatus(ctx context.Context, a *app, g *globals, id string) error {
	l, err := openExisting(ctx, g, ledger.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	run, err := l.Run(ctx, id)
	if err != nil {
		return whichRuns(ctx, l, err)
	}
	if g.live != "" {
		return a.followLive(ctx, g.live, l, run)
	}
	rows, err := l.Rows(ctx, run.ID)
	if err != nil {
		return err
	}
	h, held, err := l.Holder(ctx)
	if err != nil {
		return err
	}
	counts := migration.Count(rows)
	state, code := "interrupted", exitDrained
	switch {
	case counts.Open() == 0:
		state, code = "finished", runCode(runner.Finished, counts)
	case held && h.Run == run.ID:
		state, code = "running", exitOK
	}
	steered := controls{slots: run.Slots}
	if state == "running" {
		orders, err := l.Orders(ctx, run.ID)
		if err != nil {
			return err
		}
		steered = controlsOf(orders, h.ID, run.Slots)
	}
	if state == "interrupted" {
		events, err := l.Events(ctx, run.ID)
		if err != nil {
			return err
		}
		if end := lastEnd(events); end == runner.Halted || end == runner.Reached {
			state, code = string(end), runCode(end, counts)
		}
	}
	if g.json {
		printJSON(a.out, statusDocument{
			runDocument: runDocument{"wave365/status/v1", run.ID, run.Wave, run.Tenant, state, counts, code, summary.Dir(run.ReportDir, run)},
			Slots:       steered.slots, Paused: steered.paused, Draining: steered.draining,
		})
		return nil
	}
	fmt.Fprint(a.out, folded("", fmt.Sprintf("Run %s of wave %s in %s: %s", run.ID, run.Wave, tenantText(run), state), columns(a.out)))
	if state == "running" {
		fmt.Fprintf(a.out, "  by process %d of %s on %s: %s\n", h.PID, h.User, h.Host, h.Command)
		fmt.Fprintf(a.out, "  %s\n", steered)
	}
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for _, line := range []struct {
		word string
		n    int
	}{
		{"rows", counts.Total}, {"queued", counts.Queued}, {"active", counts.Active}, {"waiting", counts.Waiting},
		{"succeeded", counts.Succeeded}, {"warned", counts.Warned}, {"failed", counts.Failed}, {"held", counts.Held},
		{"deferred", counts.Deferred}, {"skipped", counts.Skipped}, {"cancelled", counts.Cancelled},
	} {
		if line.n > 0 || line.word == "rows" {
			fmt.Fprintf(t, "  %s\t%d\n", line.word, line.n)
		}
	}
	_ = t.Flush()
	printAtWork(a.out, rows)
	printOutcome(a.out, g.ledger, rows)
	fmt.Fprintf(a.out, "\nReport: %s\n", filepath.Join(summary.Dir(run.ReportDir, run), report.FilePage))
	if counts.Open() > 0 && state != "running" {
		fmt.Fprintf(a.out, "Go on with: %s\n", resumeCommand(g, run))
	}
	return nil
}

// printAtWork lists the rows that are under way, with what each waits for.
func printAtWork(w io.Writer, rows []migration.Row) {
	var b bytes.Buffer
	var notes []string
	t := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		if r.State == migration.Running || r.State == migration.Waiting {
			fmt.Fprintf(t, "  line %d\t%s\t%s\t\n", r.Target.Line, r.Target.User, r.Step)
			notes = append(notes, r.Note)
		}
	}
	_ = t.Flush()
	for i, note := range notes {
		lead, _ := b.ReadString('\n')
		lead = strings.TrimSuffix(lead, "\n")
		if note == "" {
			lead = strings.TrimRight(lead, " ")
		}
		fmt.Fprint(w, folded(lead, notes[i], columns(w)))
	}
}
