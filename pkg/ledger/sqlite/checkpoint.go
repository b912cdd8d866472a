package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"wave365/pkg/ledger/sqlite/conn"
	"wave365/pkg/ledger/sqlite/watched"
)

// checkpointer copies what was committed from the log into the file, on its own connection, so that no commit waits for
// it. Copies and backups of the file alone are therefore at most a few seconds old.
type checkpointer struct {
	db    *sql.DB
	file  *watched.File
	after time.Duration

	mu     sync.Mutex
	timer  *time.Timer // not nil while a checkpoint is due or under way
	closed bool
	done   sync.WaitGroup
}

func newCheckpointer(ctx context.Context, db *sql.DB, file *watched.File, after time.Duration) (*checkpointer, error) {
	// Opened now, so that the connection is to this file, whatever is at the path later; and it does not wait for readers.
	_, err := db.ExecContext(ctx, "PRAGMA busy_timeout = 1000")
	return &checkpointer{db: db, file: file, after: after}, conn.Classify(err, "open the ledger")
}

// soon schedules a checkpoint, unless one is due already.
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
	c.timer = nil // what is committed from here on needs another one
	c.mu.Unlock()
	if c.file.StillThere() != nil {
		return // the next writer gets the error
	}
	c.count()
	if !c.file.Overwritten() && !c.checkpoint("PASSIVE") {
		c.soon() // the disk is full, or a reader still needs the older content
	}
}

// count increments the number by which a later state of the file is distinguished from an earlier one: see [watched.File]. If it
// cannot be incremented now, because the disk is full or somebody writes, the next checkpoint does it.
func (c *checkpointer) count() {
	ctx := context.Background()
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return
	}
	var n int64
	end := "ROLLBACK"
	if conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&n) == nil && !c.file.Older(n) {
		if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", n+1)); err == nil {
			end = "COMMIT"
		}
	}
	if _, err := conn.ExecContext(ctx, end); err != nil {
		_, _ = conn.ExecContext(ctx, "ROLLBACK")
	}
}

// checkpoint makes a checkpoint, and reports whether the file now holds everything in the log.
func (c *checkpointer) checkpoint(mode string) bool {
	var busy, log, copied int
	err := c.db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &copied)
	return err == nil && busy == 0 && copied == log
}

// close makes the last checkpoint, which empties the log if nobody reads. Nothing is copied into a file that somebody else
// has overwritten: the connection stays open, because SQLite would do it when the last one closes.
func (c *checkpointer) close() {
	c.mu.Lock()
	c.closed = true
	due := c.timer != nil
	if due && c.timer.Stop() {
		c.timer = nil
		c.done.Done()
	}
	c.mu.Unlock()
	c.done.Wait()
	if c.file.StillThere() != nil && c.file.Overwritten() {
		return
	}
	if due {
		c.count()
		if c.file.Overwritten() {
			return
		}
	}
	if c.checkpoint("PASSIVE") {
		c.checkpoint("TRUNCATE")
	}
	_ = c.db.Close() // nothing is lost: the log keeps what was not copied
}
