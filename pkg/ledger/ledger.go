package ledger

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/place"
	"wave365/pkg/ledger/postgres"
	"wave365/pkg/ledger/sqlite"
	"wave365/pkg/ledger/store"
)

// Options says how to open a ledger. The zero value opens for writing.
type Options struct {
	// Now is the clock that stamps what callers do not stamp; nil: time.Now.
	Now func() time.Time
	// ReadOnly changes nothing on disk: a missing file is an error, and every write is refused. A second process
	// may hold a ledger so while a run writes to it.
	ReadOnly bool
	// AnyPlace opens a ledger in a network or synced folder all the same. Such folders break the promises of this
	// package: their locks do not hold, and a sync client may put back an older file.
	AnyPlace bool
	// Checkpoint is after how long what was committed is in the file itself, and not only in its log; zero: 5 s.
	Checkpoint time.Duration
	// Sealed opens for writing what was copied elsewhere, to copy the rest of it: nothing can be recorded in it.
	Sealed bool
	// Stalled, when it is not nil, is told why an outcome cannot be recorded, at once and once a minute while that
	// lasts. It must not block.
	Stalled func(why error)
}

// Ledger is an open ledger. Safe for concurrent use. The caller closes it.
type Ledger struct {
	path string
	now  func() time.Time
	db   *store.DB
	lock held
	// chain is the end of the audit as the last commit left it. The transaction under way has it to itself.
	chain chain

	closing sync.Once
	closed  error
	// stalled is Options.Stalled.
	stalled func(error)
	// ending is closed when Close is called.
	ending chan struct{}
}

// InDatabase reports whether a ledger's path is the address of a database, and not a file.
func InDatabase(path string) bool { return postgres.Is(path) }

// Open opens the ledger at path, which is a file or, as postgres://USER@HOST/DB?ledger=NAME, a ledger in a database (for
// its faults see packages sqlite and postgres). A ledger that was copied elsewhere is Conflict, "ledger.sealed", unless it
// is only read. It creates the folder and the file where they are missing. It refuses, each as a
// fault: a network or synced folder (Invalid, "ledger.place"), another program's file (Invalid, "ledger.foreign"), a file
// without a schema (Invalid, "ledger.empty"), a file of a newer version of this program (Invalid, "ledger.newer"). A
// damaged file is moved aside, together with its -wal and -shm, and the fault (Internal, "ledger.damaged") says where
// to; the next Open starts a new ledger. With ReadOnly a missing file is NotFound, "ledger.none".
func Open(ctx context.Context, path string, opt Options) (*Ledger, error) {
	if ctx.Err() != nil {
		return nil, fault.Wrap(fault.Interrupted, "", "could not open the ledger: stopped", "", ctx.Err())
	}
	if opt.Now == nil {
		opt.Now = time.Now
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
	db, err := sqlite.Open(ctx, sqlite.Config{Path: abs, Now: opt.Now, ReadOnly: opt.ReadOnly, InUse: inUse, Checkpoint: opt.Checkpoint})
	if err != nil {
		return nil, err
	}
	return newLedger(ctx, abs, db, opt)
}

func openDatabase(ctx context.Context, url string, opt Options) (*Ledger, error) {
	at, err := postgres.Parse(url)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, postgres.Config{Address: at, Now: opt.Now, ReadOnly: opt.ReadOnly})
	if err != nil {
		return nil, err
	}
	return newLedger(ctx, at.String(), db, opt)
}

// newLedger takes db over.
func newLedger(ctx context.Context, path string, db *store.DB, opt Options) (*Ledger, error) {
	l := &Ledger{path: path, now: opt.Now, db: db, stalled: opt.Stalled, ending: make(chan struct{})}
	if err := l.refuseSealed(ctx, opt); err != nil {
		_ = db.Close()
		return nil, err
	}
	return l, nil
}

// Close lets go of the lock if this ledger still holds it, waits for the writes under way and closes the file.
// Calls after it fail. Closing twice is fine.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		close(l.ending)
		var errs []error
		if !l.db.ReadOnly() {
			errs = append(errs, l.release(l.lock.get().id))
		}
		errs = append(errs, l.db.Close())
		if err := errors.Join(errs...); err != nil {
			l.closed = l.db.Fault(err, "close the ledger")
		}
	})
	return l.closed
}

// Path is the absolute path of the ledger's file, or the address of its database as --ledger takes it.
func (l *Ledger) Path() string { return l.path }

// txn is the open transaction as the work inside it sees it.
type txn struct {
	*store.Tx
	l *Ledger
	// chain is the end of the audit as far as it is known in this transaction.
	chain chain
}

// do runs fn in a transaction and returns when it is durable or refused. fn may be called again when the connection to
// the database breaks.
func (l *Ledger) do(ctx context.Context, doing string, fn func(*txn) error) error {
	err := l.db.Do(ctx, func(tx *store.Tx) error {
		t := &txn{Tx: tx, l: l, chain: l.chain}
		l.chain = chain{}
		tx.OnCommit = func() {
			l.chain = t.chain
			l.chain.known = false
		}
		return fn(t)
	})
	if err == nil || errors.Is(err, errDone) {
		return nil
	}
	return l.db.Fault(err, doing)
}

// has reports whether the ledger's schema is at least of that version: one that is only read may be older.
func (l *Ledger) has(version int64) bool { return l.db.Version() >= version }

// Versions of the schema that brought what an older ledger, which is only read, does not have.
const (
	versionControl = 2 // orders, run_changes
	versionWrites  = 4 // writes, intents.no_change
	versionSealed  = 6 // sealed
)

// insert adds a record with the next id; columns are those beside it.
func (t *txn) insert(table, columns string, args ...any) (id int64, err error) {
	if err := t.Get(`SELECT coalesce(max(id), 0) + 1 FROM `+table, nil, &id); err != nil {
		return 0, err
	}
	return id, t.Exec(`INSERT INTO `+table+` (id, `+columns+`) VALUES (?`+strings.Repeat(", ?", len(args))+`)`, append([]any{id}, args...)...)
}
