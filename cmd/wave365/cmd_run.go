package main

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/run/plan"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/wave"
)

// runOptions are the flags of run.
type runOptions struct {
	checking
	steering
	skipInvalid bool
	runID       string
	planFile    string
	// again makes a new plan in place of planFile's.
	again       fault.Command
	createGroup string
	// submit: the run is left to workers; nil: it is driven here.
	submit *submission
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
prerequisite, 6 nothing to do, 7 halted, 8 rows deferred, 9 drained, 10 something moved since the plan or the ledger is
older than its report, 11 held by another process, 12 sign-in or network, 130 stopped.`,
		Example: "  wave365 run waves/friday.csv --storage-account contosovhds\n  wave365 run waves/friday.csv --sandbox --skip-invalid --yes",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runRun(cmd, a, g, o, args[0]) },
	}
	o.checking.addFlags(cmd)
	o.steering.addFlags(cmd, false)
	cmd.Flags().BoolVar(&o.skipInvalid, "skip-invalid", false, "run the clean rows and report the others as skipped")
	cmd.Flags().StringVar(&o.runID, "run-id", "", "name of this run in ledger and reports (default: date, time and four random letters)")
	cmd.Flags().StringVar(&o.planFile, "plan", "", "start only if everything is as in this file of wave365 plan --out; its flags hold")
	addCreateGroup(cmd, &o)
	addLive(cmd, &g.live)
	g.messages.addSwitch(a, g, cmd)
	return cmd
}

func runRun(cmd *cobra.Command, a *app, g *globals, o runOptions, path string) error {
	ctx := cmd.Context()
	sealed, was, err := o.open(cmd, a.zone)
	if err != nil {
		return err // before anything is asked of anybody
	}
	file, findings, err := run.ReadWave(path, wave.Options{AllowUnknownColumns: o.allowUnknown})
	if err != nil {
		return err
	}
	if file == nil {
		return a.answerValidate(g, nil, preflight.Result{Findings: findings})
	}
	id, p, err := o.place(g, path)
	if err != nil {
		return err
	}
	if o.submit != nil {
		if err := o.submit.check(g, p, time.Now(), a.zone); err != nil {
			return err
		}
	}
	page, err := g.takeLive()
	if err != nil {
		return err
	}
	defer page.close()
	quick, stop := interruptible(ctx)
	defer stop()
	conn, err := a.connect(quick, g, p)
	if err != nil {
		return err
	}
	s, err := run.Begin(quick, a.session(g), id, a.services(g, conn, o.checking))
	if err != nil {
		return err
	}
	defer s.Close()
	held := func(res preflight.Result) error {
		return a.heldToPlan(quick, cmd, g, s, conn, o, sealed, was, file, path, res)
	}
	res, err := a.validateToRun(quick, g, s, conn, o, file, findings, held)
	if err != nil {
		return err
	}
	if o.refuses(res) {
		return a.answerValidate(g, file, res)
	}
	chosen, err := o.chosen(cmd, was, s.Now(), a.zone)
	if err == nil && o.submit == nil {
		chosen.Notify, err = g.messages.choose(cmd, migration.Notify{})
	}
	if err != nil {
		return err
	}
	s.Draft(run.Plan{WavePath: path, ReportDir: g.reportDir, File: file, Checked: res, Slots: o.slots, Settings: chosen, Place: conn.pinned()})
	if migration.Count(s.Rows).Open() == 0 {
		return a.nothingToRun(g, file, res)
	}
	if err := a.agreeToRun(quick, g, s, o, sealed, res); err != nil {
		return err
	}
	stop() // from here on a signal drains
	if o.submit != nil {
		return a.submitted(ctx, g, s, o.submit, res.Findings)
	}
	if err := s.Create(ctx, res.Findings); err != nil {
		return err
	}
	return a.drive(ctx, g, s, page, migration.RunStarted)
}

// open reads the sealed plan, where --plan names one, with its settings, and checks the flags.
func (o *runOptions) open(cmd *cobra.Command, zone *time.Location) (sealed plan.Plan, was migration.Settings, err error) {
	if o.planFile != "" {
		if sealed, was, err = o.openPlan(cmd, o.planFile, zone); err != nil {
			return sealed, was, err
		}
	}
	if err := o.check(); err != nil {
		return sealed, was, err
	}
	_, err = o.settings(cmd, was, time.Now(), zone)
	return sealed, was, err
}

// place names the run and says on which tenant it goes.
func (o runOptions) place(g *globals, path string) (id string, p place, err error) {
	if id = o.runID; id == "" {
		id = run.NewID(time.Now())
	}
	if err := run.CheckID(id); err != nil {
		return id, p, usageError{err}
	}
	if p, err = g.placeOf(path); err != nil {
		return id, p, err
	}
	if p.sandbox != "" && !loopback.IsURL(p.sandbox) {
		p.stateDir = filepath.Join(g.localFolder(), "sandbox", id)
	}
	return id, p, nil
}

// validateToRun validates the wave, and once more when it made the groups that --create-group asks for, after held has let it.
func (a *app) validateToRun(ctx context.Context, g *globals, s *run.Session, conn *connection, o runOptions, file *wave.File, findings []wave.Finding, held func(preflight.Result) error) (preflight.Result, error) {
	before, err := run.KnownTo(ctx, s.Ledger)
	if err != nil {
		return preflight.Result{}, err
	}
	res, err := s.Services.Validate(ctx, file, findings, before)
	if err != nil || o.createGroup == "" {
		return res, err
	}
	if err := held(res); err != nil {
		return res, err
	}
	if made, err := a.createGroups(ctx, g, s, conn, o, file, res); err != nil || !made {
		return res, err
	}
	return s.Services.Validate(ctx, file, findings, before)
}

// refuses reports whether what validation found keeps the run from starting.
func (o runOptions) refuses(res preflight.Result) bool {
	return res.Denied() || res.Whole() || res.Count(wave.Error) > 0 && !o.skipInvalid
}

// agreeToRun compares what would change with the sealed plan, where there is one, and asks.
func (a *app) agreeToRun(ctx context.Context, g *globals, s *run.Session, o runOptions, sealed plan.Plan, res preflight.Result) error {
	if err := s.OneTenant(ctx); err != nil {
		return err
	}
	if o.submit != nil {
		if err := signedRows(s.Rows); err != nil {
			return err
		}
	}
	planned := plan.Make(s.Run, s.Rows, res, playbook.SettingName(s.Run))
	planned.Changes.CreateGroup = o.createGroup
	if o.planFile != "" {
		if err := asPlanned(sealed, planned, o.planFile, o.again); err != nil {
			return err
		}
	}
	if err := a.confirmPlan(ctx, g, planned, res); err != nil {
		return err
	}
	if o.submit != nil {
		return nil // workers write no reports
	}
	return writable(s.Run, "let this user write there, or name another folder with --report-dir")
}

// nothingToRun answers a wave in which no row may run.
func (a *app) nothingToRun(g *globals, file *wave.File, res preflight.Result) error {
	if err := a.answerValidate(g, file, res); err != nil && len(file.Rows) == 0 {
		return err
	}
	if res.Count(wave.Error) == 0 {
		return nothing("every row of this wave is done: nothing to do", "")
	}
	return nothing("no row of this wave can run: nothing to do", "fix the rows that have errors")
}

// consequence says, behind a question, what yes would mean; sandbox is the one that is worked on, "" a real tenant.
func consequence(sandbox string) string {
	if sandbox != "" {
		return "It is a rehearsal: nobody is moved."
	}
	return "This changes the tenant."
}

// ask asks a question that only yes goes on from. Without a terminal to ask on, --yes must have been given. An ended ctx
// is an answer too: the fault is Interrupted.
func (a *app) ask(ctx context.Context, g *globals, question string) error {
	if g.yes {
		return nil
	}
	if !a.inTerm {
		return fault.New(fault.Invalid, "usage", "cannot prompt: stdin is not a terminal", "give --yes to proceed without confirmation")
	}
	typed, err := a.askFor(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(typed) {
	case "y", "yes":
		return nil
	}
	return nothing("not started; nothing was changed", "")
}

// askFor prints a prompt and returns the line that is typed, without surrounding blanks. The fault is Interrupted when ctx
// ends first.
func (a *app) askFor(ctx context.Context, prompt string) (string, error) {
	if width := console.Width(a.err); console.Wider(prompt, width) && !strings.Contains(prompt, "\n") {
		prompt = strings.TrimSuffix(console.Fold("", prompt, width-len("y ")), "\n") + " " // the answer stands behind it
	}
	fmt.Fprint(a.err, prompt)
	if a.typed == nil {
		a.typed = bufio.NewReader(a.in)
	}
	answered := make(chan string, 1)
	go func() { // a read from a terminal cannot be called off; the process ends soon after
		line, _ := a.typed.ReadString('\n')
		answered <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return "", fault.Wrap(fault.Interrupted, "", "stopped at the question; nothing was changed", "", ctx.Err())
	case line := <-answered:
		return strings.TrimSpace(line), nil
	}
}

func tenantText(r migration.Run) string {
	name := r.TenantName
	if name == "" {
		name = r.Tenant
	}
	if r.Sandbox != "" {
		name += " (a sandbox: nobody is moved)"
	}
	return name
}
