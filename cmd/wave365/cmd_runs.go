package main

import (
	"bytes"
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
)

func newRunsCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "runs", Short: "List the runs of this ledger, the newest first",
		Long: "List the runs of this ledger, the newest first: wave, start, state, and how many rows are done, open, failed, held and\nlater (deferred by --stop-by; retry starts them). It only reads, also while a process drives one of them.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRuns(cmd.Context(), a, g) },
	}
}

// runsDocument is the answer of `runs --json`.
type runsDocument struct {
	Schema string      `json:"schema"`
	Runs   []runOfRuns `json:"runs"`
}

type runOfRuns struct {
	Run       string    `json:"run"`
	Wave      string    `json:"wave"`
	Tenant    string    `json:"tenant"`
	StartedAt time.Time `json:"started_at"`
	State     string    `json:"state"`
	// Done rows have their Cloud PC, with or without warnings; Later ones were deferred.
	Done   int              `json:"done"`
	Open   int              `json:"open"`
	Later  int              `json:"later"`
	Counts migration.Counts `json:"counts"`
}

func runRuns(ctx context.Context, a *app, g *globals) error {
	return a.inLedger(ctx, g, ledger.Options{ReadOnly: true}, func(l *ledger.Ledger) error {
		all, err := l.Runs(ctx)
		if err != nil {
			return err
		}
		counts, err := l.CountsByRun(ctx)
		if err != nil {
			return err
		}
		doc := runsDocument{Schema: "wave365/runs/v1", Runs: []runOfRuns{}}
		for _, r := range all {
			state, c := string(migration.RunFinished), counts[r.ID]
			if c.Open() > 0 {
				s, err := run.Stand(ctx, l, r)
				if err != nil {
					return err
				}
				state = s.State()
			}
			doc.Runs = append(doc.Runs, runOfRuns{r.ID, r.Wave, r.Tenant, r.CreatedAt, state, c.Succeeded + c.Warned, c.Open(), c.Deferred, c})
		}
		if g.json {
			return a.answer(doc)
		}
		if len(doc.Runs) == 0 {
			fmt.Fprintln(a.out, "The ledger has no runs yet.")
			return nil
		}
		var table bytes.Buffer
		t := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "RUN\tWAVE\tSTARTED\tSTATE\tROWS\tDONE\tOPEN\tFAILED\tHELD\tLATER")
		for _, r := range doc.Runs {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", r.Run, wording.OneLine(r.Wave), a.when(r.StartedAt), r.State, r.Counts.Total, r.Done, r.Open, r.Counts.Failed, r.Counts.Held, r.Later)
		}
		_ = t.Flush()
		width := console.Width(a.out)
		if !console.Wider(table.String(), width) {
			_, err = table.WriteTo(a.out)
			return err
		}
		for _, r := range doc.Runs { // a table whose lines are wrapped is unreadable
			console.Say(a.out, "", r.Run+"  "+wording.OneLine(r.Wave)+"  "+r.State)
			console.Say(a.out, "    ", fmt.Sprintf("started %s; %s: %d done, %d open, %d failed, %d held, %d later", a.when(r.StartedAt), wording.Count(r.Counts.Total, "row"), r.Done, r.Open, r.Counts.Failed, r.Counts.Held, r.Later))
		}
		return nil
	})
}
