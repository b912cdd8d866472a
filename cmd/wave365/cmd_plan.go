package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/run/plan"
	"wave365/pkg/run/plan/moved"
	"wave365/pkg/wave"
)

func newPlanCommand(a *app, g *globals) *cobra.Command {
	var o runOptions
	var out string
	cmd := &cobra.Command{
		Use: "plan WAVE", Short: "Show what run would change, change by change; changes nothing",
		Long: `Validate a wave and show what ` + "`wave365 run`" + ` with the same flags would change: user settings, groups and who joins
them, licenses, imports, and when it would end. --out seals the plan into a file; ` + "`wave365 run --plan FILE`" + ` then refuses
to start when the wave or the tenant has changed since, and says what changed.

Exit codes: 0 there is something to do, 4 wave invalid, 5 permission or tenant prerequisite, 6 nothing to do,
12 sign-in or network.`,
		Example: "  wave365 plan waves/friday.csv --sandbox --skip-invalid\n  wave365 plan waves/friday.csv --storage-account contosovhds --canary 2 --out friday.plan.json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runPlan(cmd, a, g, o, args[0], out) },
	}
	o.checking.addFlags(cmd)
	o.steering.addFlags(cmd, false)
	cmd.Flags().BoolVar(&o.skipInvalid, "skip-invalid", false, "plan for the clean rows and count the others as skipped")
	addCreateGroup(cmd, &o)
	cmd.Flags().StringVar(&out, "out", "", "seal the plan into this file, for run --plan")
	return cmd
}

func runPlan(cmd *cobra.Command, a *app, g *globals, o runOptions, path, out string) error {
	b := &beginning{app: a, g: g, cmd: cmd, runOptions: o, path: path}
	if err := b.open(); err != nil {
		return err
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	at, err := g.placeOf(path)
	if err != nil {
		return err
	}
	if b.conn, err = a.connect(ctx, g, at); err != nil {
		return err
	}
	defer b.conn.close()
	res, supposed, err := b.suppose(ctx)
	if err != nil {
		return err
	}
	if b.refuses(res) {
		return a.answerValidate(g, b.file, res)
	}
	p, err := b.drafted("RUN", b.conn.clock.Now(), res)
	if err != nil {
		return err
	}
	for group, policy := range supposed {
		p.Creates(group, policy)
	}
	if len(p.Rows) == 0 {
		return a.nothingToRun(g, b.file, res)
	}
	if out != "" {
		old, err := sealPlan(p, out)
		if err != nil {
			return err
		}
		if !old.IsZero() {
			a.tell(g, "%s held the plan of %s for this wave; the new one replaces it", out, a.when(old))
		}
	}
	return a.answerPlan(g, p, res, out)
}

// suppose validates the wave as if the groups that --create-group would create existed; supposed are their policies.
func (b *beginning) suppose(ctx context.Context) (res preflight.Result, supposed map[string]string, err error) {
	before, err := run.UserHistoryIn(ctx, b.g.ledger)
	if err != nil {
		return res, nil, err
	}
	if res, err = b.preflight(ctx, b.g, b.conn, b.checking, b.file, b.findings, before); err != nil {
		return res, nil, err
	}
	supposed, err = b.supposeGroups(ctx, &res)
	return res, supposed, err
}

// sealPlan writes a plan to a file. A new plan of the same wave replaces the old one, and was is when that was made; any other
// file is not overwritten.
func sealPlan(p plan.Plan, path string) (was time.Time, err error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		var old plan.Plan
		there, err := run.ReadFile(path, maxPlan)
		if err == nil {
			old, err = plan.Open(path, there)
		}
		if err != nil {
			return was, fault.New(fault.Invalid, "usage", path+" exists and is not a plan: it is not overwritten", "choose another --out; nothing was changed")
		}
		if old.Wave != p.Wave || old.Tenant != p.Tenant {
			return was, fault.New(fault.Invalid, "usage", path+" holds the plan of wave "+old.Wave+" for "+cmp.Or(old.TenantName, old.Tenant)+": it is not overwritten", "choose another --out, or remove the file; nothing was changed")
		}
		was = old.At
	}
	text, err := p.Seal()
	if err == nil {
		err = os.WriteFile(path, text, 0o600) // it names people
	}
	if err != nil {
		return was, fault.Wrap(fault.Invalid, "usage", "the plan cannot be written to "+path+": "+err.Error(), "choose another --out; nothing was changed", err)
	}
	return was, nil
}

func (a *app) answerPlan(g *globals, p plan.Plan, res preflight.Result, out string) error {
	if res.Count(wave.Error)+res.Count(wave.Warning) > 0 && !g.json {
		console.Findings(a.err, g.shell(""), res.Findings)
	}
	if g.json {
		return a.answer(p)
	}
	printPlan(a.out, p, a.zone)
	if out == "" {
		fmt.Fprintln(a.out, "\nNothing was changed. To run exactly this plan, seal it with --out FILE and start with run --plan FILE.")
	} else {
		fmt.Fprintf(a.out, "\nSealed into %s. Nothing was changed.\n", out)
	}
	return nil
}

// printPlan shows a plan as text, in a terminal's width.
func printPlan(w io.Writer, p plan.Plan, zone *time.Location) {
	console.Say(w, "", "Plan for "+tenantText(p.TenantName, p.Tenant, p.Rehearsal)+":")
	headed := false
	for _, l := range p.Lines(zone) {
		lead := strings.Repeat("  ", l.Depth+1)
		switch {
		case l.Mark != "":
			lead += l.Mark + " "
		case l.Depth > 0:
			lead += "  "
		default:
			if !headed {
				fmt.Fprintln(w)
			}
			headed, lead = true, ""
		}
		console.Say(w, lead, l.Text)
	}
}

// maxPlan is the largest sealed plan, in bytes: 6 KiB for each of 10,000 rows.
const maxPlan = 64 << 20

// openPlan reads a sealed plan and sets those of run's flags that were not given to its values.
func (o *runOptions) openPlan(cmd *cobra.Command, path string, zone *time.Location) (plan.Plan, migration.Settings, error) {
	var was migration.Settings
	text, err := run.ReadFile(path, maxPlan)
	if err != nil {
		return plan.Plan{}, was, fault.Wrap(fault.Invalid, "plan.invalid", "the plan cannot be read: "+err.Error(), "make one", err, fault.NewCommand("plan", "WAVE", "--out="+path))
	}
	p, err := plan.Open(path, text)
	if err != nil {
		return p, was, err
	}
	if err := was.Apply(migration.SettingsPatch(p.Settings)); err != nil {
		return p, was, fault.Wrap(fault.Invalid, "plan.invalid", err.Error(), "make a new plan", err, fault.NewCommand("plan", "WAVE", "--out="+path))
	}
	o.again = planAgain(cmd, p, was, zone)
	changed := cmd.Flags().Changed
	if !changed("slots") {
		o.slots = p.Slots
	}
	if !changed("skip-invalid") {
		o.skipInvalid = was.SkipInvalid
	}
	if !changed("trigger") {
		o.trigger = string(was.Trigger)
	}
	if !changed("create-group") {
		o.createGroup = p.Changes.CreateGroup
	}
	if !changed("import-source") {
		o.source = was.ImportSource
	}
	if !changed("storage-account-id") {
		o.account = was.StorageAccountID
	}
	return p, was, nil
}

// planAgain returns the command that makes a new plan: with the flags given to run that plan has too, and otherwise with
// the values of the old plan.
func planAgain(cmd *cobra.Command, sealed plan.Plan, was migration.Settings, zone *time.Location) fault.Command {
	args := []string{sealed.WavePath}
	planner, _, err := cmd.Root().Find([]string{"plan"})
	if err != nil {
		return fault.NewCommand("plan", args...)
	}
	given := cmd.Flags().Changed
	cmd.Flags().Visit(func(f *pflag.Flag) {
		known := planner.Flags().Lookup(f.Name) != nil || planner.InheritedFlags().Lookup(f.Name) != nil
		switch {
		case !known || slices.Contains([]string{"ledger", "out", "yes", "json", "quiet", "skip-invalid"}, f.Name):
		case f.Value.String() == f.NoOptDefVal:
			args = append(args, "--"+f.Name)
		default:
			args = append(args, "--"+f.Name+"="+f.Value.String())
		}
	})
	if sealed.Changes.CreateGroup != "" && !given("create-group") {
		args = append(args, "--create-group="+sealed.Changes.CreateGroup)
	}
	if !given("slots") {
		args = append(args, fmt.Sprintf("--slots=%d", sealed.Slots))
	}
	for _, name := range slices.Sorted(maps.Keys(sealed.Settings)) {
		value := sealed.Settings[name]
		if f := planner.Flags().Lookup(name); f == nil || given(name) || name == "skip-invalid" || value == f.DefValue {
			continue
		}
		if name == "stop-by" {
			value = was.StopBy.In(zone).Format("15:04")
		}
		args = append(args, "--"+name+"="+value)
	}
	return fault.NewCommand("plan", append(args, "--skip-invalid")...)
}

// asPlanned refuses a run that is not what was planned. again makes a new plan.
func asPlanned(sealed, now plan.Plan, path string, again fault.Command) error {
	changed := moved.Since(sealed, now)
	if len(changed) == 0 {
		return nil
	}
	const shown = 20
	if len(changed) > shown {
		changed = append(changed[:shown], fmt.Sprintf("and %d more", len(changed)-shown))
	}
	return fault.New(fault.Conflict, "plan.changed", "not as planned in "+path+":\n    "+strings.Join(changed, "\n    "),
		"nothing was changed; make a new plan for what is left, look at it, and start with that",
		fault.NewCommand(again.Name, append(slices.Clone(again.Args), "--out="+path)...))
}

func (a *app) confirmPlan(ctx context.Context, g *globals, p plan.Plan, res preflight.Result) error {
	if !g.json {
		if res.Count(wave.Error)+res.Count(wave.Warning) > 0 {
			console.Findings(a.err, g.shell(""), res.Findings)
		}
		printPlan(a.err, p, a.zone)
		fmt.Fprintln(a.err)
	}
	sandbox := ""
	if p.Rehearsal {
		sandbox = p.Tenant
	}
	return a.ask(ctx, g, "Start? "+consequence(sandbox))
}
