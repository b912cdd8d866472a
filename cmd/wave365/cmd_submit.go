package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/wave"
)

// submission is a run that is queued for the workers instead of driven here.
type submission struct {
	// at is the value of --at; begin is the time that it means, zero: at once.
	at    string
	begin time.Time
}

func newSubmitCommand(a *app, g *globals) *cobra.Command {
	o := runOptions{submit: &submission{}}
	cmd := &cobra.Command{
		Use: "submit WAVE --ledger postgres://…", Short: "Validate a wave, show the plan, ask, and leave it to the workers",
		Long: `Validate a wave and show the plan as run does, ask, record the run in a ledger in a database, and queue it for the
workers of that database: no process on this machine is needed after that. --at "fri 18:00" lets them begin then.

Another machine has no wave file, so rows with a SAS of their own are refused; name blobs by path or URL and let the
worker's sign-in make the links. A sandbox must be running already: --sandbox=URL. Workers send no messages and write no
reports: use notify and report, from any machine.

Exit codes: 0 queued, 4 wave invalid, 5 permission or tenant prerequisite, 6 nothing to do, 10 something changed since
the plan, 11 held by another process, 12 sign-in or network.`,
		Example: "  wave365 submit waves/friday.csv --ledger 'postgres://ada@db.example.com/fleet?ledger=contoso' --at \"fri 18:00\"",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runRun(cmd, a, g, o, args[0]) },
	}
	o.addFlags(cmd, "queue")
	cmd.Flags().StringVar(&o.submit.at, "at", "", `begin then, on the local clock: "18:00", "fri 18:00" or "2026-12-04 18:00"`)
	return cmd
}

// check refuses what workers could not do, before any prompt or call.
func (s *submission) check(g *globals, p place, now time.Time, zone *time.Location) (err error) {
	switch {
	case !ledger.InDatabase(g.ledger):
		return usageError{fault.New(fault.Invalid, "usage", "submit needs a ledger that workers on other machines reach", "give --ledger 'postgres://USER@HOST/DB?ledger=NAME'")}
	case p.sandbox != "" && !loopback.IsURL(p.sandbox):
		return usageError{fault.New(fault.Invalid, "usage", "a sandbox within this process ends with it, and workers cannot reach it", "start one with wave365 sandbox, and name it with --sandbox=URL")}
	}
	if s.at == "" {
		return nil
	}
	if s.begin, err = run.Moment(s.at, now, zone); err != nil {
		err = usageError{fault.New(fault.Invalid, "usage", "--at: "+err.Error(), fault.HintOf(err))}
	}
	return err
}

// signedRows refuses rows whose signature only the wave file has.
func signedRows(rows []migration.Row) error {
	for _, r := range rows {
		if r.Target.Disk.Signed || r.Target.GuestState != nil && r.Target.GuestState.Signed {
			return fault.New(fault.Invalid, "submit.signed", fmt.Sprintf("line %d, %s: the row has a SAS of its own, which is never stored, so no worker could use it", r.Target.Line, r.Target.User),
				"name the blob by its path or URL, and give the workers' sign-in the role Storage Blob Data Reader; or use run")
		}
	}
	return nil
}

// submitted records the run and queues it, both or neither, and answers.
func (a *app) submitted(ctx context.Context, g *globals, s *run.Session, sub *submission, findings []wave.Finding) error {
	by := "queued for the workers by " + s.Driver().String()
	if !sub.begin.IsZero() {
		by += ", to begin at " + sub.begin.UTC().Format(time.RFC3339)
	}
	database, name, err := queue.Split(g.ledger)
	if err != nil {
		return err
	}
	q, err := queue.Open(ctx, database)
	if err != nil {
		return err
	}
	defer q.Close()
	if err := s.CreateQueued(ctx, findings, by, q.Within(ctx, name, s.Run.ID, sub.begin)); err != nil {
		return err
	}
	s.Close() // a worker that finds the ledger locked leaves the run alone for a while
	if sub.begin.IsZero() {
		if err := q.Wake(ctx, name, s.Run.ID); err != nil {
			g.log.Warn("the run is queued, and begins some seconds later", "error", err.Error())
		}
	}
	return a.answerQueued(ctx, g, q, s.Run, sub.begin)
}

// queuedDocument is the answer of submit, and of commands that queue a run again, with --json.
type queuedDocument struct {
	Schema string    `json:"schema"`
	Run    string    `json:"run"`
	Wave   string    `json:"wave"`
	Tenant string    `json:"tenant"`
	Begin  time.Time `json:"begin,omitzero"`
	// Workers is how many workers are connected to the database now; 0 also when that is not known.
	Workers int `json:"workers"`
}

func (a *app) answerQueued(ctx context.Context, g *globals, q *queue.Queue, r migration.Run, begin time.Time) error {
	if g.answered {
		return nil
	}
	workers, unknown := q.Workers(ctx)
	if g.json {
		return a.answer(queuedDocument{"wave365/submit/v1", r.ID, r.Wave, r.Tenant, begin, len(workers)})
	}
	when := "at once"
	if !begin.IsZero() {
		when = "at " + a.when(begin)
	}
	fmt.Fprintf(a.out, "Run %s is queued for the workers, to start %s. Show its state with: %s\n", r.ID, when, g.shell(r.ID).Line(fault.NewCommand("status")))
	if len(workers) == 0 && unknown == nil {
		fmt.Fprintf(a.err, "wave365: no worker is connected to the database now; start one: wave365 worker --database '%s'\n", databaseOf(g.ledger))
	}
	return nil
}

// databaseOf returns the database of a ledger's address, for people.
func databaseOf(address string) string {
	if database, _, err := queue.Split(address); err == nil {
		return database
	}
	return address
}
