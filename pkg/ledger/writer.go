package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"wave365/pkg/fault"
)

var errClosed = errors.New("ledger: closed")

// together bounds how many callers' work one transaction carries.
const together = 256

// request is one caller's work. done has room for one answer, so that the writer never waits for a caller.
type request struct {
	ctx  context.Context
	fn   func(*txn) error
	done chan error
}

// writer owns the one connection that writes. Its goroutine commits the work of all callers that wait, together.
type writer struct {
	db   *sql.DB
	conn *sql.Conn
	now  func() time.Time

	queue chan *request
	quit  chan struct{}
	gone  chan struct{}
	once  sync.Once
	err   error

	stmts map[string]*sql.Stmt
	// chain is the end of the audit as the last commit left it.
	chain chain
}

// newWriter starts the writer's goroutine; close ends it and closes db.
func newWriter(ctx context.Context, db *sql.DB, now func() time.Time) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		db: db, conn: conn, now: now,
		queue: make(chan *request), quit: make(chan struct{}), gone: make(chan struct{}),
		stmts: map[string]*sql.Stmt{},
	}
	go w.loop()
	return w, nil
}

// do hands fn to the writer and waits until it is durable or refused. It does nothing when ctx is dead before its turn
// comes, and never leaves while fn may still be committed.
func (w *writer) do(ctx context.Context, fn func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{ctx: ctx, fn: fn, done: make(chan error, 1)}
	select {
	case w.queue <- r:
		return <-r.done
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errClosed
	}
}

func (w *writer) close() error {
	w.once.Do(func() {
		close(w.quit)
		<-w.gone
		var errs []error
		for _, s := range w.stmts {
			errs = append(errs, s.Close())
		}
		w.err = errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
	})
	return w.err
}

func (w *writer) loop() {
	defer close(w.gone)
	for {
		select {
		case r := <-w.queue:
			w.commit(w.collect(r))
		case <-w.quit:
			return
		}
	}
}

// collect takes everyone who waits at this moment.
func (w *writer) collect(first *request) []*request {
	batch := []*request{first}
	for len(batch) < together {
		select {
		case r := <-w.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// commit does the batch in one transaction and answers everyone in it.
func (w *writer) commit(batch []*request) {
	answers := make([]error, len(batch))
	if err := w.transact(batch, answers); err != nil {
		// Nothing of the batch is there. A refusal of one's own says more than the end of the whole.
		for i := range answers {
			if answers[i] == nil {
				answers[i] = err
			}
		}
	}
	for i, r := range batch {
		r.done <- answers[i]
	}
}

// transact fills answers with each request's refusal; its own error means that nothing was committed.
func (w *writer) transact(batch []*request, answers []error) error {
	t := &txn{w: w, now: w.now().UTC(), chain: w.chain}
	w.chain = chain{}
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	kept := 0
	for i, r := range batch {
		if answers[i] = r.ctx.Err(); answers[i] != nil {
			continue
		}
		err := w.one(t, r, len(batch) == 1)
		if err == nil {
			kept++
			continue
		}
		answers[i] = err
		if undone(err) {
			w.rollback()
			return err
		}
	}
	if kept == 0 {
		w.rollback()
		return nil
	}
	if err := t.exec("COMMIT"); err != nil {
		w.rollback()
		return err
	}
	w.chain = t.chain
	return nil
}

// one does a request's work in a savepoint of its own, so that its refusal takes nobody else's work with it. Work that
// is alone in its transaction needs none.
func (w *writer) one(t *txn, r *request, alone bool) error {
	if alone {
		return t.run(r.fn)
	}
	if err := t.exec("SAVEPOINT caller"); err != nil {
		return err
	}
	err := t.run(r.fn)
	if err == nil {
		return t.exec("RELEASE caller")
	}
	if undone(err) {
		return err
	}
	t.chain = chain{}
	for _, query := range []string{"ROLLBACK TO caller", "RELEASE caller"} {
		if e := t.exec(query); e != nil {
			return e
		}
	}
	return err
}

// rollback ends the transaction if there is one still; SQLite may have ended it already.
func (w *writer) rollback() {
	_, _ = w.conn.ExecContext(context.Background(), "ROLLBACK")
}

// txn is the open transaction as the work inside it sees it. Statements in it do not stop with a caller's context:
// one caller's end must not interrupt the others.
type txn struct {
	w   *writer
	now time.Time
	// chain is the end of the audit as far as it is known in this transaction.
	chain chain
}

// run calls fn. A panic in it ends the caller's work, not the writer's.
func (t *txn) run(fn func(*txn) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "ledger.bug", fmt.Sprintf("a write to the ledger panicked: %v", p), "")
		}
	}()
	return fn(t)
}

// stmt prepares a query once per ledger.
func (t *txn) stmt(query string) (*sql.Stmt, error) {
	if s := t.w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.w.stmts[query] = s
	return s, nil
}

func (t *txn) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change runs a statement and says how many rows it changed.
func (t *txn) change(query string, args ...any) (int64, error) {
	s, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert runs a statement and gives the new row's id.
func (t *txn) insert(query string, args ...any) (int64, error) {
	s, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// get reads one row; sql.ErrNoRows when there is none.
func (t *txn) get(query string, args []any, into ...any) error {
	s, err := t.stmt(query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(context.Background(), args...).Scan(into...)
}
