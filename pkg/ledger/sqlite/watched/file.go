// Package watched notices what becomes of a ledger's file while a process uses it. It changes nothing.
package watched

import (
	"context"
	"os"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/sqlite/conn"
)

// File is the file that was opened. Each checkpoint raises a number in its header, SQLite's user_version: a file that says
// less than it said before is an older copy that was written over it, which SQLite, with its pages at hand, does not see. Safe
// for concurrent use.
type File struct {
	path string
	file os.FileInfo

	mu      sync.Mutex
	number  int64     // that the file said last
	written time.Time // when the file had been written to by then
	over    bool      // it was written over
}

// Open begins to watch the file at the path.
func Open(ctx context.Context, path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	w := &File{path: path, file: info, written: info.ModTime()}
	w.number, err = numberOf(ctx, path)
	return w, err
}

// numberOf reads the number in the file itself, whatever its log holds.
func numberOf(ctx context.Context, path string) (n int64, err error) {
	db, err := conn.Open(path, conn.Frozen, 1)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return n, db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&n)
}

// StillThere refuses when the file was deleted, moved, replaced, cut short or written over: what is committed then goes into a
// file that nobody finds again, or spoils the one that is there. A ledger's file never shrinks.
func (w *File) StillThere() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, err := os.Stat(w.path)
	what := "was deleted or moved away"
	switch {
	case err != nil:
	case !os.SameFile(w.file, now):
		what = "was replaced by another one"
	case now.Size() < w.file.Size():
		what = "was cut short"
	case w.writtenOver(now):
		what = "was written over with an older copy"
	default:
		return nil
	}
	return fault.Wrap(fault.Unavailable, "ledger.moved-away", "the ledger's file "+w.path+" "+what+" while it was in use; nothing more can be recorded",
		"put the file that was there back, together with its -wal, and resume; what was done in the tenant meanwhile is found by reading it", err)
}

// writtenOver looks into the file when somebody has written to it since the last time, as every checkpoint does.
func (w *File) writtenOver(now os.FileInfo) bool {
	if w.over || now.ModTime().Equal(w.written) {
		return w.over
	}
	n, err := numberOf(context.Background(), w.path)
	switch code := conn.ResultCode(err) & 0xff; {
	case err == nil && n >= w.number:
		w.number, w.written = n, now.ModTime()
	case err == nil, code == sqlite3.SQLITE_NOTADB:
		w.over = true
	}
	return w.over // what cannot be read now is read the next time
}

// Older reports whether what SQLite reads, log and all, says less than the file said before: an older copy was brought back through
// SQLite itself.
func (w *File) Older(number int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = w.over || number < w.number
	return w.over
}

// Overwritten reports whether the file was found written over.
func (w *File) Overwritten() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}
