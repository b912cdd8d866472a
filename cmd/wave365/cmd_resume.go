package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
)

// resuming are the flags of resume.
type resuming struct {
	steering
	slots  int
	accept bool
}

func newResumeCommand(a *app, g *globals) *cobra.Command {
	var o resuming
	cmd := &cobra.Command{
		Use: "resume [RUN]", Short: "Go on with an interrupted run from the last recorded fact",
		Long: `Go on with a run that was drained, halted, stopped or killed, from the last recorded fact; without a name, with the
latest run. Effects whose outcome was not recorded are looked up in the tenant before anything is done. What run was told
with --canary, --halt-after, --stop-by and --until holds again, unless it is given anew.

A wave file that was edited since the run began is refused (exit 10), and what changed is listed; rows are known by user and
blob, not by line. --accept-changes validates the rows that are new or changed and have not begun, takes them over, and
cancels those that were taken out. Rows that have begun are not changed.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runResume(cmd, a, g, runArg(args), o)
		},
	}
	cmd.Flags().IntVar(&o.slots, "slots", 0, "imports in flight at a time (default: as before)")
	cmd.Flags().BoolVar(&o.accept, "accept-changes", false, "take over what changed in the wave file")
	o.addFlags(cmd, true)
	addLive(cmd, &g.live)
	return cmd
}

func runResume(cmd *cobra.Command, a *app, g *globals, id string, o resuming) error {
	ctx := cmd.Context()
	if o.slots < 0 {
		return usageError{fault.New(fault.Invalid, "usage", "--slots must be at least 1", "")}
	}
	if _, err := o.settings(cmd, time.Now(), a.zone); err != nil {
		return err
	}
	quick, stop := interruptible(ctx)
	defer stop()
	t, err := takeLock(quick, g, id)
	if err != nil {
		return err
	}
	defer t.close()
	// Both reading many rows and signing in take a while, so neither waits for the other where it is sure that the run
	// goes on.
	connecting, giveUp := context.WithCancel(quick)
	connect := sync.OnceValue(func() error { return t.connect(connecting, a, g) })
	var early sync.WaitGroup
	notYet := func() {
		giveUp()
		early.Wait()
	}
	defer notYet()
	if t.run.State == migration.RunActive && sameWave(t.run) == nil {
		early.Go(func() { _ = connect() })
	}
	if err := t.read(quick); err != nil {
		notYet()
		return t.setAside(quick, g, err)
	}
	open := migration.Count(t.rows).Open()
	if open == 0 && !o.accept {
		notYet()
		return a.endedAlready(quick, g, t.l, t.run, t.rows)
	}
	file, findings, d, err := t.edit()
	if err != nil {
		return err
	}
	if d != nil && (!o.accept || len(d.Refused) > 0) {
		return a.refuseEdit(t, d, o.accept)
	}
	if d == nil && open == 0 {
		notYet()
		return a.endedAlready(quick, g, t.l, t.run, t.rows)
	}
	if err := connect(); err != nil {
		return err
	}
	if d != nil {
		fmt.Fprintf(a.err, "wave365: the wave file was edited; taken over: %s\n", plural(len(d.Lines), "change"))
		for _, line := range d.Lines {
			fmt.Fprintln(a.err, "  "+line)
		}
		if err := a.takeOver(quick, g, t, file, findings, d); err != nil {
			return err
		}
		if migration.Count(t.rows).Open() == 0 {
			return a.endedAlready(quick, g, t.l, t.run, t.rows)
		}
	}
	settings, err := o.settings(cmd, t.now(), a.zone)
	if err != nil {
		return err
	}
	if err := writable(t.run, "let this user write there: it is the run's own folder"); err != nil {
		return err
	}
	stop() // from here on a signal drains
	if err := t.l.ChangeRun(ctx, t.run.ID, ledger.Change{Slots: o.slots, Settings: settings, By: whoAndWhere() + ", resume"}); err != nil {
		return err
	}
	if t.run, err = t.l.Run(ctx, t.run.ID); err != nil {
		return err
	}
	rows := t.rows
	t.rows = nil // the run goes on with them, and they change
	return a.drive(ctx, g, t.conn, t.l, t.run, rows, migration.RunResumed)
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
	return nothing("run "+run.ID+" has ended: nothing to do; its report is in "+summary.Dir(run.ReportDir, run), "")
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
	f, err := os.Open(run.WavePath)
	if err != nil {
		return nil
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil || hex.EncodeToString(sum.Sum(nil)) == run.WaveHash {
		return nil
	}
	return fault.New(fault.Conflict, "wave.changed", "the wave file "+run.WavePath+" was edited since run "+run.ID+" began",
		"put it back as it was, or take the edit over with `wave365 resume "+run.ID+" --accept-changes`")
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
