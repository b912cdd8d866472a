package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"wave365/pkg/fault"
)

// beside are the ends of the names that SQLite uses next to the file.
var beside = [...]string{"", "-wal", "-shm"}

// identify looks at what lies at path without changing it or making anything beside it. fresh: there is no content
// yet, the file is ours to make (an empty one is made unless opt is read-only). Otherwise the file is a ledger.
func identify(ctx context.Context, path string, opt Options) (fresh bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && opt.ReadOnly:
		return false, fault.New(fault.NotFound, "ledger.none", "there is no ledger "+path,
			"check --ledger; `wave365 run` makes one")
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, openError(path, err)
	case !info.Mode().IsRegular():
		return false, fault.New(fault.Invalid, "ledger.foreign", path+" is not a file", "name another ledger with --ledger")
	case info.Size() > 0:
		return false, checkHeader(ctx, path, opt)
	}
	if logged(path) {
		return false, damaged(ctx, path, opt, "the ledger's file is empty, but its log is not")
	}
	if opt.ReadOnly {
		return false, fault.New(fault.NotFound, "ledger.none", "the ledger "+path+" is empty", "`wave365 run` fills it")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return false, openError(path, err)
	}
	return true, nil
}

// checkHeader accepts a file that bears our mark. SQLite itself reads the header, in the mode that takes no lock and
// looks at nothing beside the file: opening and closing the file here would drop the locks that another ledger of
// this process holds on it.
func checkHeader(ctx context.Context, path string, opt Options) error {
	db, err := openPool(path, modeFrozen, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	var mark int64
	err = db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&mark)
	switch {
	case err == nil && mark == applicationID:
		return nil
	case err == nil:
		return foreign(path, "another program's SQLite file")
	case resultCode(err)&0xff != sqlite3.SQLITE_NOTADB && resultCode(err)&0xff != sqlite3.SQLITE_CORRUPT:
		return openError(path, err)
	}
	head, err := readHead(path)
	if err != nil {
		return openError(path, err)
	}
	if !wasOurs(head) {
		return foreign(path, "not a ledger")
	}
	db.Close()
	return damaged(ctx, path, opt, "the ledger's file is damaged: its header cannot be read")
}

func damaged(ctx context.Context, path string, opt Options, msg string) error {
	broken := fault.New(fault.Internal, codeDamaged, msg, "keep a copy of it; opening it for writing moves it aside")
	if opt.ReadOnly {
		return broken
	}
	return setAside(ctx, path, opt.Now(), broken)
}

func foreign(path, what string) error {
	return fault.New(fault.Invalid, "ledger.foreign", path+" is "+what+"; nothing in it was touched",
		"name another ledger with --ledger")
}

// readHead gives up to 100 bytes, the length of SQLite's header.
func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 100)
	n, err := f.Read(head)
	return head[:n], err
}

// wasOurs tells a ledger whose header broke from a file that never was one: our mark is still there, or a crash of
// the machine left zeros only.
func wasOurs(head []byte) bool {
	if len(head) == 100 && bytes.Equal(head[68:72], []byte("W365")) {
		return true
	}
	return len(bytes.Trim(head, "\x00")) == 0
}

// setAside renames a damaged file and what lies beside it, and says where to. The file stays where it is while a
// live process drives it.
func setAside(ctx context.Context, path string, at time.Time, why error) error {
	msg := why.Error()
	if f := fault.As(why); f != nil {
		msg = f.Msg
	}
	if h, ok := liveHolder(ctx, path); ok {
		return fault.Wrap(fault.Internal, codeDamaged, msg+"; it stays where it is, because "+h.describe()+" is using it",
			"stop that process first, then open the ledger again", why)
	}
	to := path + ".damaged-" + at.UTC().Format("20060102T150405Z")
	for n := 2; exists(to) || exists(to+"-wal") || exists(to+"-shm"); n++ {
		to = fmt.Sprintf("%s.damaged-%s-%d", path, at.UTC().Format("20060102T150405Z"), n)
	}
	for _, end := range beside {
		if err := os.Rename(path+end, to+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Internal, codeDamaged, msg+", and could not be moved aside: "+err.Error(),
				"close what has the file open, keep a copy of "+path+", and move it away", why)
		}
	}
	return fault.Wrap(fault.Internal, codeDamaged, msg+"; it was moved to "+to,
		"put back a copy of "+filepath.Base(path)+" if you have one, or save what is left with `sqlite3 "+filepath.Base(to)+
			" .recover`; a new run finds imports and Cloud PCs that are there already", why)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// logged reports whether a log with content lies beside the file.
func logged(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}
