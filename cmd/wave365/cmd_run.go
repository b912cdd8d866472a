package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

// runOptions are the flags of run.
type runOptions struct {
	checking
	steering
	skipInvalid bool
	runID       string
}

func newRunCommand(a *app, g *globals) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run WAVE", Short: "Validate a wave, show the plan, ask, and migrate it",
		Long: `Validate a wave, show the plan, ask, and then migrate it: import every disk, cut the users over, wait for
their Cloud PCs and prove that each was built from its snapshot. Reports are written while it runs and at the end.

A wave with errors does not start; --skip-invalid runs the clean rows and reports the others as skipped.
Ctrl-C once: nothing new starts, what is in flight goes on to its end. Twice: stop after the calls in flight.
` + "`wave365 resume`" + ` goes on after either, and after a crash.

Exit codes: 0 all rows succeeded, 3 some failed, are held or were skipped, 4 wave invalid, 5 permission or tenant
prerequisite, 6 nothing to do, 7 halted, 8 rows deferred, 9 drained, 11 held by another process, 130 stopped.`,
		Example: "  wave365 run waves/friday.csv --storage-account contosovhds\n  wave365 run waves/friday.csv --sandbox --skip-invalid --yes",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runRun(cmd, a, g, o, args[0]) },
	}
	o.checking.addFlags(cmd)
	o.steering.addFlags(cmd, false)
	cmd.Flags().BoolVar(&o.skipInvalid, "skip-invalid", false, "run the clean rows and report the others as skipped")
	cmd.Flags().StringVar(&o.runID, "run-id", "", "name of this run in ledger and reports (default: date, time and four random letters)")
	addLive(cmd, &g.live)
	return cmd
}

func runRun(cmd *cobra.Command, a *app, g *globals, o runOptions, path string) error {
	ctx := cmd.Context()
	if err := o.check(); err != nil {
		return err
	}
	if _, err := o.settings(cmd, time.Now(), a.zone); err != nil {
		return err // before anything is asked of anybody
	}
	file, findings, err := readWave(path, wave.Options{AllowUnknownColumns: o.allowUnknown})
	if err != nil {
		return err
	}
	if file == nil {
		return a.answerValidate(g, nil, preflight.Result{Findings: findings})
	}
	id := o.runID
	if id == "" {
		id = newRunID(time.Now())
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(id) {
		return usageError{fault.New(fault.Invalid, "usage", "--run-id "+strconv.Quote(id)+" cannot name a run", "use up to 64 letters, digits, dots, dashes and underscores")}
	}
	p, err := g.placeOf(path)
	if err != nil {
		return err
	}
	if p.sandbox != "" && !sandboxURL(p.sandbox) {
		p.stateDir = filepath.Join(filepath.Dir(g.ledger), "sandbox", id)
	}
	quick, stop := interruptible(ctx)
	defer stop()
	conn, err := a.connect(quick, g, p)
	if err != nil {
		return err
	}
	defer conn.close()
	l, err := ledger.Open(quick, g.ledger, ledger.Options{Now: conn.clock.Now})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	release, err := l.Lock(quick, holder(id, conn.clock.Now()))
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	before, err := knownTo(quick, l)
	if err != nil {
		return err
	}
	res, err := a.preflight(quick, g, conn, o.checking, file, findings, before)
	if err != nil {
		return err
	}
	if res.Denied() || res.Whole() || res.Count(wave.Error) > 0 && !o.skipInvalid {
		return a.answerValidate(g, file, res)
	}
	run := newRun(a, g, o, conn, path, file, res)
	run.ID = id
	settings, err := o.settings(cmd, conn.clock.Now(), a.zone)
	if err != nil {
		return err
	}
	record(&run, settings)
	rows := newRows(run, file, res)
	if migration.Count(rows).Open() == 0 {
		return a.nothingToRun(g, file, res)
	}
	if err := a.confirm(quick, g, run, rows, res); err != nil {
		return err
	}
	if err := writable(run, "let this user write there, or name another folder with --report-dir"); err != nil {
		return err
	}
	stop() // from here on a signal drains
	if err := l.CreateRun(ctx, run, rows, res.Findings); err != nil {
		return err
	}
	return a.drive(ctx, g, conn, l, run, rows, migration.RunStarted)
}

// newRun describes the run for ledger and reports.
func newRun(a *app, g *globals, o runOptions, conn *connection, path string, file *wave.File, res preflight.Result) migration.Run {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	run := migration.Run{
		Wave: file.Name, WavePath: abs, WaveHash: file.Hash, Columns: file.Columns,
		Tenant: res.Organization.ID, TenantName: res.Organization.DisplayName,
		Cloud: conn.cloud.Name, GraphRoot: conn.cloud.GraphRoot, BlobRoot: conn.blobRoot,
		Slots: o.slots, ReportDir: g.reportDir, Operator: operator(), Version: version,
		State: migration.RunActive, CreatedAt: conn.clock.Now(),
		Settings: map[string]string{"skip-invalid": strconv.FormatBool(o.skipInvalid), "slots": strconv.Itoa(o.slots)},
	}
	if o.trigger != "" {
		run.Settings["trigger"] = o.trigger
	}
	if o.source == sourceAccount {
		run.Settings["import-source"], run.Settings["storage-account-id"] = o.source, o.account
	}
	if conn.place.sandbox != "" {
		run.Sandbox, run.SandboxState, run.SandboxSpeed = conn.place.sandbox, conn.place.stateDir, conn.clock.Speed()
		if !sandboxURL(run.Sandbox) {
			if abs, err := filepath.Abs(run.Sandbox); err == nil {
				run.Sandbox = abs
			}
			if abs, err := filepath.Abs(run.SandboxState); err == nil {
				run.SandboxState = abs
			}
		}
	}
	return run
}

// newRows makes the rows of a run: pending, or skipped with the first error as the reason.
func newRows(run migration.Run, file *wave.File, res preflight.Result) []migration.Row {
	rows := make([]migration.Row, len(file.Rows))
	for i, in := range file.Rows {
		rows[i] = migration.Row{
			Run: run.ID, Index: i, Target: res.Targets[i], Input: in.Cells, State: migration.Pending,
			Step: migration.StepCheck, Reason: migration.ReasonCreated, Attempt: 1, UpdatedAt: run.CreatedAt,
		}
		if !res.Bad[i] {
			continue
		}
		p := migration.Problem{Code: "wave.invalid", Message: "the row has an error"}
		for _, f := range res.Findings {
			if f.Line == in.Line && f.Severity == wave.Error {
				p = migration.Problem{Code: f.Code, Message: f.Message, Hint: f.Hint}
				break
			}
		}
		rows[i] = migration.Skip(rows[i], p, run.CreatedAt).To()
	}
	return rows
}

// nothingToRun answers a wave in which no row may run.
func (a *app) nothingToRun(g *globals, file *wave.File, res preflight.Result) error {
	if err := a.answerValidate(g, file, res); err != nil && len(file.Rows) == 0 {
		return err
	}
	return nothing("no row of this wave can run: nothing to do", "mend the rows that have errors")
}

// confirm shows the plan and asks.
func (a *app) confirm(ctx context.Context, g *globals, run migration.Run, rows []migration.Row, res preflight.Result) error {
	if !g.json {
		if res.Count(wave.Error)+res.Count(wave.Warning) > 0 {
			printFindings(a.err, res.Findings)
		}
		printPlan(a.err, tenantText(run), rows, run.Slots)
	}
	if run.Sandbox != "" {
		return a.ask(ctx, g, "Start? It is a rehearsal: nobody is moved.")
	}
	return a.ask(ctx, g, "Start? This changes the tenant.")
}

// ask asks a question that only yes goes on from. Without a terminal to ask on, --yes must have been given. An ended ctx
// is an answer too: the fault is Interrupted.
func (a *app) ask(ctx context.Context, g *globals, question string) error {
	if g.yes {
		return nil
	}
	if !a.inTerm {
		return fault.New(fault.Invalid, "usage", "nobody can be asked: standard input is not a terminal", "give --yes to run without a question")
	}
	fmt.Fprint(a.err, question+" [y/N] ")
	answered := make(chan string, 1)
	go func() { // a read from a terminal cannot be called off; the process ends soon after
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answered <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return fault.Wrap(fault.Interrupted, "", "stopped at the question; nothing was changed", "", ctx.Err())
	case line := <-answered:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
	}
	return nothing("not started; nothing was changed", "")
}

func tenantText(run migration.Run) string {
	name := run.TenantName
	if name == "" {
		name = run.Tenant
	}
	if run.Sandbox != "" {
		name += " (a sandbox: nobody is moved)"
	}
	return name
}

// newRunID names a run: date, time, and four letters so that two runs of a minute differ.
func newRunID(now time.Time) string {
	b := make([]byte, 2)
	_, _ = rand.Read(b)
	return now.Format("20060102-1504") + "-" + hex.EncodeToString(b)
}

func operator() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

// holder says who drives the run, for whoever is refused.
func holder(run string, now time.Time) ledger.Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return ledger.Holder{
		Host: host, User: operator(), PID: os.Getpid(), Started: now, Command: strings.Join(os.Args, " "), Run: run,
	}
}
