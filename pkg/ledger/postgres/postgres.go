// Package postgres keeps a ledger in a schema of its own in a PostgreSQL database, for fleets whose runs are driven from
// several machines. What the ledger records is not its concern; its tables are those of package sqlite.
package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/versions"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config says which ledger, and how it is opened.
type Config struct {
	Address Address
	// Now stamps transactions.
	Now func() time.Time
	// ReadOnly makes nothing that is missing, and every write is refused.
	ReadOnly bool
}

// readers bounds the connections that read.
const readers = 4

// statement bounds one statement, on both ends; frozen is how long an open transaction may wait for its next statement,
// so that a process that was stopped in the middle of one is in nobody's way; queue is how long one waits for another.
const (
	statement = 30 * time.Second
	frozen    = 3 * time.Second
	queue     = 10 * time.Second
)

func schema() versions.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the name is one of the embedded folder
	}
	return versions.Schema{Goose: goose.DialectPostgres, Files: files, Bind: bind, Again: func(error) bool { return false }}
}

// bind numbers the placeholders. No query has a "?" in a text.
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
		// Writers of one ledger come one after the other, as with SQLite; readers are not in their way.
		Begin: "BEGIN; LOCK TABLE audit IN EXCLUSIVE MODE",
		Share: " FOR SHARE", Bind: bind, Fault: classify, Refused: refused, Lost: lost, Statement: statement,
		Guards:  [2]string{"ALTER TABLE %s DISABLE TRIGGER USER", "ALTER TABLE %s ENABLE TRIGGER USER"},
		Session: session, Connected: connected,
	}
}

// connected reports whether some process has a connection under that name.
func connected(get func(query string, args []any, into ...any) error, session string) (bool, error) {
	var n int
	err := get("SELECT count(*) FROM pg_stat_activity WHERE application_name = ?", []any{session}, &n)
	return n > 0, err
}

// Open opens the ledger, and makes its schema where it is missing. Faults: NotFound ("ledger.none") for a database that
// is not there, and with ReadOnly for a schema that is not; Unavailable ("ledger.unreachable") for a server that does not
// answer; Denied ("ledger.denied") for one that lets this user not in; Invalid ("ledger.newer") for a ledger of a newer
// version of this program.
func Open(ctx context.Context, c Config) (*store.DB, error) {
	b := make([]byte, 6)
	rand.Read(b)
	session := "wave365 " + hex.EncodeToString(b)
	read := c.pool(session, readers, true)
	db, err := c.open(ctx, session, read)
	if err != nil {
		read.Close()
		return nil, classify(err, "open the ledger "+c.Address.String())
	}
	return db, nil
}

func (c Config) open(ctx context.Context, session string, read *sql.DB) (*store.DB, error) {
	there, err := c.exists(ctx, read)
	if err != nil {
		return nil, err
	}
	if c.ReadOnly {
		if !there {
			return nil, fault.New(fault.NotFound, "ledger.none", "there is no ledger "+c.Address.String(), "check --ledger; the first run makes one")
		}
		version, err := schema().Check(ctx, read)
		if err != nil {
			return nil, err
		}
		return store.New(dialect(session), store.Hooks{}, read, nil, version, c.Now), nil
	}
	write := c.pool(session, 1, false)
	if err := c.prepare(ctx, write, there); err != nil {
		write.Close()
		return nil, err
	}
	return store.New(dialect(session), store.Hooks{}, read, write, schema().Latest(), c.Now), nil
}

// exists reports whether the ledger's schema has its tables.
func (c Config) exists(ctx context.Context, db *sql.DB) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename IN ('runs', 'audit', $2)",
		c.Address.schema(), versions.VersionTable).Scan(&n)
	return n == 3, err
}

// prepare brings the ledger to this version. Of two processes that do so at once the second one waits.
func (c Config) prepare(ctx context.Context, db *sql.DB, there bool) error {
	if there {
		have, err := schema().Check(ctx, db)
		if err != nil {
			return err
		}
		if have == schema().Latest() {
			return schema().SyncArrows(ctx, db)
		}
	}
	guard := c.pool("wave365 migration", 1, false)
	defer guard.Close()
	tx, err := guard.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// It is this connection's work that waits, not its end.
	for _, query := range []string{"SET LOCAL idle_in_transaction_session_timeout = 0", "SET LOCAL lock_timeout = 60000"} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", c.Address.schema()); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{c.Address.schema()}.Sanitize()); err != nil {
		return err
	}
	return errors.Join(schema().Migrate(ctx, db), schema().SyncArrows(ctx, db))
}

// pool gives connections that find the ledger's tables by their names alone.
func (c Config) pool(session string, most int, readOnly bool) *sql.DB {
	conn := c.Address.config.Copy()
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	for name, value := range map[string]string{
		"application_name": session, "search_path": pgx.Identifier{c.Address.schema()}.Sanitize(),
		"idle_in_transaction_session_timeout": ms(frozen), "statement_timeout": ms(statement), "lock_timeout": ms(queue),
		"synchronous_commit": "on", "client_min_messages": "warning",
		// A machine that died is noticed in half a minute.
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	} {
		conn.RuntimeParams[name] = value
	}
	if readOnly {
		conn.RuntimeParams["default_transaction_read_only"] = "on"
	}
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = queue
	}
	db := stdlib.OpenDB(*conn)
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db
}
