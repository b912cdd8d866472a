package sqlite

import (
	"context"
	"database/sql"
	"os"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/sqlite/conn"
)

// checkpointer brings what was committed from the log into the file, on a connection of its own, so that no commit waits
// for it. Copies and backups that take the file alone are so at most a few seconds old.
type checkpointer struct {
	db    *sql.DB
	after time.Duration

	mu     sync.Mutex
	timer  *time.Timer // not nil while a checkpoint is due or under way
	closed bool
	done   sync.WaitGroup
}

func newCheckpointer(ctx context.Context, db *sql.DB, after time.Duration) (*checkpointer, error) {
	// Now, so that it is this file that the connection holds, whatever is at the path later; and without waiting for
	// readers.
	_, err := db.ExecContext(ctx, "PRAGMA busy_timeout = 1000")
	return &checkpointer{db: db, after: after}, conn.Classify(err, "open the ledger")
}

// soon has a checkpoint made, unless one is due already.
func (c *checkpointer) soon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil && !c.closed {
		c.done.Add(1)
		c.timer = time.AfterFunc(c.after, c.run)
	}
}

func (c *checkpointer) run() {
	defer c.done.Done()
	c.mu.Lock()
	c.timer = nil // what is committed from here on wants another one
	c.mu.Unlock()
	if !c.checkpoint("PASSIVE") {
		c.soon() // the disk is full, or a reader still needs what was there before
	}
}

// checkpoint reports whether the file holds all that the log does.
func (c *checkpointer) checkpoint(mode string) bool {
	var busy, log, copied int
	err := c.db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &copied)
	return err == nil && busy == 0 && copied == log
}

// close makes the last checkpoint, which leaves the log empty when nobody reads.
func (c *checkpointer) close() {
	c.mu.Lock()
	c.closed = true
	if c.timer != nil && c.timer.Stop() {
		c.timer = nil
		c.done.Done()
	}
	c.mu.Unlock()
	c.done.Wait()
	if c.checkpoint("PASSIVE") {
		c.checkpoint("TRUNCATE")
	}
	_ = c.db.Close() // nothing is lost with it: the log keeps what was not copied
}

// watched is the file that was opened.
type watched struct {
	path string
	file os.FileInfo
}

func watch(path string) (watched, error) {
	info, err := os.Stat(path)
	return watched{path, info}, err
}

// stillThere refuses when the file was deleted, moved, replaced or cut short: what is committed then goes into a file that
// nobody finds again. A ledger's file never shrinks.
func (w watched) stillThere() error {
	now, err := os.Stat(w.path)
	what := "was deleted or moved away"
	switch {
	case err != nil:
	case !os.SameFile(w.file, now):
		what = "was replaced by another one"
	case now.Size() < w.file.Size():
		what = "was cut short"
	default:
		return nil
	}
	return fault.Wrap(fault.Unavailable, "ledger.moved-away", "the ledger's file "+w.path+" "+what+" while it was in use; nothing more can be recorded",
		"put the file that was there back, together with its -wal, and resume; what was done in the tenant meanwhile is found by looking", err)
}
