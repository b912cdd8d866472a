//go:build !nodatabase

package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/postgres"
	"wave365/pkg/ledger/postgres/pgerror"
)

// Schema is where River's tables are.
const Schema = "river"

// Run is a job: a run of a ledger of the same database. The address of the database is each worker's own.
type Run struct {
	Ledger string `json:"ledger"`
	Run    string `json:"run"`
}

// Kind is the kind of the job in River's tables.
func (Run) Kind() string { return "run" }

// InsertOpts makes a job unique while it is not finished. Every rescue counts as an attempt, snoozes do not.
func (Run) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 10000, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// Note is what a slice leaves in its job.
type Note struct {
	Why    string    `json:"why,omitempty"`
	Worker string    `json:"worker"`
	At     time.Time `json:"at"`
	// Left: that worker could not start the run, and left it to others.
	Left bool `json:"left,omitempty"`
}

// Queue is the queue of a database. Safe for concurrent use. The caller closes it.
type Queue struct {
	at     postgres.Address
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// connections is the largest number of connections of a queue; a worker's producer, completer, leader and listener
// share them.
const connections = 6

// Open connects to the queue of a database, creating it if necessary. Faults are those of package postgres.
func Open(ctx context.Context, database string) (*Queue, error) { return open(ctx, database, true) }

// Look is like Open but creates nothing: NotFound ("fleet.none") where there is no queue.
func Look(ctx context.Context, database string) (*Queue, error) { return open(ctx, database, false) }

func open(ctx context.Context, database string, create bool) (*Queue, error) {
	at, err := postgres.Database(database)
	if err != nil {
		return nil, err
	}
	q := &Queue{at: at}
	if q.pool, err = connect(ctx, at, "wave365 fleet"); err != nil {
		return nil, err
	}
	there := false
	err = q.pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", Schema+".river_job").Scan(&there)
	switch {
	case err != nil:
	case create:
		err = q.migrate(ctx, there)
	case !there:
		err = fault.New(fault.NotFound, "fleet.none", "nothing was ever submitted to "+at.Database(),
			"submit a wave: wave365 submit WAVE.csv --ledger '"+at.Ledger("NAME")+"'")
	}
	if err != nil {
		q.Close()
		return nil, broken(err, "open the queue")
	}
	if q.client, err = river.NewClient(riverpgxv5.New(q.pool), &river.Config{Schema: Schema, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		q.Close()
		return nil, fault.Wrap(fault.Internal, "fleet.queue", "could not open the queue", "", err)
	}
	return q, nil
}

func connect(ctx context.Context, at postgres.Address, name string) (*pgxpool.Pool, error) {
	pool, err := at.Pool(name, connections)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, broken(err, "reach the database "+at.Database())
	}
	return pool, nil
}

// migrate brings River's tables to this version. Of two processes that do so at once the second one waits.
func (q *Queue) migrate(ctx context.Context, there bool) error {
	m, err := rivermigrate.New(riverpgxv5.New(q.pool), &rivermigrate.Config{Schema: Schema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if there {
		if state, err := m.Validate(ctx, nil); err != nil || state.OK {
			return err
		}
	}
	// Its migrations cannot share a transaction, so the lock is the connection's.
	guard, err := q.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer guard.Release()
	for _, query := range []string{"SET lock_timeout = 60000", "SELECT pg_advisory_lock(hashtext('wave365 river'))", "CREATE SCHEMA IF NOT EXISTS " + Schema} {
		if _, err := guard.Exec(ctx, query); err != nil {
			return err
		}
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	_, unlocked := guard.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtext('wave365 river')), set_config('lock_timeout', '10000', false)")
	return errors.Join(err, unlocked)
}

// broken turns an error of the database into a fault.
func broken(err error, doing string) error { return pgerror.Fault(err, doing) }

// workerMark begins the name under which a worker is connected.
const workerMark = "wave365 worker "

// AsWorker opens another pool, as the worker of that name, see Workers. The caller closes the pool.
func (q *Queue) AsWorker(ctx context.Context, name string) (*pgxpool.Pool, error) {
	return connect(ctx, q.at, workerMark+name)
}

// Database returns the address of the database, fit to display.
func (q *Queue) Database() string { return q.at.Database() }

// Close closes the connections. It may be called twice.
func (q *Queue) Close() {
	if q.pool != nil {
		q.pool.Close()
	}
}

// Ledger returns the address of a ledger of the database.
func (q *Queue) Ledger(name string) string { return q.at.Ledger(name) }

// Split returns the database and the name of the ledger that --ledger names.
func Split(address string) (database, name string, err error) {
	at, err := postgres.Parse(address)
	if err != nil {
		return "", "", err
	}
	return at.Database(), at.Name(), nil
}

// unlocking is how long a worker leaves a run alone that was just recorded: the process that recorded it still has the
// ledger's lock, gives it back, and wakes the run.
const unlocking = 2 * time.Second

// Within returns a function that puts a run into the queue in the transaction that is open on conn, the connection of the
// ledger's driver; see run.Session.CreateQueued. It starts at that time; zero: when Wake is called, or a few seconds later.
func (q *Queue) Within(ctx context.Context, ledger, run string, at time.Time) func(conn any) error {
	return func(conn any) error {
		c, ok := conn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a ledger's connection is %T", conn)
		}
		when := at
		if when.IsZero() {
			when = time.Now().Add(unlocking)
		}
		_, err := q.client.InsertTx(ctx, begun{c.Conn()}, Run{ledger, run}, &river.InsertOpts{ScheduledAt: when})
		return err
	}
}

// Wake lets a run start as soon as a worker is free: one whose job waits, for a time or for a person, and one whose job
// has ended. A caller that holds the ledger's lock gives it back first. A run that a worker drives now is not affected.
func (q *Queue) Wake(ctx context.Context, ledger, run string) error {
	res, err := q.client.Insert(ctx, Run{ledger, run}, nil)
	if err == nil && res.UniqueSkippedAsDuplicate && res.Job.State != rivertype.JobStateRunning {
		_, err = q.client.JobRetry(ctx, res.Job.ID)
	}
	if err != nil {
		return broken(err, "put the run into the queue")
	}
	return nil
}

// Jobs returns the latest job of every run that the queue knows, newest first.
func (q *Queue) Jobs(ctx context.Context) ([]Job, error) {
	var jobs []Job
	seen := map[Run]bool{}
	params := river.NewJobListParams().Kinds(Run{}.Kind()).OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(1000)
	for {
		page, err := q.client.JobList(ctx, params)
		if err != nil {
			return nil, broken(err, "read the queue")
		}
		for _, row := range page.Jobs {
			var args Run
			if err := json.Unmarshal(row.EncodedArgs, &args); err != nil || seen[args] {
				continue
			}
			seen[args] = true
			jobs = append(jobs, jobOf(row, args))
		}
		if page.LastCursor == nil || len(page.Jobs) < 1000 {
			return jobs, nil
		}
		params = params.After(page.LastCursor)
	}
}

// Job returns the latest job of a run; false when the queue never had one.
func (q *Queue) Job(ctx context.Context, ledger, run string) (Job, bool, error) {
	args := Run{ledger, run}
	page, err := q.client.JobList(ctx, river.NewJobListParams().Kinds(args.Kind()).OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(1).
		Where("args->>'ledger' = @ledger AND args->>'run' = @run", river.NamedArgs{"ledger": ledger, "run": run}))
	if err != nil {
		return Job{}, false, broken(err, "read the queue")
	}
	for _, row := range page.Jobs {
		return jobOf(row, args), true, nil
	}
	return Job{}, false, nil
}

// noteOf returns what the last slice left in its job; false: nothing.
func noteOf(row *rivertype.JobRow) (Note, bool) {
	var left struct {
		Output Note `json:"output"`
	}
	err := json.Unmarshal(row.Metadata, &left)
	return left.Output, err == nil
}

// skew is how far the clocks of workers may be apart.
const skew = time.Minute

// Failed reports whether the last slice of a job failed, or its worker died; it stays true for a while after that.
func Failed(row *rivertype.JobRow) bool {
	n := len(row.Errors)
	if n == 0 {
		return false
	}
	note, _ := noteOf(row)
	return row.Errors[n-1].At.Add(skew).After(note.At)
}

func jobOf(row *rivertype.JobRow, args Run) Job {
	j := Job{Ledger: args.Ledger, Run: args.Run, Since: row.CreatedAt, id: row.ID}
	if note, ok := noteOf(row); ok {
		j.Why, j.Worker, j.Left = note.Why, note.Worker, note.Left
		if note.At.After(j.Since) {
			j.Since = note.At
		}
	}
	if n := len(row.AttemptedBy); n > 0 {
		j.Worker = row.AttemptedBy[n-1]
	}
	switch row.State {
	case rivertype.JobStateAvailable, rivertype.JobStatePending:
		j.State = Queued
	case rivertype.JobStateScheduled:
		j.State, j.Due = Scheduled, row.ScheduledAt
	case rivertype.JobStateRunning:
		j.State, j.Why, j.Left = Running, "", false
		if row.AttemptedAt != nil {
			j.Since = *row.AttemptedAt
		}
	case rivertype.JobStateRetryable:
		j.State, j.Due = Retrying, row.ScheduledAt
	case rivertype.JobStateCompleted:
		j.State = Done
	default:
		j.State = Parked
		if n := len(row.Errors); j.Why == "" && n > 0 {
			j.Why = wrongOf(row.Errors[n-1])
		}
	}
	if j.State == Retrying && len(row.Errors) > 0 {
		j.Why = wrongOf(row.Errors[len(row.Errors)-1])
	}
	return j
}

// wrongOf returns what went wrong with a slice. For a job taken from a dead worker it replaces River's message with ours.
func wrongOf(e rivertype.AttemptError) string {
	if e.Error == "Stuck job rescued by JobRescuer" {
		return "the worker that drove it no longer answers"
	}
	return e.Error
}

// Workers returns the workers that are connected to the database.
func (q *Queue) Workers(ctx context.Context) ([]Worker, error) {
	rows, err := q.pool.Query(ctx, `SELECT substr(application_name, length($1) + 1), coalesce(max(host(client_addr)), ''), min(backend_start)
		FROM pg_stat_activity WHERE datname = current_database() AND starts_with(application_name, $1) GROUP BY 1 ORDER BY 1`, workerMark)
	if err != nil {
		return nil, broken(err, "read who works")
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (w Worker, err error) {
		var since *time.Time
		if err = row.Scan(&w.Name, &w.From, &since); since != nil {
			w.Since = *since
		}
		return w, err
	})
	if err != nil {
		return nil, broken(err, "read who works")
	}
	return list, nil
}

// Ledgers returns the names of the ledgers in the database.
func (q *Queue) Ledgers(ctx context.Context) ([]string, error) {
	rows, err := q.pool.Query(ctx, "SELECT nspname FROM pg_namespace ORDER BY 1")
	if err != nil {
		return nil, broken(err, "list the ledgers")
	}
	schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, broken(err, "list the ledgers")
	}
	var names []string
	for _, s := range schemas {
		if name, ok := postgres.LedgerOf(s); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// Stop lets every worker of the database end its slices, and start nothing until Start.
func (q *Queue) Stop(ctx context.Context) error {
	return q.control(ctx, "stop the workers", q.client.QueuePause)
}

// Start lets the workers start runs again.
func (q *Queue) Start(ctx context.Context) error {
	return q.control(ctx, "start the workers", q.client.QueueResume)
}

func (q *Queue) control(ctx context.Context, doing string, do func(context.Context, string, *river.QueuePauseOpts) error) error {
	err := do(ctx, river.QueueDefault, nil)
	if errors.Is(err, river.ErrNotFound) {
		return fault.New(fault.NotFound, "fleet.no-worker", "no worker has worked on this database yet", "start one")
	}
	if err != nil {
		return broken(err, doing)
	}
	return nil
}

// Stopped reports whether Stop is in effect.
func (q *Queue) Stopped(ctx context.Context) (bool, error) {
	queue, err := q.client.QueueGet(ctx, river.QueueDefault)
	switch {
	case errors.Is(err, river.ErrNotFound):
		return false, nil
	case err != nil:
		return false, broken(err, "read the queue")
	}
	return queue.PausedAt != nil, nil
}

// Health reads the state of the queue from the database.
func (q *Queue) Health(ctx context.Context) (Health, error) {
	h := Health{Jobs: map[State]int64{}}
	// A run that was started again after its job ended, or waited for a person, has a newer job.
	rows, err := q.pool.Query(ctx, "SELECT state, count(*) FROM (SELECT DISTINCT ON (args->>'ledger', args->>'run') state::text FROM "+Schema+
		".river_job WHERE kind = $1 ORDER BY args->>'ledger', args->>'run', id DESC) AS latest GROUP BY 1", Run{}.Kind())
	if err != nil {
		return h, broken(err, "read the queue")
	}
	var state string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error {
		h.Jobs[jobOf(&rivertype.JobRow{State: rivertype.JobState(state)}, Run{}).State] += n
		return nil
	}); err != nil {
		return h, broken(err, "read the queue")
	}
	h.Stopped, err = q.Stopped(ctx)
	return h, err
}
