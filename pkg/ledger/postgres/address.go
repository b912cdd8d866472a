package postgres

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"wave365/pkg/fault"
)

// Address identifies a ledger in a database.
type Address struct {
	url    string
	name   string
	config *pgx.ConnConfig
}

var nameOf = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

// form is how a ledger's address is written.
const form = "write --ledger 'postgres://USER@HOST/DB?ledger=NAME'"

func bad(why, hint string) error {
	return fault.New(fault.Invalid, "ledger.url", "invalid database address: "+why, hint)
}

// Parse parses postgres://USER@HOST:PORT/DB?ledger=NAME, with the other parameters that libpq knows. The password is
// taken from PGPASSWORD or from the password file, as libpq does. Faults are Invalid ("ledger.url"); no message of this
// package holds a password. A server that is not on this machine is reached by TLS with its certificate checked, unless
// sslmode or PGSSLMODE overrides that.
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
	if _, has := u.User.Password(); has || q.Has("password") {
		return Address{}, bad("it holds a password, which other users of this machine can see and which shells remember",
			"take it out, and set PGPASSWORD or write it into ~/.pgpass")
	}
	name := q.Get("ledger")
	q.Del("ledger")
	plain := *u
	plain.RawQuery = q.Encode()
	config, err := pgx.ParseConfig(plain.String())
	if err != nil {
		return Address{}, bad("the connection's settings cannot be read", form+"; see which parameters libpq knows")
	}
	if q.Get("sslmode") == "" && os.Getenv("PGSSLMODE") == "" && !local(config.Host) {
		q.Set("sslmode", "verify-full")
		plain.RawQuery = q.Encode()
		if config, err = pgx.ParseConfig(plain.String()); err != nil {
			return Address{}, bad("the connection's settings cannot be read", form)
		}
	}
	if config.Database == "" || strings.Trim(u.Path, "/") == "" {
		return Address{}, bad("the database's name is missing", form)
	}
	return Address{u.String(), name, config}, nil
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
