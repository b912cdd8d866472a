package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/run"
)

// reconciling holds the flags of reconcile.
type reconciling struct {
	user, snapshot string
	noEffect       bool
}

func newReconcileCommand(a *app, g *globals) *cobra.Command {
	var o reconciling
	cmd := &cobra.Command{
		Use: "reconcile [RUN] --row USER {--snapshot-id ID | --no-effect}", Short: "Settle a held row with what you found out about its import",
		Long: `Settle a held row: an import was sent for it, and its answer was lost. Find out in the tenant (Intune audit log, or
Microsoft support with the client-request-id) whether the import exists. Without a name, the newest run.

  --snapshot-id ID   it exists under this id: it is read, must belong to the user, and is taken over
  --no-effect        it does not exist: the row may import again

If it exists after all, a second import is refused by the service, or makes a snapshot that nobody keeps track of.

Only reads are sent. ` + "`wave365 resume`" + ` continues the run afterwards.`,
		Example: "  wave365 reconcile --row ada@contoso.com --snapshot-id 5b2f0c1e-8a41-4c1e-9f27-5b7e21c4d0a9",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (o.snapshot == "") == !o.noEffect {
				settle := func(how ...string) fault.Command {
					c := fault.NewCommand("reconcile", append([]string{"--row", o.user}, how...)...)
					if len(args) > 0 {
						c = c.For(args[0])
					}
					return c
				}
				return usageError{fault.New(fault.Invalid, "usage", "reconcile needs either --snapshot-id ID or --no-effect",
					"check whether the import happened (Intune > Tenant administration > Audit logs): if it did, give --snapshot-id, and if it did not, --no-effect",
					settle("--snapshot-id", "ID"), settle("--no-effect"))}
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
	s, err := run.Open(ctx, a.newest(g), id)
	if err != nil {
		return err
	}
	defer s.Close()
	g.at.is(s.Run)
	row, err := s.HeldRow(o.user, o.snapshot)
	if err != nil {
		return err
	}
	if err := s.Connect(ctx); err != nil {
		return err
	}
	if o.noEffect {
		if err := a.ask(ctx, g, "Is it certain that the tenant has no import for "+row.Target.User+"? A new one will be sent."); err != nil {
			return err
		}
	}
	to, err := s.Reconcile(ctx, row, o.snapshot)
	if err != nil {
		return err
	}
	if err := a.writeReport(ctx, s.Ledger, s.Run.ID, s.Now(), exitDrained); err != nil {
		return err
	}
	if g.json {
		console.JSON(a.out, rowDocument{"wave365/reconcile/v1", s.Run.ID, to.Target.User, string(to.State), string(to.Step), to.Note})
	} else {
		console.Say(a.out, "", fmt.Sprintf("%s: %s; the row is %s at %s.", to.Target.User, to.Note, to.State, to.Step))
	}
	if queued, err := a.queueAgain(ctx, g.quietJSON(), s, false); queued || err != nil {
		return err
	}
	if !g.json {
		console.SayCommand(a.out, "Continue with:", g.shell(""), g.shell("").Line(resumeNow(ctx, s.Ledger, s.Run.ID)))
	}
	return nil
}

// rowDocument is the output of commands about one row with --json.
type rowDocument struct {
	Schema string `json:"schema"`
	Run    string `json:"run"`
	User   string `json:"user"`
	State  string `json:"state"`
	Step   string `json:"step"`
	Note   string `json:"note"`
}
