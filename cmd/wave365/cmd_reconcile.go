package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
)

// reconciling are the flags of reconcile.
type reconciling struct {
	user, snapshot string
	noEffect       bool
}

func newReconcileCommand(a *app, g *globals) *cobra.Command {
	var o reconciling
	cmd := &cobra.Command{
		Use: "reconcile [RUN] --row USER {--snapshot-id ID | --no-effect}", Short: "Settle a held row by what was found out about its import",
		Long: `Settle a held row: an import was sent for it, and its answer was lost. Find out in the tenant (Intune audit log, or
Microsoft support with the client-request-id) whether the import exists.

  --snapshot-id ID   it exists under this id: it is read, must belong to the user, and the row goes on with it
  --no-effect        it does not exist: the row may import again. If it exists all the same, the service refuses the
                     second one, or makes one that nobody knows

Nothing is sent but reads. ` + "`wave365 resume`" + ` goes on with the run afterwards.`,
		Example: "  wave365 reconcile --row ada@contoso.com --snapshot-id 5b2f0c1e-8a41-4c1e-9f27-5b7e21c4d0a9",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (o.snapshot == "") == !o.noEffect {
				return usageError{fault.New(fault.Invalid, "usage", "reconcile needs either --snapshot-id ID or --no-effect", "see `wave365 reconcile --help`")}
			}
			return runReconcile(cmd.Context(), a, g, runArg(args), o)
		},
	}
	cmd.Flags().StringVar(&o.user, "row", "", "the row of this user")
	cmd.Flags().StringVar(&o.snapshot, "snapshot-id", "", "the import exists under this id")
	cmd.Flags().BoolVar(&o.noEffect, "no-effect", false, "the import does not exist")
	_ = cmd.MarkFlagRequired("row")
	return cmd
}

func runReconcile(ctx context.Context, a *app, g *globals, id string, o reconciling) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	t, err := takeUp(ctx, g, id)
	if err != nil {
		return err
	}
	defer t.close()
	i, err := rowOf(t.rows, o.user)
	if err != nil {
		return err
	}
	row := t.rows[i]
	for _, other := range t.rows {
		if o.snapshot != "" && other.Index != row.Index && other.Facts.SnapshotID == o.snapshot {
			return fault.New(fault.Conflict, "reconcile.taken", "import "+o.snapshot+" is that of "+other.Target.User+" in this run", "nothing was changed: look up the right id")
		}
	}
	if err := playbook.Settleable(row); err != nil {
		return err
	}
	if err := t.connect(ctx, a, g); err != nil {
		return err
	}
	book := playbook.New(t.run, t.conn.graph, t.conn.storage, t.l, t.conn.clock, sourcesOf(t.run, t.conn.blobRoot))
	var tr migration.Transition
	if o.noEffect {
		if err := a.ask(ctx, g, "Is it certain that the tenant has no import for "+row.Target.User+"? A new one will be sent."); err != nil {
			return err
		}
		tr, err = book.NoEffect(ctx, row, whoAndWhere())
	} else {
		tr, err = book.Adopt(ctx, row, o.snapshot, whoAndWhere())
	}
	if err != nil {
		return err
	}
	if err := t.l.ReopenRun(ctx, t.run.ID); err != nil {
		return err
	}
	if err := t.l.Apply(ctx, tr); err != nil {
		return err
	}
	if err := a.writeReport(ctx, t.l, t.run.ID, t.now(), exitDrained); err != nil {
		return err
	}
	to := tr.To()
	if g.json {
		printJSON(a.out, rowDocument{"wave365/reconcile/v1", t.run.ID, to.Target.User, string(to.State), string(to.Step), to.Note})
	} else {
		fmt.Fprintf(a.out, "%s: %s; the row is %s at %s.\nGo on with: %s\n", to.Target.User, to.Note, to.State, to.Step, resumeCommand(g, t.run))
	}
	return nil
}

// rowDocument is the answer of commands about one row with --json.
type rowDocument struct {
	Schema string `json:"schema"`
	Run    string `json:"run"`
	User   string `json:"user"`
	State  string `json:"state"`
	Step   string `json:"step"`
	Note   string `json:"note"`
}
