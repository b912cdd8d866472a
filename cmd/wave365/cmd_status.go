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
	"wave365/pkg/run"
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
	l, err := run.OpenLedger(ctx, g.ledger, ledger.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	r, err := l.Run(ctx, id)
	if err != nil {
		return whichRuns(ctx, l, err)
	}
	if g.live != "" {
		return a.followLive(ctx, g.live, l, r)
	}
	rows, err := l.Rows(ctx, r.ID)
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
	case held && h.Run == r.ID:
		state, code = "running", exitOK
	}
	steered := run.Controls{Slots: r.Slots}
	if state == "running" {
		orders, err := l.Orders(ctx, r.ID)
		if err != nil {
			return err
		}
		steered = run.ControlsOf(orders, h.ID, r.Slots)
	}
	if state == "interrupted" {
		events, err := l.Events(ctx, r.ID)
		if err != nil {
			return err
		}
		if end := run.LastEnd(events); end == runner.Halted || end == runner.Reached {
			state, code = string(end), runCode(end, counts)
		}
	}
	if g.json {
		printJSON(a.out, statusDocument{
			runDocument: runDocument{"wave365/status/v1", r.ID, r.Wave, r.Tenant, state, counts, code, summary.Dir(r.ReportDir, r)},
			Slots:       steered.Slots, Paused: steered.Paused, Draining: steered.Draining,
		})
		return nil
	}
	fmt.Fprint(a.out, folded("", fmt.Sprintf("Run %s of wave %s in %s: %s", r.ID, r.Wave, tenantText(r), state), columns(a.out)))
	if state == "running" {
		fmt.Fprintf(a.out, "  by process %d of %s on %s: %s\n", h.PID, h.User, h.Host, h.Command)
		fmt.Fprintf(a.out, "  %s\n", controlsText(steered))
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
	printOutcome(a.out, shell(g.ledger, r.ID), rows)
	fmt.Fprintf(a.out, "\nReport: %s\n", filepath.Join(summary.Dir(r.ReportDir, r), report.FilePage))
	if counts.Open() > 0 && state != "running" {
		fmt.Fprintf(a.out, "Go on with: %s\n", resumeCommand(g, r))
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

// controlsText says how a live run was steered.
func controlsText(c run.Controls) string {
	words := []string{summary.Count(c.Slots, "slot")}
	if c.Paused {
		words = append(words, "paused")
	}
	if c.Draining {
		words = append(words, "draining")
	}
	return strings.Join(words, ", ")
}
