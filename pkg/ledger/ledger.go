package ledger

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/place"
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
	// Thorough checks every page of the file, however large it is. Without it the rows and the audit of a file of more
	// than 64 MiB are not looked at; damage in them shows when they are read, as the same fault, but the file is moved
	// aside only by a thorough Open.
	Thorough bool
}

// Ledger is an open ledger file. Safe for concurrent use. The caller closes it.
type Ledger struct {
	path string
	now  func() time.Time
	read *sql.DB
	w    *writer // nil when opened read-only
	lock held

	closing sync.Once
	closed  error
}

// Open opens the ledger at path, and creates the folder and the file where they are missing. It refuses, each as a
// fault: a network or synced folder (Invalid, "ledger.place"), another program's file (Invalid, "ledger.foreign"),
// a file of a newer version of this program (Invalid, "ledger.newer"). A damaged file is moved aside, together with
// its -wal and -shm, and the fault (Internal, "ledger.damaged") says where to; the next Open starts a new ledger.
// With ReadOnly a missing file is NotFound, "ledger.none".
func Open(ctx context.Context, path string, opt Options) (*Ledger, error) {
	if err := ctx.Err(); err != nil {
		return nil, classify(err, "open the ledger")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "ledger.open", "the ledger path "+path+" cannot be used", "", err)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if !opt.AnyPlace {
		if why := place.Refuse(abs); why != "" {
			return nil, fault.New(fault.Invalid, "ledger.place", "the ledger "+abs+" lies in "+why,
				"put it on a local disk with --ledger; locks and flushes cannot be trusted there")
		}
	}
	if !opt.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
			return nil, openError(abs, err)
		}
	}
	fresh, err := identify(ctx, abs, opt)
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: abs, now: opt.Now}
	if opt.ReadOnly {
		err = l.openForReading(ctx)
	} else {
		err = l.openForWriting(ctx, fresh, opt.Thorough)
	}
	if err != nil {
		l.Close()
		if fault.CodeOf(err) == codeDamaged && !opt.ReadOnly {
			return nil, setAside(ctx, abs, opt.Now(), err)
		}
		return nil, err
	}
	return l, nil
}

func (l *Ledger) openForReading(ctx context.Context) error {
	var err error
	if l.read, err = openPool(l.path, modeRead, readers); err != nil {
		return err
	}
	if err = l.read.PingContext(ctx); err != nil && !exists(l.path+"-wal") {
		// A folder in which nothing may be created has no room for the shared index of the log. Without a log
		// there is nobody to share it with.
		l.read.Close()
		if l.read, err = openPool(l.path, modeFrozen, readers); err == nil {
			err = l.read.PingContext(ctx)
		}
	}
	if err != nil {
		return openError(l.path, err)
	}
	return checkVersion(ctx, l.read)
}

func (l *Ledger) openForWriting(ctx context.Context, fresh, thorough bool) error {
	db, err := openPool(l.path, modeWrite, 1)
	if err != nil {
		return err
	}
	if err := prepare(ctx, db, fresh, thorough); err != nil {
		db.Close()
		return err
	}
	if l.w, err = newWriter(ctx, db, l.now); err != nil {
		db.Close()
		return classify(err, "open the ledger")
	}
	if l.read, err = openPool(l.path, modeRead, readers); err != nil {
		return err
	}
	return nil
}

// Close lets go of the lock if this ledger still holds it, waits for the writes under way and closes the file.
// Calls after it fail. Closing twice is fine.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		var errs []error
		if l.w != nil {
			errs = append(errs, l.release(l.lock.id()))
		}
		if l.read != nil {
			errs = append(errs, l.read.Close())
		}
		if l.w != nil {
			// Last, because only a connection that writes can fold the log into the file and take it away.
			errs = append(errs, l.w.close())
		}
		l.closed = classify(errors.Join(errs...), "close the ledger")
	})
	return l.closed
}

// Path is the absolute path of the ledger's file.
func (l *Ledger) Path() string { return l.path }

// do runs fn in a transaction of the writer and returns when it is durable or refused.
func (l *Ledger) do(ctx context.Context, doing string, fn func(*txn) error) error {
	if l.w == nil {
		return fault.New(fault.Denied, "ledger.readonly", "the ledger was opened for reading only", "")
	}
	return classify(l.w.do(ctx, fn), doing)
}
