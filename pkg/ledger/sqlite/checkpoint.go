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

// checkpointer brings what was committed from the log into the file, on a connection of its own, so that no commit waits
// for it. Copies and backups that take the file alone are so at most a few seconds old.
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
	// Now, so that it is this file that the connection holds, whatever is at the path later; and without waiting for
	// readers.
	_, err := db.ExecContext(ctx, "PRAGMA busy_timeout = 1000")
	return &checkpointer{db: db, file: file, after: after}, conn.Classify(err, "open the ledger")
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
	if c.file.StillThere() != nil {
		return // the next writer gets the error
	}
	c.count()
	if !c.file.Overwritten() && !c.checkpoint("PASSIVE") {
		c.soon() // the disk is full, or a reader still needs what was there before
	}
}

// count raises the number by which a later state of the file is told from an earlier one: see [watched.File]. One that cannot be
// raised now, because the disk is full or somebody writes, is raised by the next checkpoint.
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

// checkpoint reports whether the file holds all that the log does.
func (c *checkpointer) checkpoint(mode string) bool {
	var busy, log, copied int
	err := c.db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &copied)
	return err == nil && busy == 0 && copied == log
}

// close makes the last checkpoint, which leaves the log empty when nobody reads. Into a file that somebody else has written
// over nothing is brought: the connection stays open, for SQLite would do it with the last one.
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
	_ = c.db.Close() // nothing is lost with it: the log keeps what was not copied
}
