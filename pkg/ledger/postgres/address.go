package postgres

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/ledger/postgres/pgerror"
)

// Address identifies a ledger in a database.
type Address struct {
	url    string
	name   string
	config *pgx.ConnConfig
	// token gives what is sent in place of a password; nil: there is a password, or none is needed.
	token func(ctx context.Context) (string, error)
}

var nameOf = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

// form is how a ledger's address is written.
const form = "write --ledger 'postgres://USER@HOST/DB?ledger=NAME'"

func bad(why, hint string) error {
	return fault.New(fault.Invalid, "ledger.url", "invalid database address: "+why, hint)
}

// Parse parses postgres://USER@HOST:PORT/DB?ledger=NAME, with the other parameters that libpq knows. The password is
// taken from PGPASSWORD or from the password file, as libpq does; without one, an Azure Database for PostgreSQL is sent a token
// of Microsoft Entra ID, see [signin.DatabaseToken]. Faults are Invalid ("ledger.url"); no message of this
// package holds a password. A server that is not on this machine is reached by TLS with its certificate checked, unless
// sslmode or PGSSLMODE overrides that; a token is sent over no other connection.
func Parse(ledger string) (Address, error) {
	a, err := Database(ledger)
	if err == nil && !nameOf.MatchString(a.name) {
		err = bad("the ledger's name is missing or has other characters than a-z, 0-9, _ and -", form)
	}
	return a, err
}

// Database is Parse for the address of a database alone; one that names a ledger is accepted too.
func Database(address string) (Address, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return Address{}, bad("it is no postgres:// URL", form) // the value is not repeated: it may contain a password
	}
	q := u.Query()
	secret := func(names ...string) bool { // however it is spelled: a parameter that is not known is sent, and shown, too
		return slices.ContainsFunc(names, func(name string) bool {
			for key := range q {
				if strings.EqualFold(key, name) {
					return true
				}
			}
			return false
		})
	}
	if _, has := u.User.Password(); has || secret("password", "passwd", "pwd", "pass") {
		return Address{}, bad("it holds a password, which other users of this machine can see and which shells remember",
			"take it out, and set PGPASSWORD or write it into ~/.pgpass")
	}
	if secret("sslpassword") {
		return Address{}, bad("it holds the password of a key, which other users of this machine can see and which shells remember",
			"take sslpassword out, and set PGSSLPASSWORD")
	}
	name := q.Get("ledger")
	q.Del("ledger")
	plain := *u
	plain.RawQuery = q.Encode()
	config, err := pgx.ParseConfig(plain.String())
	if err == nil && q.Get("sslmode") == "" && os.Getenv("PGSSLMODE") == "" && remote(config) {
		q.Set("sslmode", "verify-full")
		plain.RawQuery = q.Encode()
		config, err = pgx.ParseConfig(plain.String())
	}
	if err != nil {
		return Address{}, bad("the connection's settings cannot be used"+causeOf(err), form+"; see which parameters libpq knows")
	}
	if config.Database == "" || strings.Trim(u.Path, "/") == "" {
		return Address{}, bad("the database's name is missing", form)
	}
	a := Address{url: u.String(), name: name, config: config}
	return a, a.signIn()
}

// causeOf is why an address or the files that it names cannot be used, as ": why". The address has no password at this point, but a
// service file or the environment may, which pgx's own text repeats.
func causeOf(err error) string {
	if e, ok := errors.AsType[*pgconn.ParseConfigError](err); ok && errors.Unwrap(e) != nil {
		return ": " + errors.Unwrap(e).Error()
	}
	return ""
}

// remote reports whether a server is not on this machine; an address may name several.
func remote(config *pgx.ConnConfig) bool {
	return !local(config.Host) || slices.ContainsFunc(config.Fallbacks, func(f *pgconn.FallbackConfig) bool { return !local(f.Host) })
}

// signIn decides that a token is sent in place of the password that is missing.
func (a *Address) signIn() error {
	_, _, azure := clouds.DatabaseServer(a.config.Host)
	if a.config.Password != "" || !azure {
		return nil
	}
	if tls := a.config.TLSConfig; tls == nil || tls.InsecureSkipVerify || len(a.config.Fallbacks) > 0 {
		return bad("without a password a token is sent, and only over TLS with the certificate checked, to one server",
			"name one server and leave sslmode out (and PGSSLMODE), or set PGPASSWORD")
	}
	host := a.config.Host
	a.token = func(ctx context.Context) (string, error) {
		token, _, err := signin.DatabaseToken(ctx, host)
		return token, err
	}
	return nil
}

// admit puts a fresh token into the configuration of a connection that is about to be made, where the server takes one.
func (a Address) admit(ctx context.Context, conn *pgx.ConnConfig) error {
	if a.token == nil {
		return nil
	}
	token, err := a.token(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return pgerror.NoToken{Why: err.Error(), Hint: fault.HintOf(err)}
	}
	conn.Password = token
	return nil
}

// connect makes a connection that is in no pool. The caller closes it.
func (a Address) connect(ctx context.Context, name string) (*pgx.Conn, error) {
	conn := a.connection(name)
	if err := a.admit(ctx, conn); err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, conn)
}

// Name returns the ledger's name; empty when the address is that of a database alone.
func (a Address) Name() string { return a.name }

// Ledger returns the address of a ledger in the same database.
func (a Address) Ledger(name string) string {
	u, err := url.Parse(a.url)
	if err != nil {
		return a.url // it was parsed before
	}
	q := u.Query()
	q.Set("ledger", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// Database returns the address of the database alone, fit to display.
func (a Address) Database() string {
	u, err := url.Parse(a.url)
	if err != nil {
		return a.url // it was parsed before
	}
	q := u.Query()
	q.Del("ledger")
	u.RawQuery = q.Encode()
	return u.String()
}

// LedgerOf returns the name of the ledger that a schema of the database holds; false when it holds none.
func LedgerOf(schema string) (name string, ok bool) { return strings.CutPrefix(schema, prefix) }

// prefix begins the names of the schemas of ledgers.
const prefix = "wave365_"

func local(host string) bool {
	return host == "localhost" || filepath.IsAbs(host) || strings.HasPrefix(host, "/") || net.ParseIP(host).IsLoopback()
}

// String returns the address fit to display; it never contains a password.
func (a Address) String() string { return a.url }

// schema returns the PostgreSQL schema that holds the ledger.
func (a Address) schema() string { return prefix + a.name }
