package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/wave"
)

// runOptions holds the flags of run.
type runOptions struct {
	checking
	steering
	skipInvalid bool
	runID       string
	planFile    string
	// again is the command that makes a new plan in place of planFile's.
	again       fault.Command
	createGroup string
	// submit: the run is left to workers; nil: it is driven here.
	submit *submission
}

// addFlags adds the flags of run and of submit; does is what either does if everything matches the plan.
func (o *runOptions) addFlags(cmd *cobra.Command, does string) {
	o.checking.addFlags(cmd)
	o.steering.addFlags(cmd, false)
	cmd.Flags().BoolVar(&o.skipInvalid, "skip-invalid", false, "run the clean rows and report the others as skipped")
	cmd.Flags().StringVar(&o.runID, "run-id", "", "name of this run in ledger and reports (default: date, time and four random hexadecimal digits)")
	cmd.Flags().StringVar(&o.planFile, "plan", "", does+" only if everything is as in this file of wave365 plan --out; its flags hold")
	addCreateGroup(cmd, o)
}

func newRunCommand(a *app, g *globals) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run WAVE", Short: "Validate a wave, show the plan, ask, and migrate it",
		Long: `Validate a wave, show the plan, ask, and then migrate it: import every disk, cut the users over, wait for
their Cloud PCs and prove that each was built from its snapshot. Reports are written while it runs and at the end.

A wave with errors does not start; --skip-invalid runs the clean rows and reports the others as skipped.
Ctrl-C once: nothing new starts, what is in flight runs to completion. Twice: stop after the calls in flight.
` + "`wave365 resume`" + ` continues after either, and after a crash.

Exit codes: 0 all rows succeeded, 3 some failed, are held or were skipped, 4 wave invalid, 5 permission or tenant
prerequisite, 6 nothing to do, 7 halted, 8 rows deferred, 9 drained, 10 something changed since the plan or the ledger is
older than its report, 11 held by another process, 12 sign-in or network, 130 stopped.`,
		Example: "  wave365 run waves/friday.csv --storage-account contosovhds\n  wave365 run waves/friday.csv --sandbox --skip-invalid --yes",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runRun(cmd, a, g, o, args[0]) },
	}
	o.addFlags(cmd, "start")
	addLive(cmd, &g.live)
	g.messages.addSwitch(a, g, cmd)
	return cmd
}

func runRun(cmd *cobra.Command, a *app, g *globals, o runOptions, path string) error {
	b := &beginning{app: a, g: g, cmd: cmd, runOptions: o, path: path}
	if err := b.open(); err != nil { // before any prompt or call
		return err
	}
	id, p, err := b.place()
	if err != nil {
		return err
	}
	page, err := g.takeLive()
	if err != nil {
		return err
	}
	defer page.close()
	quick, stop := interruptible(cmd.Context())
	defer stop()
	if b.conn, err = a.connect(quick, g, p); err != nil {
		return err
	}
	if b.s, err = run.Begin(quick, a.session(g), id, a.services(g, b.conn, b.checking)); err != nil {
		return err
	}
	defer b.s.Close()
	res, err := b.draft(quick)
	if err != nil {
		return err
	}
	if err := b.agree(quick, res); err != nil {
		return err
	}
	stop() // from here on a signal drains
	if b.submit != nil {
		return a.submitted(cmd.Context(), g, b.s, b.submit, res.Findings)
	}
	if err := b.s.Create(cmd.Context(), res.Findings); err != nil {
		return err
	}
	return a.drive(cmd.Context(), g, b.s, page, migration.RunStarted)
}

// open reads the sealed plan, if --plan names one, checks the flags, and reads the wave.
func (b *beginning) open() (err error) {
	if b.planFile != "" {
		if b.sealed, b.was, err = b.openPlan(b.cmd, b.planFile, b.zone); err != nil {
			return err
		}
	}
	if err := b.check(); err != nil {
		return err
	}
	if _, err := b.settings(b.cmd, b.was, time.Now(), b.zone); err != nil {
		return err
	}
	return b.read()
}

// place names the run and determines its tenant.
func (b *beginning) place() (id string, p place, err error) {
	if id = b.runID; id == "" {
		id = run.NewID(time.Now())
	}
	if err := run.CheckID(id); err != nil {
		return id, p, usageError{err}
	}
	if p, err = b.g.placeOf(b.path); err != nil {
		return id, p, err
	}
	if p.sandbox != "" && !loopback.IsURL(p.sandbox) {
		p.stateDir = filepath.Join(b.g.localFolder(), "sandbox", id)
	}
	if b.submit != nil {
		err = b.submit.check(b.g, p, time.Now(), b.zone)
	}
	return id, p, err
}

// draft validates the wave and describes the run. If no row of the wave may run, the answer has been printed.
func (b *beginning) draft(ctx context.Context) (preflight.Result, error) {
	res, err := b.validate(ctx)
	if err != nil {
		return res, err
	}
	if b.refuses(res) {
		return res, b.answerValidate(b.g, b.file, res)
	}
	chosen, err := b.chosen(b.s.Now())
	if err == nil && b.submit == nil {
		chosen.Notify, err = b.g.messages.choose(b.cmd, migration.Notify{})
	}
	if err != nil {
		return res, err
	}
	b.s.Draft(b.made(res, chosen))
	if migration.Count(b.s.Rows).Open() == 0 {
		return res, b.nothingToRun(b.g, b.file, res)
	}
	return res, nil
}

// validate validates the wave, and validates it again if it has created groups for --create-group.
func (b *beginning) validate(ctx context.Context) (preflight.Result, error) {
	before, err := run.UserHistoryOf(ctx, b.s.Ledger)
	if err != nil {
		return preflight.Result{}, err
	}
	res, err := b.s.Services.Validate(ctx, b.file, b.findings, before)
	if err != nil || b.createGroup == "" {
		return res, err
	}
	if err := b.heldToPlan(ctx, res); err != nil {
		return res, err
	}
	if made, err := b.createGroups(ctx, res); err != nil || !made {
		return res, err
	}
	return b.s.Services.Validate(ctx, b.file, b.findings, before)
}

// refuses reports whether what validation found keeps the run from starting.
func (o runOptions) refuses(res preflight.Result) bool {
	return res.Denied() || res.Whole() || res.Count(wave.Error) > 0 && !o.skipInvalid
}

// agree compares what would change with the sealed plan, if there is one, and asks.
func (b *beginning) agree(ctx context.Context, res preflight.Result) error {
	if err := b.s.OneTenant(ctx); err != nil {
		return err
	}
	if b.submit != nil {
		if err := signedRows(b.s.Rows); err != nil {
			return err
		}
	}
	planned := b.planned(b.s.Run, b.s.Rows, res)
	if b.planFile != "" {
		if err := asPlanned(b.sealed, planned, b.planFile, b.again); err != nil {
			return err
		}
	}
	if err := b.confirmPlan(ctx, b.g, planned, res); err != nil {
		return err
	}
	if b.submit != nil {
		return nil // workers write no reports
	}
	return writable(b.s.Run, "allow this user to write there, or name another folder with --report-dir")
}

// nothingToRun answers for a wave in which no row may run.
func (a *app) nothingToRun(g *globals, file *wave.File, res preflight.Result) error {
	if err := a.answerValidate(g, file, res); err != nil && len(file.Rows) == 0 {
		return err
	}
	if res.Count(wave.Error) == 0 {
		return nothing("every row of this wave is done: nothing to do", "")
	}
	return nothing("no row of this wave can run: nothing to do", "fix the rows that have errors")
}
