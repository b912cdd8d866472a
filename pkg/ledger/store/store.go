// Package store is a ledger's database as the rest of package ledger sees it: one writer whose transactions come one
// after the other, readers beside it, and the few differences between SQLite and PostgreSQL as values. It is
// not for what a ledger records.
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

// Refusal says what a constraint refused.
type Refusal int

// The refusals. Check is a CHECK, a NOT NULL or a trigger; the error's text tells which.
const (
	NotRefused Refusal = iota
	Check
	Unique
	ForeignKey
)

// Dialect is how one kind of database differs from the other.
type Dialect struct {
	// Begin begins a transaction beside which no other one writes.
	Begin string
	// Share is what a SELECT ends in whose rows must not change before the transaction ends.
	Share string
	// Bind puts the database's placeholders in place of "?"; nil: it takes "?".
	Bind func(query string) string
	// Fault turns an error of the database into a fault; doing completes "could not …".
	Fault func(err error, doing string) error
	// Refused says whether a constraint refused a statement.
	Refused func(err error) Refusal
	// Lost reports whether the connection broke, so that a COMMIT under way may have happened; nil: that cannot be.
	Lost func(err error) bool
	// Statement bounds one statement; zero: it takes the time it takes.
	Statement time.Duration
	// Session is the name under which this process is connected; "": there is no such thing. Connected asks the database
	// whether somebody is connected under a name.
	Session   string
	Connected func(get func(query string, args []any, into ...any) error, session string) (bool, error)
	// Shared: the connections are those of a pool that others use as well. None is kept between transactions, and what is
	// prepared on it is the driver's matter.
	Shared bool
	// Guards are the statements that switch the triggers of a table, for %s, off and on again; empty: they are dropped and
	// made again.
	Guards [2]string
}

// Hooks are what an owner of the database's home wants to be asked and told. Nil functions are left out.
type Hooks struct {
	// Before is asked ahead of each transaction; its error refuses it.
	Before func() error
	// Committed is told after each commit.
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

	// turn has room for one: who has put something in uses what follows it, and takes it out again.
	turn   chan struct{}
	conn   *sql.Conn // nil until it is needed, after it broke, and between transactions when Shared
	stmts  map[string]*sql.Stmt
	closed bool
}

// New makes a DB of connections that belong to it from then on; write is nil for a ledger that is only read.
func New(d Dialect, h Hooks, read, write *sql.DB, version int64, now func() time.Time) *DB {
	return &DB{Dialect: d, hooks: h, read: read, write: write, version: version, now: now, turn: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}}
}

// Version is the version of the schema: that of this program, or an older one when the ledger is only read.
func (d *DB) Version() int64 { return d.version }

// ReadOnly reports whether Do refuses everything.
func (d *DB) ReadOnly() bool { return d.write == nil }

// Close waits for the transaction under way and closes the connections. Transactions after it are refused. Closing
// twice is fine.
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
		// Last, because only a connection that writes can fold SQLite's log into the file and take it away.
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

// reach bounds how long a database that went away is tried again within one transaction.
const reach = 45 * time.Second

// transact is one transaction, and again while connections break.
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

// once is one try. sent is not nil when the connection broke at the COMMIT: it tells whether that was done.
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

// settle asks, on a new connection, what became of a COMMIT without an answer. It asks in a transaction of its own, because
// that begins when the other one has ended, one way or the other.
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

// statement is the context of one statement. Statements do not stop with a caller's context: what is half done then
// would have to be undone.
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

// drop gives the writing connection up.
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

// Tx is the open transaction as the work inside it sees it. The first statement that fails ends it; reading goes on to
// work after that, outside any transaction, so that a refusal can be explained.
type Tx struct {
	d    *DB
	conn *sql.Conn
	over bool
	// Now is the time of the transaction, in UTC.
	Now time.Time
	// Evidence, when it is set, finds what was recorded if the transaction was committed; nil: nothing was.
	Evidence *Evidence
	// OnCommit, when it is set, is called after the commit and before the next transaction begins.
	OnCommit func()
}

// Evidence is a query that counts what only this transaction can have recorded.
type Evidence struct {
	Query string
	Args  []any
}

// call calls fn. A panic in it ends the caller's work, not the ledger's.
func (t *Tx) call(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "ledger.bug", fmt.Sprintf("a write to the ledger panicked: %v", p), "")
		}
	}()
	return fn(t)
}

// undo rolls back if there is something still; SQLite may have done so already.
func (t *Tx) undo() {
	if t.over {
		return
	}
	t.over = true
	ctx, cancel := t.d.statement()
	defer cancel()
	_, _ = t.conn.ExecContext(ctx, "ROLLBACK")
}

// run runs a statement that has no parameters, without preparing it.
func (t *Tx) run(query string) error {
	ctx, cancel := t.d.statement()
	defer cancel()
	_, err := t.conn.ExecContext(ctx, query)
	return err
}

// query is one that is ready to run, as *sql.Stmt is.
type query interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// plain is a query of which the driver remembers by itself how it was prepared.
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

// Change runs a statement and says how many rows it changed.
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

// Raw gives fn the driver's own connection, for what a library records in the same transaction. fn does not end the
// transaction, and does not keep the connection; after its error nothing more is recorded.
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
