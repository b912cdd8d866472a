// Package postgres keeps a ledger in its own schema of a PostgreSQL database, for fleets whose runs are driven from
// several machines. Its tables are those of package sqlite; what they record is not its concern.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/postgres/pgerror"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/versions"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config identifies a ledger, and how it is opened.
type Config struct {
	Address Address
	// Now stamps transactions.
	Now func() time.Time
	// ReadOnly creates nothing that is missing, and refuses every write.
	ReadOnly bool
	// Pool is that of Address.Share, for ledgers that share one; the caller closes it. nil: the ledger opens its own.
	Pool *pgxpool.Pool
}

// readers is the largest number of connections that read.
const readers = 4

func schema() versions.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the name is that of the embedded folder
	}
	return versions.Schema{Goose: goose.DialectPostgres, Files: files, Bind: bind, Again: func(error) bool { return false }}
}

// bind numbers the placeholders. No query contains "?" in a string.
func bind(query string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

func dialect(session string) store.Dialect {
	return store.Dialect{
		// Writers of one ledger take turns, as with SQLite; readers do not block them.
		Begin: "BEGIN; LOCK TABLE audit IN EXCLUSIVE MODE",
		Share: " FOR SHARE", Bind: bind, Fault: pgerror.Fault, Refused: pgerror.Refused, Lost: pgerror.Lost, Statement: statement,
		Guards:  [2]string{"ALTER TABLE %s DISABLE TRIGGER USER", "ALTER TABLE %s ENABLE TRIGGER USER"},
		Session: session, Connected: connected, Shared: true,
	}
}

// connected reports whether a process is connected under that name.
func connected(get func(query string, args []any, into ...any) error, session string) (bool, error) {
	var n int
	err := get("SELECT count(*) FROM pg_stat_activity WHERE application_name = ?", []any{session}, &n)
	return n > 0, err
}

// Open opens the ledger, and creates its schema where it is missing. Faults: NotFound ("ledger.none") for a database that
// does not exist, and with ReadOnly for a schema that does not; Unavailable ("ledger.unreachable") for a server that does
// not respond; Denied ("ledger.denied") for one that refuses this user; Invalid ("ledger.newer") for a ledger of a newer
// version of this program.
func Open(ctx context.Context, c Config) (*store.DB, error) {
	db, err := c.open(ctx)
	if err != nil {
		return nil, pgerror.Fault(err, "open the ledger "+c.Address.String())
	}
	return db, nil
}

func (c Config) open(ctx context.Context) (_ *store.DB, err error) {
	pool, last := c.Pool, func() {}
	if pool == nil {
		if pool, err = c.own(); err != nil {
			return nil, err
		}
		last = pool.Close
	}
	if c.ReadOnly {
		read := c.lent(pool, readers, last)
		version, err := c.look(ctx, read)
		if err != nil {
			read.Close()
			return nil, err
		}
		return c.db(pool, read, nil, version), nil
	}
	read, write := c.lent(pool, readers, nil), c.lent(pool, 1, last)
	if err := c.prepare(ctx, read, write); err != nil {
		read.Close()
		write.Close()
		return nil, err
	}
	return c.db(pool, read, write, schema().Latest()), nil
}

func (c Config) db(pool *pgxpool.Pool, read, write *sql.DB, version int64) *store.DB {
	return store.New(dialect(pool.Config().ConnConfig.RuntimeParams["application_name"]), store.Hooks{}, read, write, version, c.Now)
}

// look returns the version of a ledger that has to exist.
func (c Config) look(ctx context.Context, db *sql.DB) (int64, error) {
	there, err := c.exists(ctx, db)
	if err != nil {
		return 0, err
	}
	if !there {
		return 0, fault.New(fault.NotFound, "ledger.none", "there is no ledger "+c.Address.String(), "check --ledger; the first run makes one")
	}
	return schema().Check(ctx, db)
}

// exists reports whether the ledger's schema has its tables.
func (c Config) exists(ctx context.Context, db *sql.DB) (bool, error) {
	var n int
	var usable bool
	err := db.QueryRowContext(ctx, `SELECT count(*), coalesce(bool_and(has_schema_privilege(schemaname::text, 'USAGE')), true)
		FROM pg_tables WHERE schemaname = $1 AND tablename IN ('runs', 'audit', $2)`, c.Address.schema(), versions.VersionTable).Scan(&n, &usable)
	if err == nil && !usable { // its tables would not be found
		err = pgerror.Forbidden(c.Address.schema())
	}
	return n == 3, err
}

// prepare migrates the ledger to this version. Of two processes that do so at once the second one waits.
func (c Config) prepare(ctx context.Context, read, write *sql.DB) error {
	there, err := c.exists(ctx, read)
	if err != nil {
		return err
	}
	if there {
		have, err := schema().Check(ctx, write)
		if err != nil {
			return err
		}
		if have == schema().Latest() {
			return schema().SyncArrows(ctx, write)
		}
	}
	// Not one of the pool: all of those might wait for each other here.
	guard, err := c.Address.connect(ctx, "wave365 migration")
	if err != nil {
		return err
	}
	defer func() { _ = guard.Close(context.WithoutCancel(ctx)) }() // and this ends the transaction
	// What waits is the work on this connection, not its end.
	for _, query := range []string{"BEGIN", "SET LOCAL idle_in_transaction_session_timeout = 0", "SET LOCAL lock_timeout = 60000"} {
		if _, err := guard.Exec(ctx, query); err != nil {
			return err
		}
	}
	if _, err := guard.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", c.Address.schema()); err != nil {
		return err
	}
	if _, err := write.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{c.Address.schema()}.Sanitize()); err != nil {
		return err
	}
	return errors.Join(schema().Migrate(ctx, write), schema().SyncArrows(ctx, write))
}
