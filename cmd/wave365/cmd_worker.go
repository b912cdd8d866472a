package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/cloud/redact/sink"
	"wave365/pkg/fault"
	"wave365/pkg/fleet"
	"wave365/pkg/fleet/credentials"
	"wave365/pkg/fleet/monitor"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/sandbox/loopback"
)

// workerOptions holds the flags of worker.
type workerOptions struct {
	database, listen, name, credentials string
	runs, connections                   int
	slice                               time.Duration
	stop, start                         bool
}

func newWorkerCommand(a *app, g *globals) *cobra.Command {
	var o workerOptions
	cmd := &cobra.Command{
		Use: "worker --database postgres://…", Short: "Drive the runs that were submitted to a database", Args: cobra.NoArgs,
		Long: `Drive the runs that were submitted to the ledgers of a database, of many tenants, until the first Ctrl-C or SIGTERM. A
run is driven for a slice, and put back until it has something to do again; a worker that dies is replaced by the others.
Any number of workers may work on one database, on any machines. Stopping waits for the calls in flight, 15 s at most; a
second signal ends the worker at once. Neither loses anything.

The credentials file says how to sign in to which tenant; a worker leaves runs of other tenants to other workers, and
rehearsals need none:

  credentials:
    ours: {sign-in: federated-identity, client-id: 6e0c…}
    fabrikam: {sign-in: client-secret, client-id: 9f31…, secret-env: FABRIKAM_SECRET}
  tenants:
    2b9e6c14-7f03-4a8d-9c51-6d0e8f3a7b22: {credential: ours}
    6f0d3c52-8a41-4c1e-9f27-5b7e21c4d0a9: {credential: fabrikam}

Standard output gets one JSON line with the address of /livez (the worker runs), /healthz (its database answers) and
/metrics (Prometheus), standard error a log in JSON lines. --stop tells all workers of the database to finish their slices and start nothing more; --start ends that.`,
		Example: "  wave365 worker --database postgres://wave365@db.example.com/fleet --credentials fleet.yaml\n  wave365 worker --database postgres://wave365@db.example.com/fleet --stop",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runWorker(cmd.Context(), a, g, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.database, "database", "", "postgres://USER@HOST/DB, where the ledgers are")
	f.StringVar(&o.credentials, "credentials", "", "file that says how to sign in to which tenant")
	f.IntVar(&o.runs, "runs", 8, "runs driven at a time")
	f.IntVar(&o.connections, "connections", 16, "connections to the database that the ledgers of its runs share; the queue takes up to 12 more")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "where health and metrics are served; they name no people")
	f.StringVar(&o.name, "name", "", "the worker's name (default: host and process)")
	f.DurationVar(&o.slice, "slice", fleet.DefaultSlice, "how long a run is driven at a time; a worker that dies is replaced after this and a minute at most")
	f.BoolVar(&o.stop, "stop", false, "tell all workers of the database to finish their slices and start nothing more")
	f.BoolVar(&o.start, "start", false, "let them start runs again")
	_ = cmd.MarkFlagRequired("database")
	return cmd
}

// workerDocument is the line that a worker prints when it is ready.
type workerDocument struct {
	Schema string `json:"schema"`
	Worker string `json:"worker"`
	// Health is where /livez, /healthz and /metrics are served.
	Health string `json:"health"`
}

func (o *workerOptions) check() error {
	bad := func(why, hint string) error { return usageError{fault.New(fault.Invalid, "usage", why, hint)} }
	switch {
	case o.stop && o.start:
		return bad("--stop and --start together", "give one of them")
	case o.runs < 1 || o.runs > 100:
		return bad("--runs must be between 1 and 100", "start more workers instead")
	case o.connections < 1 || o.connections > 100:
		return bad("--connections must be between 1 and 100", "16 are enough for a worker with many runs")
	case o.slice < time.Second || o.slice > time.Minute:
		return bad("--slice must be between 1s and 1m", "")
	}
	if o.name == "" {
		host, _ := os.Hostname()
		o.name = workerName(host, os.Getpid())
	}
	if len(o.name) > longestName || strings.ContainsFunc(o.name, noName) {
		return bad("--name must have up to 40 letters and digits", "")
	}
	return nil
}

// longestName is how long a worker's name may be: PostgreSQL cuts the name of a connection at 63 bytes.
const longestName = 40

func noName(r rune) bool { return r <= ' ' || r > '~' }

// workerName is what a worker on a host is called. A container platform makes longer names of hosts, which differ at their end.
func workerName(host string, pid int) string {
	name := strings.Map(func(r rune) rune {
		if noName(r) {
			return '-'
		}
		return r
	}, fmt.Sprintf("%s-%d", host, pid))
	return name[max(0, len(name)-longestName):]
}

// workersDocument is the answer of worker --stop and --start with --json.
type workersDocument struct {
	Schema  string `json:"schema"`
	Stopped bool   `json:"stopped"`
}

// startAgain is the command line that ends a stop of the workers of a database.
func startAgain(database string) string {
	return shell("", "").Line(fault.NewCommand("worker", "--start", "--database", database))
}

func runWorker(ctx context.Context, a *app, g *globals, o workerOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	keys, err := credentials.Read(o.credentials)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	q, err := queue.Open(ctx, o.database)
	if err != nil {
		return err
	}
	defer q.Close()
	switch {
	case o.stop:
		if err := q.Stop(ctx); err != nil {
			return err
		}
		if g.json {
			return a.answer(workersDocument{"wave365/workers/v1", true})
		}
		fmt.Fprintln(a.out, "The workers finish their current slices and start nothing more until: "+startAgain(o.database))
		return nil
	case o.start:
		if err := q.Start(ctx); err != nil {
			return err
		}
		if g.json {
			return a.answer(workersDocument{"wave365/workers/v1", false})
		}
		fmt.Fprintln(a.out, "The workers start runs again.")
		return nil
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return fault.Wrap(fault.Invalid, "usage", "--listen: cannot listen on "+o.listen+": "+err.Error(), "choose another address, or 127.0.0.1:0 for any free port", err)
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(g.logLevel)) // it was read before
	log := slog.New(slog.NewJSONHandler(sink.Writer(console.AsIs(a.err)), &slog.HandlerOptions{Level: level}))
	meter := &fleet.Meter{}
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() {
		served <- monitor.Serve(watching, l, func(ctx context.Context) ([]monitor.Metric, error) { return workerMetrics(ctx, q, meter) })
	}()
	defer func() {
		unwatch()
		if err := <-served; err != nil {
			log.Error("the monitor ended with an error", "error", err.Error())
		}
	}()
	if err := json.NewEncoder(a.out).Encode(workerDocument{"wave365/worker/v1", o.name, "http://" + l.Addr().String()}); err != nil {
		return err
	}
	err = fleet.Work(ctx, q, fleet.Config{
		Name: o.name, Runs: o.runs, Connections: o.connections, Timing: fleet.TimingOf(o.slice), Log: log, Meter: meter,
		Session: func(address string) run.Options { return a.workerSession(g, keys, address) },
	})
	if err == nil {
		log.Info("the worker has stopped")
	}
	return err
}

// workerSession returns how a worker drives runs of the ledger with that address.
func (a *app) workerSession(g *globals, keys credentials.File, address string) run.Options {
	its := *g
	its.ledger, its.quiet, its.sandbox, its.blobEndpoint, its.account = address, true, "", "", ""
	o := a.session(&its)
	o.Zone = time.UTC // a worker's time zone says nothing about its readers
	o.Connect = func(ctx context.Context, r migration.Run) (*run.Services, error) {
		if r.Sandbox != "" && !loopback.IsURL(r.Sandbox) {
			return nil, fault.New(fault.Invalid, "sandbox.gone", "the run's sandbox was within the process that began it", "continue there, or start again with --sandbox=URL")
		}
		as := its.as(r)
		if r.Sandbox == "" {
			config, ok := keys.Of(r.Tenant)
			if !ok {
				return nil, fmt.Errorf("%s (%s): %w", r.TenantName, r.Tenant, fleet.ErrNoCredential)
			}
			as.credential = &config
		}
		conn, err := a.connect(ctx, as, placeOfRun(r))
		if err != nil {
			return nil, err
		}
		return a.services(as, conn, recorded(r)), nil
	}
	return o
}

// workerMetrics returns the metrics that /metrics serves.
func workerMetrics(ctx context.Context, q *queue.Queue, m *fleet.Meter) ([]monitor.Metric, error) {
	list := []monitor.Metric{{Name: "runs_driving", Help: "Runs that this worker drives now.", Value: float64(m.Driving.Load())}}
	count := func(name, help string, value int64) {
		list = append(list, monitor.Metric{Name: name, Help: help, Counter: true, Value: float64(value)})
	}
	count("slices_total", "Slices of runs that this worker drove.", m.Slices.Load())
	count("runs_over_total", "Runs that this worker brought to their end.", m.Done.Load())
	count("runs_parked_total", "Times that a run was left waiting for a person.", m.Parked.Load())
	count("slices_retried_total", "Slices that failed for something that may pass.", m.Retried.Load())
	count("slices_lost_total", "Slices in which another process had the run.", m.Lost.Load())
	count("slices_left_total", "Runs left to other workers for lack of a credential.", m.Left.Load())
	h, err := q.Health(ctx)
	for _, s := range []queue.State{queue.Queued, queue.Scheduled, queue.Running, queue.Retrying, queue.Parked, queue.Done} {
		if err == nil {
			list = append(list, monitor.Metric{Name: "jobs", Label: `state="` + string(s) + `"`, Help: "Runs in the database's queue, by state.", Value: float64(h.Jobs[s])})
		}
	}
	return list, err
}
