package conn

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
)

// Classify turns an error of SQLite or of the writer into a fault; doing completes "could not …".
func Classify(err error, doing string) error {
	if err == nil {
		return nil
	}
	if f := fault.As(err); f != nil {
		return err
	}
	msg := "could not " + doing
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Interrupted, "", msg+": stopped", "", err)
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, store.ErrClosed):
		return fault.Wrap(fault.Internal, "ledger.closed", msg+": the ledger is closed", "", err)
	}
	code := ResultCode(err)
	switch code {
	case sqlite3.SQLITE_IOERR_SHMSIZE:
		code = sqlite3.SQLITE_FULL
	case sqlite3.SQLITE_READONLY_DBMOVED:
		return fault.Wrap(fault.Unavailable, "ledger.moved-away", msg+": its file was moved or deleted",
			"put the file back, or stop and open the ledger again", err)
	}
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return fault.Wrap(fault.Unavailable, "ledger.full", msg+": the disk is full",
			"make room on the ledger's disk, then run the command again: nothing is sent that cannot be recorded", err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return fault.Wrap(fault.Denied, "ledger.readonly", msg+": its file or folder may not be written",
			"allow this user to write the ledger and its folder, or name another with --ledger", err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fault.Wrap(fault.Unavailable, store.CodeBusy, msg+": another process is writing to the ledger",
			"try again; if it stays so, check which process has the file open", err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fault.Wrap(fault.Internal, store.CodeDamaged, msg+": the ledger's file is damaged",
			"stop, keep a copy of the file, and open the ledger again", err)
	case sqlite3.SQLITE_IOERR:
		return fault.Wrap(fault.Unavailable, "ledger.io", msg+": the disk answered with an error",
			"check the ledger's disk: space, quota, connection", err)
	}
	return fault.Wrap(fault.Internal, "ledger.failed", msg+": "+err.Error(), "", err)
}

// ResultCode returns SQLite's extended result code, 0 when err is not from it.
func ResultCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// Undone reports whether SQLite may have rolled back the whole transaction on its own.
func Undone(err error) bool {
	switch ResultCode(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// OpenError returns the fault for a file or folder that cannot be opened.
func OpenError(path string, err error) error {
	switch {
	case fault.As(err) != nil:
		return err
	case errors.Is(err, syscall.ENOSPC):
		return fault.Wrap(fault.Unavailable, "ledger.full", "the disk of the ledger "+path+" is full",
			"make room on the ledger's disk", err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.Wrap(fault.Denied, "ledger.readonly", "the ledger "+path+" may not be opened by this user",
			"allow this user to read and write the ledger and its folder, or name another with --ledger", err)
	case ResultCode(err) != 0:
		return Classify(err, "open the ledger "+path)
	}
	return fault.Wrap(fault.Unavailable, "ledger.open", "could not open the ledger "+path+": "+err.Error(), "", err)
}

// Refused returns which constraint refused a statement, if one did.
func Refused(err error) store.Refusal {
	code := ResultCode(err)
	switch {
	case code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return store.ForeignKey
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return store.Unique
	case code&0xff == sqlite3.SQLITE_CONSTRAINT:
		return store.Check
	}
	return store.NotRefused
}

// IsBusy reports whether another process held a lock.
func IsBusy(err error) bool {
	code := ResultCode(err) & 0xff
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}
