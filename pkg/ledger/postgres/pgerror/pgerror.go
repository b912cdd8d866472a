// Package pgerror maps the errors of PostgreSQL, and of the network to it, to faults of a ledger.
package pgerror

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
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

// tlsMark precedes the cause in pgconn's errors of a TLS handshake. They have no type.
const tlsMark = "tls error: "

// NoToken is that there is no token which the database takes as the password. It may pass, as a broken connection does.
type NoToken struct{ Why, Hint string }

func (e NoToken) Error() string { return "no token for the database: " + e.Why }

// Forbidden is the error of a schema that the user may not use, which PostgreSQL itself passes over where it looks for tables.
func Forbidden(schema string) error {
	return &pgconn.PgError{Severity: "ERROR", Code: noPrivilege, Message: "permission denied for schema " + schema}
}

func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// Refused returns which rule of the schema refused a statement.
func Refused(err error) store.Refusal {
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

// Lost reports whether the connection broke: the server ended it, shut down, or does not respond.
func Lost(err error) bool {
	if err == nil || fault.As(err) != nil {
		return false
	}
	if _, is := errors.AsType[NoToken](err); is {
		return true
	}
	if c := code(err); c != "" {
		return c[:2] == "08" || slices.Contains([]string{idleInTransaction, "57P01", "57P02", "57P03"}, c)
	}
	var network net.Error
	var number syscall.Errno
	broken := []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded}
	return slices.ContainsFunc(broken, func(b error) bool { return errors.Is(err, b) }) ||
		errors.As(err, &network) || errors.As(err, &number) || pgconn.SafeToRetry(err)
}

// answer is what a code of PostgreSQL means to the operator.
type answer struct {
	kind            fault.Kind
	code, msg, hint string
}

var (
	busy        = answer{fault.Unavailable, store.CodeBusy, "another process is writing to the ledger", "try again; if it stays so, check what holds the database"}
	unreachable = answer{fault.Unavailable, "ledger.unreachable", "the database does not answer", "check that it runs and can be reached; a run is continued with resume"}
	// answers is by code; classes is by its first two characters, for codes without an answer of their own.
	answers = map[string]answer{
		diskFull:         {fault.Unavailable, "ledger.full", "the database's disk is full", "make room there, then run the command again: nothing is sent that cannot be recorded"},
		lockNotAvailable: busy,
		queryCanceled:    busy,
		noDatabase:       {fault.NotFound, "ledger.none", "there is no such database", "check --ledger; create the database first"},
		noTable:          {fault.NotFound, "ledger.none", "its tables are not there", "check --ledger"},
		readOnly: {fault.Unavailable, "ledger.unreachable", "the database accepts no writes: it is a standby, is recovering, or was made read-only",
			"check that --ledger names the primary; during a failover, try again when it is over"},
		noPrivilege: {fault.Denied, "ledger.readonly", "the database does not allow this user to do that",
			"everybody who uses a fleet acts as the role that owns it: GRANT OWNER TO USER; ALTER ROLE USER SET role = OWNER; GRANT CREATE ON DATABASE DB TO OWNER"},
		tooMany: {fault.Unavailable, "ledger.unreachable", "all connections that the database allows are in use",
			"raise max_connections there, or let fewer workers and commands use it at once; see who is connected in pg_stat_activity"},
	}
	classes = map[string]answer{
		"28": {fault.Denied, "ledger.denied", "the database denies access to this user", "check the user in --ledger, and PGPASSWORD or ~/.pgpass"},
		"08": unreachable, "53": unreachable, "57": unreachable,
	}
)

// answerTo returns what an error means; false for errors not listed here.
func answerTo(err error) (answer, bool) {
	c := code(err)
	if a, ok := answers[c]; ok {
		if e, is := errors.AsType[*pgconn.PgError](err); is && c == noPrivilege {
			a.msg += ": " + e.Message // which object it is
		}
		return a, true
	}
	if len(c) == 5 {
		if a, ok := classes[c[:2]]; ok {
			return a, true
		}
	}
	if e, is := errors.AsType[NoToken](err); is {
		return answer{fault.Denied, "ledger.denied", "there is no password, and no token of Microsoft Entra ID in its place: " + e.Why,
			"set PGPASSWORD or write ~/.pgpass; or " + cmp.Or(e.Hint, "sign in") + "; a managed identity that is not the machine's own is named by AZURE_CLIENT_ID"}, true
	}
	if why := distrust(err); why != "" {
		return answer{fault.Unavailable, "ledger.unreachable", "no TLS connection that can be trusted: " + why,
			"have the server accept TLS, with a certificate for its name that this machine trusts (see sslrootcert, PGSSLROOTCERT)"}, true
	}
	return unreachable, Lost(err)
}

// distrust is why a connection by TLS was not made; "" when that is not what is wrong.
func distrust(err error) string {
	if e, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return e.Error()
	}
	if e, is := errors.AsType[tls.AlertError](err); is {
		return e.Error()
	}
	_, why, _ := strings.Cut(err.Error(), tlsMark)
	return why
}

// Fault turns an error of PostgreSQL or of the network into a fault; doing completes "could not …".
func Fault(err error, doing string) error {
	if err == nil {
		return nil
	}
	if f := fault.As(err); f != nil {
		return err
	}
	msg := "could not " + doing
	switch {
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Interrupted, "", msg+": stopped", "", err)
	case errors.Is(err, store.ErrClosed):
		return fault.Wrap(fault.Internal, "ledger.closed", msg+": the ledger is closed", "", err)
	}
	if a, ok := answerTo(err); ok {
		return fault.Wrap(a.kind, a.code, msg+": "+a.msg, a.hint, err)
	}
	return fault.Wrap(fault.Internal, "ledger.failed", msg+": "+err.Error(), "", err)
}
