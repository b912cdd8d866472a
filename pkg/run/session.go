// Package run is a run as a session: it is begun or opened, amended, retried, reconciled, cancelled and executed, and
// its state is read. It holds the rules that every way of driving a run shares, at a terminal or in a worker, and takes
// what it needs as values and interfaces. It does not handle flags, terminals, signals or exit codes, and does not print
// or report.
package run

import (
	"context"
	"os"
	"os/user"
	"strings"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/pace"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

// Driver is the process, and the person behind it, that drives runs or makes requests: locks, events and reports name
// it.
type Driver struct {
	User, Host string
	PID        int
	// Command is the command line, Version the program's version.
	Command, Version string
}

// ThisProcess describes the process that calls it. What cannot be found out is "unknown".
func ThisProcess(version string) Driver {
	d := Driver{User: "unknown", Host: "unknown", PID: os.Getpid(), Command: strings.Join(os.Args, " "), Version: version}
	if u, err := user.Current(); err == nil && u.Username != "" {
		d.User = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		d.Host = host
	}
	return d
}

// String names the person and the machine.
func (d Driver) String() string { return d.User + " on " + d.Host }

// Holder is the driver as the lock of a ledger names it; runID may be empty.
func (d Driver) Holder(runID string, now time.Time) ledger.Holder {
	return ledger.Holder{Host: d.Host, User: d.User, PID: d.PID, Started: now, Command: d.Command, Run: runID}
}

// Tenant is everything that a run reads from and does to the tenant; *graph.Client implements it.
type Tenant interface {
	playbook.Graph
	preflight.Tenant
}

// Storage is what a run needs of the storage account; *blob.Client implements it.
type Storage interface {
	playbook.Storage
	preflight.Storage
}

// Clock is the service's time; cloud.Clock implements it.
type Clock interface {
	Now() time.Time
	// Wall returns how long a duration of service time takes on the wall clock.
	Wall(d time.Duration) time.Duration
}

// Services is the way to a run's tenant and storage account.
type Services struct {
	Tenant  Tenant
	Storage Storage
	Clock   Clock
	// BlobRoot is the storage account's endpoint.
	BlobRoot string
	// Validate checks rows of a wave against both, as the run was begun. It may show progress.
	Validate func(ctx context.Context, file *wave.File, findings []wave.Finding, before UserHistory) (preflight.Result, error)
	// Throttled makes every request of a service to wait call tell; nil when that cannot be observed.
	Throttled func(tell func(pace.Throttle))
	// Close closes the services; it is called once.
	Close func()
}

// Options say which ledger a session is about, and for whom.
type Options struct {
	// Ledger is the path of the ledger.
	Ledger string
	// ReportDir is where the report folders of new runs are created. The ledger is compared with the reports there.
	ReportDir string
	Driver    Driver
	// Zone is the time zone of texts; nil: UTC.
	Zone *time.Location
	// Newest: an empty id means the newest run, finished or not; otherwise see [Pick].
	Newest bool
	// Aside: the session's process does not drive the run, but acts on the tenant for it, so it takes no requests.
	Aside bool
	// Replace reports whether this process takes the run over from the one that holds the lock and may live; nil: never. See
	// ledger.TakeOver.
	Replace func(holder ledger.Holder) bool
	// Connections are shared with other sessions on the same database; nil: the ledger has its own.
	Connections *ledger.Connections
	// Journal wraps the playbook's journal, for tests of what a frozen process does; nil: no wrapper.
	Journal func(playbook.Journal) playbook.Journal
	// Connect signs in to where the run is. A session calls it at most once.
	Connect func(ctx context.Context, r migration.Run) (*Services, error)
}

// Session is one run that this process drives: its ledger open and locked. The caller closes it. Not safe for
// concurrent use, except that Connect may run beside Read.
type Session struct {
	Ledger *ledger.Ledger
	Run    migration.Run
	// Rows are the run's current rows; nil before Read.
	Rows []migration.Row
	// Services is nil until Connect, or Begin, has them.
	Services *Services

	opt     Options
	release func() error
	// say is where Execute reports why the run waits; nil before.
	say func(text string)
}

// stalled is called by the ledger when an outcome cannot be recorded yet.
func (s *Session) stalled(why error) {
	if s.say != nil {
		s.say(why.Error() + "; retrying until it can be recorded")
	}
}

// Driver returns who drives.
func (s *Session) Driver() Driver { return s.opt.Driver }

// Now returns the service's time once it is known which service; before that, the wall clock's.
func (s *Session) Now() time.Time {
	if s.Services == nil {
		return cloud.Clock{}.Now()
	}
	return s.Services.Clock.Now()
}

// Note records an event of the run as a whole. It is recorded also when ctx has ended.
func (s *Session) Note(ctx context.Context, why migration.Reason, text string) error {
	return s.Ledger.Note(context.WithoutCancel(ctx), migration.Event{Run: s.Run.ID, Row: migration.WaveRow, At: s.Now(), Reason: why, Note: text})
}

// Connect signs in to where the run is, and makes sure that it is the run's own tenant. The fault for another tenant is
// Conflict ("tenant.changed").
func (s *Session) Connect(ctx context.Context) error {
	services, err := s.opt.Connect(ctx, s.Run)
	if err != nil {
		return err
	}
	s.Services = services
	org, err := services.Tenant.Organization(ctx)
	if err != nil {
		return err
	}
	if org.ID != s.Run.Tenant {
		return fault.New(fault.Conflict, "tenant.changed", "this sign-in is in tenant "+org.ID+" ("+org.DisplayName+"), but the run belongs to "+s.Run.Tenant+" ("+s.Run.TenantName+")",
			"sign in to the run's own tenant")
	}
	return nil
}

// reload reads run and rows again.
func (s *Session) reload(ctx context.Context) error {
	r, err := s.Ledger.Run(ctx, s.Run.ID)
	if err != nil {
		return err
	}
	s.Run = r
	s.Rows, err = s.Ledger.Rows(ctx, s.Run.ID)
	return err
}

// Close gives the lock back and closes the services and the ledger. It may be called twice.
func (s *Session) Close() {
	_ = s.release()
	s.closeServices()
	_ = s.Ledger.Close()
}

func (s *Session) closeServices() {
	if s.Services != nil && s.Services.Close != nil {
		s.Services.Close()
		s.Services.Close = nil
	}
}

// playbook returns the playbook of the run.
func (s *Session) playbook() *playbook.Playbook {
	v, journal := s.Services, playbook.Journal(s.Ledger)
	if s.opt.Journal != nil {
		journal = s.opt.Journal(journal)
	}
	return playbook.New(s.Run, v.Tenant, v.Storage, journal, v.Clock, sourcesOf(s.Run, v.BlobRoot))
}
