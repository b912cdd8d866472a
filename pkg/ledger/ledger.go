package ledger

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
	"wave365/pkg/ledger/effects"
	"wave365/pkg/ledger/hold"
	"wave365/pkg/ledger/place"
	"wave365/pkg/ledger/recall"
	"wave365/pkg/ledger/record"
	"wave365/pkg/ledger/sqlite"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

// Types of the packages below, under the names that callers use.
type (
	// Holder is the process that drives the ledger's runs.
	Holder = hold.Holder
	// Request is an operator's request to the process that drives a run.
	Request = hold.Request
	// Change is what changes about a run after it was created.
	Change = record.Change
	// Edit is an edited wave file, as far as its run takes it over.
	Edit = record.Edit

	keeper  = hold.Keeper
	journal = effects.Journal
	records = record.Records
	reader  = recall.Reader
	history = trail.History
)

// The kinds of request.
const (
	RequestPause    = hold.RequestPause
	RequestContinue = hold.RequestContinue
	RequestSlots    = hold.RequestSlots
	RequestDrain    = hold.RequestDrain
	RequestCancel   = hold.RequestCancel
)

// VerifyChain checks entries as Audit returns them, those of the whole ledger or of one run. The fault (Invalid,
// "ledger.tampered") names the first entry that was changed, removed or inserted. Entries cut off at the end cannot be
// detected.
func VerifyChain(entries iter.Seq2[audit.Entry, error]) error { return trail.VerifyChain(entries) }

// RunAsBegun returns the run as it was when it began, from the audit entry that records it; false for other entries.
func RunAsBegun(e audit.Entry) (migration.Run, bool) { return trail.RunAsBegun(e) }

// Options configures how a ledger is opened. The zero value opens for writing.
type Options struct {
	// Now is the clock for times that callers leave zero; nil: time.Now.
	Now func() time.Time
	// Zone is the time zone of faults; nil: UTC.
	Zone *time.Location
	// ReadOnly changes nothing on disk: a missing file is an error, and every write is refused. A second process may
	// open a ledger this way while a run writes to it.
	ReadOnly bool
	// AnyPlace also opens a ledger in a network or synced folder. Such folders break the promises of this package:
	// their locks do not work, and a sync client may restore an older file.
	AnyPlace bool
	// Checkpoint is the longest time after a commit until it is in the file itself and not only in its log; zero: 5 s.
	Checkpoint time.Duration
	// Sealed opens for writing a ledger that was copied elsewhere, to copy the rest of it: nothing can be recorded in
	// it.
	Sealed bool
	// Connections are shared with other ledgers of the same database; nil: the ledger opens its own. While they are
	// open, the holder of a lock that was taken over them counts as live.
	Connections *Connections
	// Stalled, when not nil, is called with the reason an outcome cannot be recorded, at once and then every minute
	// while that lasts. It must not block.
	Stalled func(why error)
}

// Ledger is an open ledger. Safe for concurrent use. The caller closes it.
type Ledger struct {
	path string
	// What can be recorded and read, each by its own part.
	*keeper
	*journal
	*records
	*reader
	*history
	trail *trail.Trail
	zone  *time.Location

	closing sync.Once
	closed  error
	// ending is closed when Close is called.
	ending chan struct{}
}

// InDatabase reports whether a ledger's path is the address of a database, rather than a file.
func InDatabase(path string) bool {
	return strings.HasPrefix(path, "postgres://") || strings.HasPrefix(path, "postgresql://")
}

// Open opens the ledger at path, which is a file or, as postgres://USER@HOST/DB?ledger=NAME, a ledger in a database (for its
// faults see packages sqlite and postgres). A ledger that was copied elsewhere is Conflict, "ledger.sealed", unless it is only
// read. Missing folders and a missing file are created. It refuses, each as a fault: a network or synced folder (Invalid,
// "ledger.place"), another program's file (Invalid, "ledger.foreign"), a file without a schema (Invalid, "ledger.empty"), any file
// at the path while a process of this machine drives a run and writes to another file (Conflict, "ledger.locked"), a file of a
// newer version of this program (Invalid, "ledger.newer"). A damaged file is moved aside, together with its -wal and -shm, and the
// fault (Internal, "ledger.damaged") names its new path; the next Open starts a new ledger. With ReadOnly a missing file is
// NotFound, "ledger.none".
func Open(ctx context.Context, path string, opt Options) (*Ledger, error) {
	if ctx.Err() != nil {
		return nil, fault.Wrap(fault.Interrupted, "", "could not open the ledger: stopped", "", ctx.Err())
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	if InDatabase(path) {
		return openDatabase(ctx, path, opt)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "ledger.open", "the ledger path "+path+" cannot be used", "", err)
	}
	if !opt.AnyPlace {
		if why := place.Refuse(abs); why != "" {
			return nil, fault.New(fault.Invalid, "ledger.place", "the ledger "+abs+" lies in "+why,
				"put it on a local disk with --ledger; locks and flushes cannot be trusted there")
		}
	}
	if err := hold.Displaced(abs, opt.Zone, func() (string, error) { return sqlite.Asked(ctx, abs, hold.IDOf) }); err != nil && ctx.Err() == nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: abs, Now: opt.Now, ReadOnly: opt.ReadOnly, InUse: hold.InUse(opt.Zone), Checkpoint: opt.Checkpoint})
	if err != nil {
		return nil, err
	}
	return newLedger(ctx, abs, db, opt)
}

// newLedger returns a ledger on db, which belongs to it from then on.
func newLedger(ctx context.Context, path string, db *store.DB, opt Options) (*Ledger, error) {
	t, ending := trail.New(db, opt.Now), make(chan struct{})
	l := &Ledger{
		path: path, trail: t, zone: opt.Zone, ending: ending,
		keeper: hold.New(t, opt.Zone), journal: effects.New(t, opt.Stalled, ending), records: record.New(t), reader: recall.New(t), history: trail.NewHistory(t),
	}
	if !InDatabase(path) {
		l.keeper.Beside(path)
	}
	if err := l.refuseSealed(ctx, opt); err != nil {
		_ = db.Close()
		return nil, err
	}
	return l, nil
}

// Close gives the lock back if this ledger still holds it, waits for writes in progress and closes the file. Calls
// after it fail. Closing twice is allowed.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		close(l.ending)
		var errs []error
		if !l.trail.DB.ReadOnly() {
			errs = append(errs, l.Release(l.trail.Claimed().ID))
		}
		errs = append(errs, l.trail.DB.Close())
		if err := errors.Join(errs...); err != nil {
			l.closed = l.trail.DB.Fault(err, "close the ledger")
		}
	})
	return l.closed
}

// Zone returns the time zone of Options.
func (l *Ledger) Zone() *time.Location { return l.zone }

// Path returns the absolute path of the ledger's file, or the address of its database as --ledger takes it.
func (l *Ledger) Path() string { return l.path }
