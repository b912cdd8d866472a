// Package watched detects what happens to a ledger's file while a process uses it. It changes nothing.
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

// File is the file that was opened. Each checkpoint increments a number in its header, SQLite's user_version. A lower number
// than before means that an older copy was written over the file, which SQLite does not notice, because it has its pages
// cached. Safe for concurrent use.
type File struct {
	path string
	file os.FileInfo

	mu      sync.Mutex
	number  int64     // the number last read from the file
	written time.Time // when the file had last been written to by then
	over    bool      // it was overwritten
}

// Open starts watching the file at the path.
func Open(ctx context.Context, path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	w := &File{path: path, file: info, written: info.ModTime()}
	w.number, err = numberOf(ctx, path)
	return w, err
}

// numberOf reads the number in the file itself, ignoring its log.
func numberOf(ctx context.Context, path string) (n int64, err error) {
	db, err := conn.Open(path, conn.Frozen, 1)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return n, db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&n)
}

// StillThere fails if the file was deleted, moved, replaced, truncated or overwritten: what is committed then would go into a
// file that nobody can find, or damage the one that is there. A ledger's file never shrinks.
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

// writtenOver checks the file if somebody has written to it since the last time, as every checkpoint does.
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
	return w.over // what cannot be read now is read next time
}

// Older reports whether number, which SQLite reads, log included, is lower than what was read before: then an older copy was
// restored through SQLite itself.
func (w *File) Older(number int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = w.over || number < w.number
	return w.over
}

// Overwritten reports whether the file was found overwritten.
func (w *File) Overwritten() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}
