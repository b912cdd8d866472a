package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/sqlite/conn"
	"wave365/pkg/ledger/store"
)

// beside are the suffixes of the files that SQLite uses, the ledger's own included.
var beside = [...]string{"", "-wal", "-shm"}

// identify examines the file at the path without changing it or creating anything next to it. missing: there is no
// file. Otherwise it is a ledger, intact or not.
func (c Config) identify(ctx context.Context) (missing bool, err error) {
	info, err := os.Stat(c.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && logged(c.Path):
		return false, lostFile(c.Path, "is missing")
	case errors.Is(err, fs.ErrNotExist) && c.ReadOnly:
		return false, fault.New(fault.NotFound, "ledger.none", "there is no ledger "+c.Path,
			"check --ledger; the first run makes one", fault.NewCommand("run", "WAVE.csv"))
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, conn.OpenError(c.Path, err)
	case !info.Mode().IsRegular():
		return false, fault.New(fault.Invalid, "ledger.foreign", c.Path+" is not a file", "name another ledger with --ledger")
	case info.Size() == 0 && logged(c.Path):
		return false, lostFile(c.Path, "is empty")
	case info.Size() == 0:
		return false, emptyFile(c.Path)
	}
	return false, checkMark(ctx, c.Path)
}

// emptyFile refuses a file that was never a ledger: this program puts a file at the path only when its schema is complete.
func emptyFile(path string) error {
	return fault.New(fault.Invalid, "ledger.empty", "the ledger "+path+" holds no schema; it may be a copy that was made without the file "+
		filepath.Base(path)+"-wal beside it", "copy it again, with what lies beside it, or remove it to begin a new ledger")
}

// lostFile refuses a log without its file. SQLite would discard it, so nothing here touches it.
func lostFile(path, what string) error {
	base := filepath.Base(path)
	return fault.New(fault.Invalid, "ledger.empty", "the ledger's file "+path+" "+what+", but its log "+base+"-wal is there",
		"stop what uses the ledger and put the file back beside its log; when it is gone for good, move "+base+"-wal away too to begin a new ledger")
}

// checkMark accepts a file with our application id. SQLite itself reads the header, in the mode that takes no lock and ignores
// everything next to the file: opening and closing the file here would drop the locks that another ledger of this process holds
// on it. It does not check whether the file is intact, because the log may contain what the file lacks.
func checkMark(ctx context.Context, path string) error {
	db, err := conn.Open(path, conn.Frozen, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	var mark int64
	err = db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&mark)
	switch {
	case err == nil && mark == conn.ApplicationID:
		return nil
	case err == nil:
		return foreign(path, "another program's SQLite file")
	case conn.ResultCode(err)&0xff != sqlite3.SQLITE_NOTADB && conn.ResultCode(err)&0xff != sqlite3.SQLITE_CORRUPT:
		return conn.OpenError(path, err)
	}
	head, err := readHead(path)
	if err != nil {
		return conn.OpenError(path, err)
	}
	if !wasOurs(head) {
		return foreign(path, "not a ledger")
	}
	return nil
}

func foreign(path, what string) error {
	return fault.New(fault.Invalid, "ledger.foreign", path+" is "+what+"; nothing in it was touched",
		"name another ledger with --ledger")
}

// readHead returns up to 100 bytes, the length of SQLite's header.
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

// wasOurs distinguishes a ledger whose header is damaged from a file that never was one: our mark is still there, or a
// crash of the machine left only zeros.
func wasOurs(head []byte) bool {
	if len(head) == 100 && bytes.Equal(head[68:72], []byte("W365")) {
		return true
	}
	return len(bytes.Trim(head, "\x00")) == 0
}

// setAside renames a damaged file and the files next to it, and names the new path in its fault. The file is not moved
// while a live process drives it.
func (c Config) setAside(ctx context.Context, why error) error {
	path, msg := c.Path, why.Error()
	if f := fault.As(why); f != nil {
		msg = f.Msg
	}
	if who, live := c.driven(ctx); live {
		return fault.Wrap(fault.Internal, store.CodeDamaged, msg+"; it stays where it is, because "+who+" is using it",
			"stop that process first, then open the ledger again", why)
	}
	to := path + ".damaged-" + c.Now().UTC().Format("20060102T150405Z")
	for n := 2; exists(to) || exists(to+"-wal") || exists(to+"-shm"); n++ {
		to = fmt.Sprintf("%s.damaged-%s-%d", path, c.Now().UTC().Format("20060102T150405Z"), n)
	}
	for _, end := range beside {
		if err := os.Rename(path+end, to+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Internal, store.CodeDamaged, msg+", and could not be moved aside: "+err.Error(),
				"close what has the file open, keep a copy of "+path+", and move it away", why)
		}
	}
	return fault.Wrap(fault.Internal, store.CodeDamaged, msg+"; it was moved to "+to,
		"put back a copy of "+filepath.Base(path)+" if you have one, or save what is left with `sqlite3 "+filepath.Base(to)+
			" .recover`; a new run finds imports and Cloud PCs that are there already", why)
}

// driven looks in a file that may be damaged for a live process that drives it. It reads the log first, which may
// contain what the file lacks.
func (c Config) driven(ctx context.Context) (who string, live bool) {
	if info, err := os.Stat(c.Path); err != nil || info.Size() == 0 || c.InUse == nil {
		return "", false
	}
	for _, m := range []conn.Mode{conn.Read, conn.Frozen} {
		if who, live := c.drivenIn(ctx, m); live {
			return who, true
		}
	}
	return "", false
}

func (c Config) drivenIn(ctx context.Context, m conn.Mode) (who string, live bool) {
	defer func() { _ = recover() }() // in SQLite's code, on a damaged file: then no holder can be named
	db, err := conn.Open(c.Path, m, 1)
	if err != nil {
		return "", false
	}
	defer db.Close()
	return c.InUse(func(query string, args []any, into ...any) error {
		return db.QueryRowContext(ctx, query, args...).Scan(into...)
	})
}

// Asked calls ask with the file at the path as it is, damaged or not: nothing is created, changed or moved. The
// fault is Unavailable when another process holds the file's lock for longer than SQLite waits.
func Asked(ctx context.Context, path string, ask func(get func(query string, args []any, into ...any) error) (string, error)) (answer string, err error) {
	defer func() {
		if p := recover(); p != nil { // in SQLite's code, on a damaged file
			err = store.Damaged(fmt.Sprintf("reading it failed with %v", p), nil)
		}
	}()
	db, err := conn.Open(path, conn.Read, 1)
	if err != nil {
		return "", err
	}
	defer db.Close()
	answer, err = ask(func(query string, args []any, into ...any) error {
		return db.QueryRowContext(ctx, query, args...).Scan(into...)
	})
	if conn.IsBusy(err) {
		err = conn.Classify(err, "read the ledger "+path)
	}
	return answer, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// logged reports whether there is a log with content next to the file.
func logged(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}
