package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
)

func newLedgerCommand(a *app, g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "ledger", Short: "Move a ledger to another machine, or between a file and a database", Args: cobra.NoArgs}
	cmd.AddCommand(newLedgerCopyCommand(a, g))
	return cmd
}

func newLedgerCopyCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "copy SRC DST", Short: "Copy a ledger to another file or database, and seal the old one",
		Long: `Copy a ledger from a file to another file or to a PostgreSQL database, or back. A database's ledger is named as
postgres://USER@HOST/DB?ledger=NAME; its password comes from PGPASSWORD or ~/.pgpass.

No process may drive a run in the old ledger meanwhile, and the new one must be empty. The audit chain is verified, and the
copy is compared record by record before it counts. The old ledger is sealed: it can be read, records nothing more, and
says where it went. So the command asks first, and it makes no backup: for that, copy the file while nothing runs. If the
command is interrupted, run it again.

A run that waits for workers, or is driven by one, is not taken away from them: drain or cancel it first.

Exit codes: 0 copied, 2 the new ledger is not empty or the old one went elsewhere, 11 the old one is in use.`,
		Example: "  wave365 ledger copy .wave365/ledger.db /media/usb/friday.db\n  wave365 ledger copy .wave365/ledger.db 'postgres://ada@db.example.com/fleet?ledger=contoso'",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLedgerCopy(cmd.Context(), a, g, args[0], args[1])
		},
	}
}

func runLedgerCopy(ctx context.Context, a *app, g *globals, from, to string) error {
	g.ledger = from // refusals of the copy name commands on the old one
	src, err := run.OpenLedger(ctx, from, ledger.Options{Sealed: true})
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	went, err := src.WentTo(ctx)
	if err != nil {
		return err
	}
	if went == "" { // otherwise the same command was interrupted, or the copy is refused
		if err := refuseQueued(ctx, g, src); err != nil {
			return err
		}
		if err := a.ask(ctx, g, closesForGood(from, to)); err != nil {
			return err
		}
	}
	dst, err := ledger.Open(ctx, to, ledger.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = dst.Close() }()
	if err := ledger.Copy(ctx, src, dst, run.ThisProcess(version).Holder("", time.Now())); err != nil {
		return err
	}
	runs, err := dst.Runs(ctx)
	if err != nil {
		return err
	}
	if g.json {
		return a.answer(map[string]any{"schema": "wave365/ledger-copy/v1", "from": src.Path(), "to": dst.Path(), "runs": len(runs)})
	}
	fmt.Fprintf(a.out, "Copied %s from %s to %s, with the audit chain verified.\nThe old ledger is sealed and says where it went. Continue with: %s\n",
		wording.Count(len(runs), "run"), from, to, shell(to, "").Line(fault.NewCommand("status")))
	return nil
}

// refuseQueued refuses to take a ledger away from workers that are to drive a run of it: they would not find it in the copy. The
// fault is a Conflict (ledger.locked).
func refuseQueued(ctx context.Context, g *globals, l *ledger.Ledger) error {
	runs, err := l.Runs(ctx)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.State == migration.RunFinished || r.Settings.Draining {
			continue
		}
		q, job, err := inFleet(ctx, g, r.ID)
		if err != nil {
			return err
		}
		if q == nil {
			continue
		}
		q.Close()
		if job.State != queue.Parked && job.State != queue.Done {
			return fault.New(fault.Conflict, "ledger.locked", "run "+r.ID+" was submitted to the workers, which drive it in this ledger and would not find it in the copy",
				"drain it, and copy the ledger when nothing of it is in flight; or cancel it", fault.NewCommand("drain").For(r.ID), fault.NewCommand("status").For(r.ID), fault.NewCommand("cancel").For(r.ID))
		}
	}
	return nil
}

// closesForGood returns the prompt before a ledger is copied, which many mistake for a backup.
func closesForGood(from, to string) string {
	backup := "copy the file while nothing runs"
	if ledger.InDatabase(from) {
		backup = "use pg_dump"
	}
	return fmt.Sprintf("Move the ledger %s to %s? The runs continue in %s; %s is closed for good and can only be read. For a backup %s instead.", from, to, to, from, backup)
}

// localFolder returns where a ledger's local files are kept: next to its file, or in the usual folder when it is in a
// database.
func (g *globals) localFolder() string {
	if ledger.InDatabase(g.ledger) {
		return filepath.Dir(defaultLedger)
	}
	return filepath.Dir(g.ledger)
}
