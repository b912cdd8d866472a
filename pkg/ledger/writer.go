package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"wave365/pkg/fault"
)

var errClosed = errors.New("ledger: closed")

// together bounds how many callers' work one transaction carries.
const together = 256

// request is one caller's work. done has room for one answer, so that nobody waits for a caller to take it.
type request struct {
	ctx  context.Context
	fn   func(*txn) error
	done chan error
}

// writer owns the one connection that writes. There is no goroutine of its own: of the callers that wait, one has the turn
// and commits the work of all of them together. A caller that is alone so waits for the disk only, and for no one to wake up.
type writer struct {
	db   *sql.DB
	conn *sql.Conn
	now  func() time.Time

	// turn has room for one: who has put something in uses what follows it, and takes it out again.
	turn  chan struct{}
	stmts map[string]*sql.Stmt
	// chain is the end of the audit as the last commit left it.
	chain chain

	mu      sync.Mutex
	waiting []*request
	closed  bool

	once sync.Once
	err  error
}

func newWriter(ctx context.Context, db *sql.DB, now func() time.Time) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &writer{db: db, conn: conn, now: now, turn: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}}, nil
}

// do returns when fn's work is durable or refused. It does nothing when ctx is dead before its turn comes, and never
// leaves while fn may still be committed.
func (w *writer) do(ctx context.Context, fn func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{ctx: ctx, fn: fn, done: make(chan error, 1)}
	if !w.enter(r) {
		return errClosed
	}
	for {
		select {
		case err := <-r.done:
			return err
		default:
		}
		select {
		case w.turn <- struct{}{}:
			if batch := w.collect(); len(batch) > 0 {
				w.commit(batch)
			}
			<-w.turn
		case err := <-r.done:
			return err
		case <-ctx.Done():
			if w.leave(r) {
				return ctx.Err()
			}
			return <-r.done
		}
	}
}

func (w *writer) enter(r *request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.waiting = append(w.waiting, r)
	}
	return !w.closed
}

// leave reports whether the request was still waiting.
func (w *writer) leave(r *request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.waiting, r)
	if i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
	return i >= 0
}

// collect takes those who have waited longest.
func (w *writer) collect() []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), together)
	batch := w.waiting[:n:n]
	w.waiting = append([]*request(nil), w.waiting[n:]...)
	return batch
}

// close waits for the commit under way, refuses who waits and closes db.
func (w *writer) close() error {
	w.once.Do(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.turn <- struct{}{} // and nobody gets it any more
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, r := range w.waiting {
			r.done <- errClosed
		}
		w.waiting = nil
		var errs []error
		for _, s := range w.stmts {
			errs = append(errs, s.Close())
		}
		w.err = errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
	})
	return w.err
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
