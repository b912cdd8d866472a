package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/fleet"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/process"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
)

func newFleetCommand(a *app, g *globals) *cobra.Command {
	var database string
	var all bool
	cmd := &cobra.Command{
		Use: "fleet --database postgres://…", Short: "Show the tenants, runs and workers of a database, and what each run waits for", Args: cobra.NoArgs,
		Long: `Show the runs of all ledgers of a database: how far they are, how many rows ended in the last hour, who drives
them, and what they wait for: a worker, the service, or a person. Finished runs are left out unless --all is given. It
only reads.`,
		Example: "  wave365 fleet --database postgres://ada@db.example.com/fleet",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runFleet(cmd.Context(), a, g, database, all) },
	}
	cmd.Flags().StringVar(&database, "database", "", "postgres://USER@HOST/DB, where the ledgers are (default: that of --ledger)")
	cmd.Flags().BoolVar(&all, "all", false, "also show finished runs")
	return cmd
}

// fleetDocument is the answer of fleet with --json.
type fleetDocument struct {
	Schema string `json:"schema"`
	// Stopped: no worker starts anything, see worker --stop.
	Stopped bool           `json:"stopped"`
	Runs    []fleetRun     `json:"runs"`
	Workers []queue.Worker `json:"workers"`
	// RowsPerHour is the sum over the runs, including finished ones that are left out.
	RowsPerHour int `json:"rows_per_hour"`
}

// fleetRun is a run of one of the ledgers.
type fleetRun struct {
	queue.Job
	Wave       string           `json:"wave"`
	Tenant     string           `json:"tenant"`
	TenantName string           `json:"tenant_name"`
	Counts     migration.Counts `json:"counts"`
	// RowsPerHour is how many rows ended in the last hour of the service's time.
	RowsPerHour int `json:"rows_per_hour"`
	// Person: it waits for a person; Why is the reason.
	Person bool `json:"person"`

	over bool // nothing is left to do, and it waits for no person
}

// lately is how long ago a run may have ended whose rows count for the rate.
const lately = time.Hour

// The states of a run in addition to those of its job.
const (
	byHand    queue.State = "at a terminal" // a process that is not a worker drives it
	notInLine queue.State = "not queued"    // no process drives it, and it was never submitted
)

func runFleet(ctx context.Context, a *app, g *globals, database string, all bool) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	if database == "" && ledger.InDatabase(g.ledger) {
		database = databaseOf(g.ledger)
	}
	if database == "" {
		return usageError{fault.New(fault.Invalid, "usage", "no database given", "give --database postgres://USER@HOST/DB")}
	}
	q, err := queue.Look(ctx, database)
	if err != nil {
		return err
	}
	defer q.Close()
	doc := fleetDocument{Schema: "wave365/fleet/v1", Runs: []fleetRun{}, Workers: []queue.Worker{}}
	if doc.Stopped, err = q.Stopped(ctx); err != nil {
		return err
	}
	jobs, err := q.Jobs(ctx)
	if err != nil {
		return err
	}
	workers, err := q.Workers(ctx)
	if err != nil {
		return err
	}
	doc.Workers = append(doc.Workers, workers...)
	for i := range jobs {
		jobs[i].MarkGone(workers)
	}
	names, err := q.Ledgers(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		runs, err := a.runsOf(ctx, q.Ledger(name), name, jobs, all)
		if err != nil {
			return err
		}
		doc.Runs = append(doc.Runs, runs...)
	}
	for _, r := range doc.Runs {
		doc.RowsPerHour += r.RowsPerHour
	}
	doc.Runs = slices.DeleteFunc(doc.Runs, func(r fleetRun) bool { return r.over && !all })
	// What waits for a person comes first.
	slices.SortStableFunc(doc.Runs, func(x, y fleetRun) int { return cmp.Compare(bit(y.Person), bit(x.Person)) })
	if g.json {
		return a.answer(doc)
	}
	a.printFleet(doc, database)
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// runsOf returns the runs of one ledger; of the finished ones all, or those that ended recently.
func (a *app) runsOf(ctx context.Context, address, name string, jobs []queue.Job, all bool) ([]fleetRun, error) {
	l, err := ledger.Open(ctx, address, ledger.Options{ReadOnly: true, Zone: a.zone})
	if fault.CodeOf(err) == "ledger.none" {
		return nil, nil // another process is creating it
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	if went, err := l.WentTo(ctx); err != nil || went != "" {
		return nil, err // its runs continue elsewhere
	}
	runs, err := l.Runs(ctx)
	if err != nil {
		return nil, err
	}
	var list []fleetRun
	for _, r := range runs {
		f := fleetRun{Job: queue.Job{Ledger: name, Run: r.ID, State: notInLine, Since: r.CreatedAt}, Wave: r.Wave, Tenant: r.Tenant, TenantName: r.TenantName}
		if i := slices.IndexFunc(jobs, func(j queue.Job) bool { return j.Ledger == name && j.Run == r.ID }); i >= 0 {
			f.Job = jobs[i]
		}
		f.over = r.State == migration.RunFinished && f.State != queue.Parked
		if f.over && !all && !f.endedLately(r) {
			continue
		}
		if err := f.read(ctx, l, r); err != nil {
			return nil, err
		}
		f.Why = withLedger(f.Why, r.ID, address)
		list = append(list, f)
	}
	return list, nil
}

// endedLately reports whether a finished run ended recently. A sandbox has its own time, so for its runs the queue is asked.
func (f *fleetRun) endedLately(r migration.Run) bool {
	at := r.FinishedAt
	if r.Sandbox != "" && f.State == queue.Done {
		at = f.Since
	}
	return time.Since(at) < lately
}

// withLedger completes the commands about a run in a text: a worker says what to type without the ledger, whose address is the
// reader's own.
func withLedger(text, id, address string) string {
	return regexp.MustCompile(`(wave365 [a-z]+ `+regexp.QuoteMeta(id)+`)\b`).ReplaceAllStringFunc(text, func(command string) string {
		return command + " --ledger '" + address + "'"
	})
}

// read reads the progress of a run, and who drives it.
func (f *fleetRun) read(ctx context.Context, l *ledger.Ledger, r migration.Run) error {
	rows, err := l.Rows(ctx, r.ID)
	if err != nil {
		return err
	}
	f.Counts = migration.Count(rows)
	h, held, err := l.Holder(ctx)
	if err != nil {
		return err
	}
	if f.handled(r, h, held); f.State == notInLine {
		f.Why = "no process drives it; resume with: " + shell("", "").Line(resumeNow(ctx, l, r.ID))
	}
	if f.over && !f.endedLately(r) {
		return nil
	}
	now := tenantNow(ctx, r, !f.Person && f.State != queue.Done, run.LastChange(r, rows))
	for _, row := range rows {
		if row.State.Final() && now.Sub(row.FinishedAt) < time.Hour && row.Begun() {
			f.RowsPerHour++
		}
	}
	return nil
}

// handled determines who drives a run, by its job, its state and the holder of its ledger.
func (f *fleetRun) handled(r migration.Run, h ledger.Holder, held bool) {
	switch {
	case held && h.Run == r.ID && h.Life != process.Gone && h.Command != fleet.Command:
		f.State, f.Why, f.Worker = byHand, "", h.User+" on "+h.Host
	case r.State == migration.RunFinished && f.State != queue.Parked:
		f.State = queue.Done
	case f.State == queue.Done: // a run that was resumed by hand after its job had ended
		f.State = notInLine
	}
	f.Person = f.State == queue.Parked || f.State == notInLine
}

// handsText describes who drives a run, or what it waits for; "" when it has ended.
func (a *app) handsText(j queue.Job) string {
	after := ""
	if j.Why != "" {
		after = ": " + j.Why
	}
	switch j.State {
	case queue.Queued:
		return "waits for a worker" + after
	case queue.Scheduled:
		due := !j.Due.After(time.Now())
		if j.Worker == "" && !due {
			return "waits for its start at " + a.when(j.Due)
		}
		if j.Left {
			return "waits for another worker" + after
		}
		if due {
			return "due since " + a.when(j.Due) + ", waits for a worker" + after
		}
		return "waits for the service, until " + a.when(j.Due) + after
	case queue.Retrying:
		return "waits for a new try at " + a.when(j.Due) + after
	case queue.Running:
		if j.Gone {
			return "was driven by " + j.Worker + ", which is not connected any more; a connected worker takes it over within two minutes"
		}
		return "driven by " + j.Worker
	case byHand:
		return "driven by " + j.Worker + " at a terminal"
	case queue.Done:
		return ""
	}
	return "waits for a person" + after
}

func (a *app) printFleet(doc fleetDocument, database string) {
	var rows [][]string
	for _, r := range doc.Runs {
		c := r.Counts
		rows = append(rows, []string{cmp.Or(r.TenantName, r.Tenant), r.Ledger, r.Run, string(r.State), fmt.Sprintf("%d/%d", c.Total-c.Open(), c.Total), number(c.Failed + c.Held), number(r.RowsPerHour)})
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "No run is open.")
	} else {
		console.Table(a.out, "TENANT\tLEDGER\tRUN\tSTATE\tROWS\tFAILED, HELD\tPER HOUR", rows)
	}
	for _, r := range doc.Runs {
		if text := a.handsText(r.Job); text != "" {
			console.Say(a.out, "  "+r.Ledger+" "+r.Run+": ", text)
		}
	}
	fmt.Fprintf(a.out, "\n%s, %s in the last hour\n", wording.Count(len(doc.Workers), "worker"), wording.Count(doc.RowsPerHour, "row"))
	for _, w := range doc.Workers {
		if w.Since.IsZero() {
			fmt.Fprintf(a.out, "  %s; the database shows its machine and its start only to its own user and to members of pg_read_all_stats\n", wording.OneLine(w.Name))
			continue
		}
		fmt.Fprintf(a.out, "  %s from %s, since %s\n", wording.OneLine(w.Name), cmp.Or(w.From, "this machine"), a.when(w.Since))
	}
	if doc.Stopped {
		fmt.Fprintln(a.out, "The workers start no runs until: "+startAgain(database))
	}
}
