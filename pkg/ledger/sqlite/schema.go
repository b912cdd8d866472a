package sqlite

import (
	"context"
	"database/sql"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/sqlite/conn"
	"wave365/pkg/ledger/store"
)

// switchOnLog gives the file a write-ahead log, unless it has one. Switching needs exclusive access for a moment, and SQLite does
// not wait for that whatever busy_timeout is, so this waits for another process that opens the new file at the same time.
func switchOnLog(ctx context.Context, db *sql.DB) error {
	const pause, most = 20 * time.Millisecond, 250
	for try := 0; ; try++ {
		var mode string
		err := db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		switch {
		case err == nil && mode != "wal":
			return fault.New(fault.Invalid, "ledger.place", "the ledger's folder does not allow a write-ahead log (the file stays in mode "+mode+")",
				"put the ledger on a local disk with --ledger")
		case !conn.IsBusy(err) || try == most:
			return conn.Classify(err, "switch on the ledger's log")
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return conn.Classify(ctx.Err(), "switch on the ledger's log")
		}
	}
}

// checkHealth lets SQLite check the structure of every page and every constraint, including what is in the log.
func checkHealth(ctx context.Context, db *sql.DB) error {
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return conn.Classify(err, "check the ledger")
	}
	if found != "ok" {
		return store.Damaged(found, nil)
	}
	return nil
}
