// Package store is a ledger's database as the rest of package ledger sees it: one writer whose transactions run one
// after the other, readers next to it, and the few differences between SQLite and PostgreSQL as values. It does not
// know what a ledger records.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wave365/pkg/fault"
)

// ErrClosed is what every call on a closed DB returns.
var ErrClosed = errors.New("ledger: closed")

// Refusal is the kind of constraint that refused a statement.
type Refusal int

// The refusals. Check is a CHECK, a NOT NULL or a trigger; the error's text tells which.
const (
	NotRefused Refusal = iota
	Check
	Unique
	ForeignKey
)

// Dialect holds the differences between the kinds of database.
type Dialect struct {
	// Begin begins a transaction that excludes other writers.
	Begin string
	// Share ends a SELECT whose rows must not change before the transaction ends.
	Share string
	// Bind replaces "?" with the database's placeholders; nil: it uses "?".
	Bind func(query string) string
	// Fault turns an error of the database into a fault; doing completes "could not …".
	Fault func(err error, doing string) error
	// Refused returns which constraint refused a statement, if one did.
	Refused func(err error) Refusal
	// Lost reports whether the connection broke, so that a COMMIT under way may have been carried out; nil: that cannot happen.
	Lost func(err error) bool
	// Statement is the time limit of one statement; zero: none.
	Statement time.Duration
	// Session is the name under which this process is connected; "" if there is no such name. Connected asks the
	// database whether somebody is connected under a name.
	Session   string
	Connected func(get func(query string, args []any, into ...any) error, session string) (bool, error)
	// Shared: the connections are those of a pool that others use as well. None is kept between transactions, and the
	// driver manages prepared statements.
	Shared bool
	// Guards are the statements that turn the triggers of a table, for %s, off and on again; empty: they are dropped and
	// created again.
	Guards [2]string
}

// Hooks are called by the DB for the package that opened it. Functions may be nil.
type Hooks struct {
	// Before is called ahead of each transaction; its error refuses the transaction.
	Before func() error
	// Committed is called after each commit.
	Committed func()
	// Closing is called once, after the last transaction and before the connections are closed.
	Closing func()
}

// DB is an open ledger's database. Safe for concurrent use. The owner closes it.
type DB struct {
	Dialect
	hooks Hooks
	read  *sql.DB
	write *sql.DB // nil when opened for reading
	now   func() time.Time
	// version is the schema's, as it was found or made when the ledger was opened.
	version int64

	// turn has room for one: a sender may use the fields below until it receives from turn again.
	turn   chan struct{}
	conn   *sql.Conn // nil until it is needed, after it broke, and between transactions when Shared
	stmts  map[string]*sql.Stmt
	closed bool
}

// New returns a DB that owns these connections from then on; write is nil for a ledger that is only read.
func New(d Dialect, h Hooks, read, write *sql.DB, version int64, now func() time.Time) *DB {
	return &DB{Dialect: d, hooks: h, read: read, write: write, version: version, now: now, turn: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}}
}

// Version returns the version of the schema: that of this program, or an older one when the ledger is only read.
func (d *DB) Version() int64 { return d.version }

// ReadOnly reports whether Do refuses everything.
func (d *DB) ReadOnly() bool { return d.write == nil }

// Close waits for the transaction in progress and closes the connections. Transactions after it are refused. Closing
// twice is allowed.
func (d *DB) Close() error {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.hooks.Closing != nil {
		d.hooks.Closing()
	}
	errs := []error{d.read.Close()}
	if d.write != nil {
		// Last, because only a connection that writes can merge SQLite's log into the file and delete it.
		errs = append(errs, d.drop(), d.write.Close())
	}
	return errors.Join(errs...)
}

// Do runs fn in a transaction and returns when it is durable or refused. It does nothing when ctx is done before its
// turn comes, and never returns while fn may still be committed. fn's error undoes everything; fn may be called again
// when the connection broke before the transaction was committed.
func (d *DB) Do(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.write == nil {
		return fault.New(fault.Denied, "ledger.readonly", "the ledger was opened for reading only", "")
	}
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	if d.closed {
		return ErrClosed
	}
	if d.hooks.Before != nil {
		if err := d.hooks.Before(); err != nil {
			return err
		}
	}
	err := d.transact(fn)
	if d.Shared {
		_ = d.drop()
	}
	if err == nil && d.hooks.Committed != nil {
		d.hooks.Committed()
	}
	return err
}

// reach is how long a lost database is retried within one transaction.
const reach = 45 * time.Second

// transact runs one transaction, and repeats it while connections break.
func (d *DB) transact(fn func(*Tx) error) error {
	deadline := time.Now().Add(reach)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		sent, err := d.once(fn)
		if err == nil || d.Lost == nil || !d.Lost(err) {
			return err
		}
		_ = d.drop()
		for settled := sent == nil; !settled; {
			committed, unsettled := d.settle(*sent)
			switch {
			case unsettled == nil && committed:
				return nil
			case unsettled == nil:
				settled = true
			case time.Now().After(deadline):
				return err
			default:
				<-time.After(pause)
			}
		}
		if time.Now().After(deadline) {
			return err
		}
		<-time.After(pause)
	}
}

// once makes one attempt. sent is not nil when the connection broke at the COMMIT: it tells how to find out whether
// that was carried out.
func (d *DB) once(fn func(*Tx) error) (sent *Evidence, err error) {
	defer damagedBy(&err)
	t := &Tx{d: d, Now: d.now().UTC()}
	if t.conn, err = d.connect(); err != nil {
		return nil, err
	}
	if err := t.run(d.Begin); err != nil {
		t.undo()
		return nil, err
	}
	if err := t.call(fn); err != nil {
		t.undo()
		return nil, err
	}
	if t.over {
		return nil, fault.New(fault.Internal, "ledger.bug", "a write to the ledger continued after it was refused", "")
	}
	if err := t.run("COMMIT"); err != nil {
		t.undo()
		return t.Evidence, err
	}
	if t.OnCommit != nil {
		t.OnCommit()
	}
	return nil, nil
}

// settle asks, on a new connection, what became of a COMMIT without an answer. It asks in a transaction of its own, which
// can begin only when the other one has ended, one way or the other.
func (d *DB) settle(e Evidence) (committed bool, err error) {
	defer func() {
		if err != nil {
			_ = d.drop()
		}
	}()
	t := &Tx{d: d, Now: d.now().UTC()}
	if t.conn, err = d.connect(); err != nil {
		return false, err
	}
	defer t.undo()
	if err := t.run(d.Begin); err != nil {
		return false, err
	}
	var n int
	err = t.Get(e.Query, e.Args, &n)
	return n > 0, err
}

// statement returns the context of one statement. Statements do not stop with a caller's context: half of them done,
// they would have to be undone.
func (d *DB) statement() (context.Context, context.CancelFunc) {
	if d.Statement == 0 {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), d.Statement)
}

func (d *DB) connect() (*sql.Conn, error) {
	if d.conn != nil {
		return d.conn, nil
	}
	ctx, cancel := d.statement()
	defer cancel()
	conn, err := d.write.Conn(ctx)
	if err == nil {
		d.conn = conn
	}
	return conn, err
}

// drop closes the writing connection.
func (d *DB) drop() error {
	var errs []error
	for _, s := range d.stmts {
		errs = append(errs, s.Close())
	}
	clear(d.stmts)
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
		d.conn = nil
	}
	return errors.Join(errs...)
}

// Tx is the open transaction as the work inside it sees it. The first statement that fails ends it; reading continues
// to work after that, outside any transaction, so that a refusal can be explained.
type Tx struct {
	d    *DB
	conn *sql.Conn
	over bool
	// Now is the time of the transaction, in UTC.
	Now time.Time
	// Evidence, when set, finds what was recorded if the transaction was committed; nil: nothing was.
	Evidence *Evidence
	// OnCommit, when set, is called after the commit and before the next transaction begins.
	OnCommit func()
}

// Evidence is a query that counts what only this transaction can have recorded.
type Evidence struct {
	Query string
	Args  []any
}

// call calls fn. A panic in it ends the caller's work, not the ledger.
func (t *Tx) call(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "ledger.bug", fmt.Sprintf("a write to the ledger panicked: %v", p), "")
		}
	}()
	return fn(t)
}

// undo rolls back if the transaction is still open; SQLite may have done so already.
func (t *Tx) undo() {
	if t.over {
		return
	}
	t.over = true
	ctx, cancel := t.d.statement()
	defer cancel()
	_, _ = t.conn.ExecContext(ctx, "ROLLBACK")
}

// run runs a statement without parameters, without preparing it.
func (t *Tx) run(query string) error {
	ctx, cancel := t.d.statement()
	defer cancel()
	_, err := t.conn.ExecContext(ctx, query)
	return err
}

// query is a query that is ready to run, as *sql.Stmt is.
type query interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// plain is a query whose prepared form the driver caches itself.
type plain struct {
	conn *sql.Conn
	text string
}

func (p plain) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return p.conn.ExecContext(ctx, p.text, args...)
}

func (p plain) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return p.conn.QueryContext(ctx, p.text, args...)
}

func (p plain) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	return p.conn.QueryRowContext(ctx, p.text, args...)
}

// stmt prepares a query once per connection.
func (t *Tx) stmt(text string) (query, error) {
	if t.d.Shared {
		return plain{t.conn, t.d.bound(text)}, nil
	}
	if s := t.d.stmts[text]; s != nil {
		return s, nil
	}
	ctx, cancel := t.d.statement()
	defer cancel()
	s, err := t.conn.PrepareContext(ctx, t.d.bound(text))
	if err != nil {
		return nil, err
	}
	t.d.stmts[text] = s
	return s, nil
}

// Exec runs a statement.
func (t *Tx) Exec(query string, args ...any) error {
	_, err := t.Change(query, args...)
	return err
}

// Change runs a statement and returns how many rows it changed.
func (t *Tx) Change(query string, args ...any) (int64, error) {
	s, err := t.stmt(query)
	if err != nil {
		t.undo()
		return 0, err
	}
	ctx, cancel := t.d.statement()
	defer cancel()
	res, err := s.ExecContext(ctx, texts(args)...)
	if err != nil {
		t.undo()
		return 0, err
	}
	return res.RowsAffected()
}

// Raw calls fn with the driver's own connection, for what a library records in the same transaction. fn does not end
// the transaction, and does not keep the connection; after its error nothing more is recorded.
func (t *Tx) Raw(fn func(conn any) error) error {
	err := t.conn.Raw(fn)
	if err != nil {
		t.undo()
	}
	return err
}

// Get reads one row; [sql.ErrNoRows] when there is none.
func (t *Tx) Get(query string, args []any, into ...any) error {
	s, err := t.stmt(query)
	if err != nil {
		t.undo()
		return err
	}
	ctx, cancel := t.d.statement()
	defer cancel()
	err = s.QueryRowContext(ctx, texts(args)...).Scan(into...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.undo()
	}
	return err
}
