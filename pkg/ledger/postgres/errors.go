package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
)

// The codes of PostgreSQL that mean something here.
const (
	checkViolation      = "23514"
	notNullViolation    = "23502"
	foreignKeyViolation = "23503"
	uniqueViolation     = "23505"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014"
	diskFull            = "53100"
	tooMany             = "53300"
	idleInTransaction   = "25P03"
	readOnly            = "25006"
	noPrivilege         = "42501"
	noDatabase          = "3D000"
	noTable             = "42P01"
)

// tlsMark stands in pgconn's errors of a TLS handshake before its cause. They have no type.
const tlsMark = "tls error: "

func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

func refused(err error) store.Refusal {
	switch code(err) {
	case checkViolation, notNullViolation:
		return store.Check
	case uniqueViolation:
		return store.Unique
	case foreignKeyViolation:
		return store.ForeignKey
	}
	return store.NotRefused
}

// lost reports whether the connection broke: the server went away or ended it, or nobody answers.
func lost(err error) bool {
	if err == nil || fault.As(err) != nil {
		return false
	}
	if c := code(err); c != "" {
		return c == idleInTransaction || c[:2] == "08" || c == "57P01" || c == "57P02" || c == "57P03"
	}
	var network net.Error
	var number syscall.Errno
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &network) || errors.As(err, &number) || pgconn.SafeToRetry(err)
}

// classify turns what PostgreSQL or the network answered into a fault; doing completes "could not …".
func classify(err error, doing string) error {
	if err == nil {
		return nil
	}
	if f := fault.As(err); f != nil {
		return err
	}
	msg := "could not " + doing
	switch c := code(err); {
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Interrupted, "", msg+": stopped", "", err)
	case errors.Is(err, store.ErrClosed):
		return fault.Wrap(fault.Internal, "ledger.closed", msg+": the ledger is closed", "", err)
	case c == diskFull:
		return fault.Wrap(fault.Unavailable, "ledger.full", msg+": the database's disk is full",
			"make room there; nothing new is started until this can be recorded", err)
	case c == lockNotAvailable, c == queryCanceled:
		return fault.Wrap(fault.Unavailable, store.CodeBusy, msg+": another process is writing to the ledger",
			"try again; if it stays so, look what holds the database", err)
	case c == noDatabase:
		return fault.Wrap(fault.NotFound, "ledger.none", msg+": there is no such database", "check --ledger; create the database first", err)
	case c == noTable:
		return fault.Wrap(fault.NotFound, "ledger.none", msg+": its tables are not there", "check --ledger", err)
	case c == readOnly:
		return fault.Wrap(fault.Unavailable, "ledger.unreachable", msg+": the database takes no writes: it is a standby, it recovers, or it was made read-only",
			"check that --ledger names the primary; during a failover, try again when it is over", err)
	case c == noPrivilege:
		return fault.Wrap(fault.Denied, "ledger.readonly", msg+": the database does not allow this user to write",
			"grant CREATE on the database and all on the schema of this ledger", err)
	case len(c) == 5 && c[:2] == "28":
		return fault.Wrap(fault.Denied, "ledger.denied", msg+": the database does not let this user in",
			"check the user in --ledger, and PGPASSWORD or ~/.pgpass", err)
	case c == tooMany:
		return fault.Wrap(fault.Unavailable, "ledger.unreachable", msg+": all connections that the database allows are in use",
			"raise max_connections there, or let fewer workers and commands use it at once; see who is connected in pg_stat_activity", err)
	case strings.Contains(err.Error(), tlsMark):
		_, why, _ := strings.Cut(err.Error(), tlsMark)
		return fault.Wrap(fault.Unavailable, "ledger.unreachable", msg+": no TLS connection that can be trusted: "+why,
			"let the server take TLS, with a certificate for its name that this machine trusts (see sslrootcert, PGSSLROOTCERT)", err)
	case len(c) == 5 && (c[:2] == "53" || c[:2] == "57" || c[:2] == "08"), lost(err):
		return fault.Wrap(fault.Unavailable, "ledger.unreachable", msg+": the database does not answer",
			"check that it runs and can be reached; a run is continued with resume", err)
	}
	return fault.Wrap(fault.Internal, "ledger.failed", msg+": "+err.Error(), "", err)
}

// Fault turns what PostgreSQL or the network answered into a fault; doing completes "could not …".
func Fault(err error, doing string) error { return classify(err, doing) }
