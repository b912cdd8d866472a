package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"net"
	"strconv"
	"time"

	"wave365/pkg/ledger/postgres/pgerror"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// statement limits one statement, on both ends. frozen is how long an open transaction may wait for its next statement,
// so that a process that was stopped in the middle of one does not block others. queue is how long one transaction
// waits for another.
const (
	statement = 30 * time.Second
	frozen    = 3 * time.Second
	queue     = 10 * time.Second
)

// vanished is how long after the last sign of life a connection is given up, on both ends: a machine that died sends
// nothing. On the server it is set by tcp_keepalives.
const vanished = 25 * time.Second

// connection configures a connection with that name, for ledgers and for others with the same time limits.
func (a Address) connection(name string) *pgx.ConnConfig {
	conn := a.config.Copy()
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	for name, value := range map[string]string{
		"application_name": name, "client_min_messages": "warning", "synchronous_commit": "on",
		"idle_in_transaction_session_timeout": ms(frozen), "statement_timeout": ms(statement), "lock_timeout": ms(queue),
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	} {
		conn.RuntimeParams[name] = value
	}
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = queue
	}
	dialer := net.Dialer{
		Timeout:         conn.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
		Control:         unanswered,
	}
	conn.DialFunc = dialer.DialContext
	return conn
}

// Pool returns a pool of at most that number of connections under that name, with the time limits of ledgers. It connects
// on first use. The caller closes it.
func (a Address) Pool(name string, most int) (*pgxpool.Pool, error) {
	return a.pool(a.connection(name), most, 0)
}

func (a Address) pool(conn *pgx.ConnConfig, most, least int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, pgerror.Fault(err, "read the database's address")
	}
	config.ConnConfig, config.MaxConns, config.MinConns, config.BeforeConnect = conn, int32(most), int32(least), a.admit
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	return pool, pgerror.Fault(err, "reach the database "+a.Database())
}

// Share returns a pool of at most that number of connections that the ledgers of a database share, see Config.Pool.
// None of them keeps one for longer than a statement or a transaction. The caller closes it after the ledgers.
func (a Address) Share(most int) (*pgxpool.Pool, error) {
	return a.pool(a.connection(session()), most, 1)
}

// own returns a pool for this ledger alone.
func (c Config) own() (*pgxpool.Pool, error) {
	conn := c.Address.connection(session())
	if c.ReadOnly {
		conn.RuntimeParams["default_transaction_read_only"] = "on"
	}
	return c.Address.pool(conn, readers+1, 1)
}

// session returns a unique name for a pool. The holder of a ledger is known to live while it is connected under this
// name, which is why such pools keep one connection open.
func session() string {
	b := make([]byte, 6)
	rand.Read(b)
	return "wave365 " + hex.EncodeToString(b)
}

// visitor lends a pool's connections to one ledger, which finds its tables by their names alone.
type visitor struct {
	driver.Connector
	schema string
	// closing is called when the database/sql pool of the visitor is closed.
	closing func()
}

// lent returns a database that uses up to that number of the pool's connections at a time, each for one use.
func (c Config) lent(pool *pgxpool.Pool, most int, closing func()) *sql.DB {
	db := sql.OpenDB(visitor{stdlib.GetPoolConnector(pool), c.Address.schema(), closing})
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(-1)
	return db
}

// searched is the setting in which a connection remembers which ledger's tables it finds.
const searched = "wave365 ledger"

// Connect takes a connection out of the pool.
func (v visitor) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := v.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c := conn.(*stdlib.Conn).Conn().PgConn()
	if c.CustomData()[searched] == v.schema {
		return conn, nil
	}
	if _, err := c.Exec(ctx, "SET search_path = "+pgx.Identifier{v.schema}.Sanitize()).ReadAll(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	c.CustomData()[searched] = v.schema
	return conn, nil
}

// Close is called by the database/sql pool.
func (v visitor) Close() error {
	if v.closing != nil {
		v.closing()
	}
	return nil
}
