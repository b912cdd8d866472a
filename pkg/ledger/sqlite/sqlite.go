// Package sqlite keeps a ledger in one SQLite file: it identifies the file at the path, checks it, migrates it to this
// version, and copies commits into it soon. It does not know what the ledger records.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/sqlite/conn"
	"wave365/pkg/ledger/sqlite/watched"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/versions"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config is which file to open, and how.
type Config struct {
	// Path is absolute.
	Path string
	// Now stamps transactions and the names of files that are moved aside.
	Now func() time.Time
	// ReadOnly changes nothing on disk: a missing file is an error, and every write is refused.
	ReadOnly bool
	// InUse reads, with get, who drives the ledger: the text names a live process. A damaged file that is in use is not moved.
	InUse func(get func(query string, args []any, into ...any) error) (who string, live bool)
	// Checkpoint is the longest time after a commit until it is in the file itself; zero: 5 s.
	Checkpoint time.Duration
}

func schema() versions.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the name is that of the embedded folder
	}
	return versions.Schema{
		Goose: goose.DialectSQLite3, Files: files,
		Again: func(err error) bool { return conn.IsBusy(err) || !conn.Undone(err) },
	}
}

func dialect() store.Dialect {
	return store.Dialect{Begin: "BEGIN IMMEDIATE", Fault: conn.Classify, Refused: conn.Refused}
}

// Open opens the ledger at the path. If nothing is at the path, it creates a ledger there, complete or not at all. It refuses,
// each as a fault: another program's file (Invalid, "ledger.foreign"), a file without a schema, such as a copy without its -wal
// (Invalid, "ledger.empty"), a file of a newer version of this program (Invalid, "ledger.newer"). A damaged file, which is one
// that SQLite itself cannot recover, is moved aside together with its -wal and -shm, and the fault (Internal, "ledger.damaged")
// names the new path. With ReadOnly a missing file is NotFound, "ledger.none", and nothing is moved.
func Open(ctx context.Context, c Config) (*store.DB, error) {
	if c.Checkpoint == 0 {
		c.Checkpoint = 5 * time.Second
	}
	if !c.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
			return nil, conn.OpenError(c.Path, err)
		}
	}
	db, err := c.open(ctx)
	if fault.CodeOf(err) == store.CodeDamaged {
		// Check once more from the start: no file is moved for damage that a second check does not find.
		if db, err = c.open(ctx); fault.CodeOf(err) == store.CodeDamaged && !c.ReadOnly {
			err = c.setAside(ctx, err)
		}
	}
	return db, err
}

func (c Config) open(ctx context.Context) (*store.DB, error) {
	missing, err := c.identify(ctx)
	switch {
	case err != nil:
		return nil, err
	case c.ReadOnly:
		return c.openForReading(ctx)
	case missing:
		if err := c.create(ctx); err != nil {
			return nil, err
		}
	}
	return c.openForWriting(ctx)
}

func (c Config) openForReading(ctx context.Context) (*store.DB, error) {
	read, err := conn.Open(c.Path, conn.Read, conn.Readers)
	if err != nil {
		return nil, err
	}
	if err = read.PingContext(ctx); err != nil && !exists(c.Path+"-wal") {
		// A folder in which no file may be created has no place for the shared index of the log. Without a log no index
		// is needed.
		read.Close()
		if read, err = conn.Open(c.Path, conn.Frozen, conn.Readers); err == nil {
			err = read.PingContext(ctx)
		}
	}
	var version int64
	if err == nil {
		version, err = c.check(ctx, read)
	}
	if err != nil {
		read.Close()
		return nil, conn.OpenError(c.Path, err)
	}
	return store.New(dialect(), store.Hooks{}, read, nil, version, c.Now), nil
}

func (c Config) openForWriting(ctx context.Context) (_ *store.DB, err error) {
	var pools []*sql.DB
	defer func() {
		if err != nil {
			for _, p := range pools {
				p.Close()
			}
		}
	}()
	pool := func(m conn.Mode, most int) *sql.DB {
		db, openErr := conn.Open(c.Path, m, most)
		if openErr == nil {
			pools = append(pools, db)
		}
		err = errors.Join(err, openErr)
		return db
	}
	write, read, side := pool(conn.Write, 1), pool(conn.Read, conn.Readers), pool(conn.Write, 1)
	if err != nil {
		return nil, err
	}
	if err := c.prepare(ctx, write); err != nil {
		return nil, conn.OpenError(c.Path, err)
	}
	file, err := watched.Open(ctx, c.Path)
	if err != nil {
		return nil, conn.OpenError(c.Path, err)
	}
	folder, err := newCheckpointer(ctx, side, file, c.Checkpoint)
	if err != nil {
		return nil, conn.OpenError(c.Path, err)
	}
	hooks := store.Hooks{Before: file.StillThere, Committed: folder.soon, Closing: folder.close}
	return store.New(dialect(), hooks, read, write, schema().Latest(), c.Now), nil
}

// check checks an existing file: is it intact, and is it a ledger that this program knows?
func (c Config) check(ctx context.Context, db *sql.DB) (version int64, err error) {
	defer func() {
		if p := recover(); p != nil { // SQLite's code met damage that it does not expect
			err = store.Damaged(fmt.Sprintf("checking it failed with %v", p), nil)
		}
	}()
	if err := checkHealth(ctx, db); err != nil {
		return 0, err
	}
	var tables int
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name IN (?, 'runs', 'audit')`, versions.VersionTable).Scan(&tables)
	if err != nil {
		return 0, err
	}
	if tables < 3 {
		return 0, emptyFile(c.Path)
	}
	return schema().Check(ctx, db)
}

// prepare migrates a ledger's file to the current schema: log mode, health, migrations, arrows.
func (c Config) prepare(ctx context.Context, db *sql.DB) error {
	if err := switchOnLog(ctx, db); err != nil {
		return err
	}
	if _, err := c.check(ctx, db); err != nil {
		return err
	}
	return upgrade(ctx, db)
}

func upgrade(ctx context.Context, db *sql.DB) error {
	if err := schema().Migrate(ctx, db); err != nil {
		return conn.Classify(err, "upgrade the ledger to this version")
	}
	return conn.Classify(schema().SyncArrows(ctx, db), "write the ledger's rules")
}

// create builds a new ledger next to the path and moves it there when it is complete, so that no file without a schema
// is ever at the path. If two processes do so at once, the first one's file is kept.
func (c Config) create(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(c.Path), ".new-ledger-")
	if err != nil {
		return conn.OpenError(c.Path, err)
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "ledger.db")
	if err := build(ctx, made); err != nil {
		return conn.OpenError(c.Path, err)
	}
	defer func() {
		if d, openErr := os.Open(filepath.Dir(c.Path)); openErr == nil {
			_ = d.Sync() // sync the folder's entry for the file; not every system can, or has to
			_ = d.Close()
		}
	}()
	err = os.Link(made, c.Path)
	if err != nil && !errors.Is(err, fs.ErrExist) && !exists(c.Path) {
		err = os.Rename(made, c.Path) // a file system without links
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return conn.OpenError(c.Path, err)
	}
	return nil
}

// build creates the file of an empty ledger, with nothing next to it.
func build(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	db, err := conn.Open(path, conn.Write, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// Before the log is switched on, so that the mark is in the file itself from its first page on.
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", conn.ApplicationID)); err != nil {
		return err
	}
	if err := switchOnLog(ctx, db); err != nil {
		return err
	}
	return upgrade(ctx, db)
}
