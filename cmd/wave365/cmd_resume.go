package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/runner"
)

func newResumeCommand(a *app, g *globals) *cobra.Command {
	var slots int
	cmd := &cobra.Command{
		Use: "resume [RUN]", Short: "Go on with an interrupted run from the last recorded fact",
		Long: `Go on with a run that was drained, stopped or killed, from the last recorded fact; without a name, with the
latest run. Effects whose outcome was not recorded are looked up in the tenant before anything is done.

A wave file that was edited since the run began is refused (exit 10).`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			return runResume(cmd.Context(), a, g, id, slots)
		},
	}
	cmd.Flags().IntVar(&slots, "slots", 0, "imports in flight at a time (default: as the run began)")
	return cmd
}

func runResume(ctx context.Context, a *app, g *globals, id string, slots int) error {
	quick, stop := interruptible(ctx)
	defer stop()
	// The ledger tells which tenant, and so whose time counts; until then its stamps are wall time.
	var clock cloud.Clock
	l, err := openExisting(quick, g, ledger.Options{Now: func() time.Time { return clock.Now() }})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	run, err := l.Run(quick, id)
	if err != nil {
		return err
	}
	release, err := l.Lock(quick, holder(run.ID, time.Now()))
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	rows, err := l.Rows(quick, run.ID)
	if err != nil {
		return err
	}
	if migration.Count(rows).Open() == 0 {
		return a.endedAlready(quick, g, l, run, rows)
	}
	if err := sameWave(run); err != nil {
		return err
	}
	conn, err := a.connect(quick, g.as(run), placeOfRun(run))
	if err != nil {
		return err
	}
	defer conn.close()
	clock = conn.clock
	org, err := conn.graph.Organization(quick)
	if err != nil {
		return err
	}
	if org.ID != run.Tenant {
		return fault.New(fault.Conflict, "tenant.changed", "this sign-in is in tenant "+org.ID+" ("+org.DisplayName+"), but the run belongs to "+run.Tenant+" ("+run.TenantName+")",
			"sign in to the run's own tenant")
	}
	if slots > 0 {
		run.Slots = slots
	}
	stop() // from here on a signal drains
	return a.drive(ctx, g, conn, l, run, rows, migration.RunResumed)
}

// endedAlready answers a run that has no row left to do. The process before may have ended between its last row and
// its last word, or between that and the report: both are made up for.
func (a *app) endedAlready(ctx context.Context, g *globals, l *ledger.Ledger, run migration.Run, rows []migration.Row) error {
	at := lastChange(run, rows)
	if run.State != migration.RunFinished {
		if err := l.FinishRun(ctx, run.ID, at); err != nil {
			return err
		}
		return a.answerRun(ctx, g, l, run.ID, runner.Finished, at)
	}
	if err := a.writeReport(ctx, l, run.ID, at, runCode(runner.Finished, migration.Count(rows))); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "wave365: run %s has ended: nothing to do; its report is in %s\n", run.ID, report.Dir(run.ReportDir, run))
	return exit(exitNothing)
}

// openExisting opens a ledger that must be there already.
func openExisting(ctx context.Context, g *globals, o ledger.Options) (*ledger.Ledger, error) {
	if _, err := os.Stat(g.ledger); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Invalid, "ledger.none", "there is no ledger "+g.ledger, "name it with --ledger, or start a run first", err)
	}
	return ledger.Open(ctx, g.ledger, o)
}

// sameWave refuses a wave file that was edited since the run began. A file that is gone is no edit: the ledger holds
// what the run needs, except signatures, which are asked for when they are needed.
func sameWave(run migration.Run) error {
	data, err := os.ReadFile(run.WavePath)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(data)
	if hex.EncodeToString(sum[:]) == run.WaveHash {
		return nil
	}
	return fault.New(fault.Conflict, "wave.changed", "the wave file "+run.WavePath+" was edited since run "+run.ID+" began",
		"put it back as it was to resume; put new or changed rows into a wave of their own")
}

// placeOfRun is where a recorded run went on.
func placeOfRun(run migration.Run) place {
	return place{sandbox: run.Sandbox, stateDir: run.SandboxState, speed: run.SandboxSpeed}
}

// as gives the flags as they were for the run, as far as they say which services.
func (g *globals) as(run migration.Run) *globals {
	was := *g
	if run.Sandbox == "" {
		was.cloud, was.blobEndpoint = run.Cloud, run.BlobRoot
		if was.tenant == "" {
			was.tenant = run.Tenant
		}
	}
	return &was
}
