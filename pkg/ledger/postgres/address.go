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

// Address says which ledger in which database.
type Address struct {
	url    string
	name   string
	config *pgx.ConnConfig
}

// Is reports whether what --ledger says is the address of a database, and not a file.
func Is(ledger string) bool {
	return strings.HasPrefix(ledger, "postgres://") || strings.HasPrefix(ledger, "postgresql://")
}

var nameOf = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

// Parse reads postgres://USER@HOST:PORT/DB?ledger=NAME, with the parameters that libpq knows beside it. The password is
// taken from PGPASSWORD or from the password file, as libpq does. Faults are Invalid ("ledger.url"); none of them, and
// nothing else that this package says, holds a password. A server that is not on this machine is reached by TLS with its
// certificate checked, unless sslmode or PGSSLMODE says otherwise.
func Parse(ledger string) (Address, error) {
	bad := func(why, hint string) (Address, error) {
		return Address{}, fault.New(fault.Invalid, "ledger.url", "invalid ledger address: "+why, hint)
	}
	const form = "write --ledger 'postgres://USER@HOST/DB?ledger=NAME'"
	u, err := url.Parse(ledger)
	if err != nil {
		return bad("it is no URL", form) // what it holds is not repeated: there may be a password in it
	}
	q := u.Query()
	if _, has := u.User.Password(); has || q.Has("password") {
		return bad("it holds a password, which other users of this machine can see and which shells remember",
			"take it out, and set PGPASSWORD or write it into ~/.pgpass")
	}
	name := q.Get("ledger")
	q.Del("ledger")
	if !nameOf.MatchString(name) {
		return bad("the ledger's name is missing or has other characters than a-z, 0-9, _ and -", form)
	}
	plain := *u
	plain.RawQuery = q.Encode()
	config, err := pgx.ParseConfig(plain.String())
	if err != nil {
		return bad("the connection's settings cannot be read", form+"; see which parameters libpq knows")
	}
	if q.Get("sslmode") == "" && os.Getenv("PGSSLMODE") == "" && !local(config.Host) {
		q.Set("sslmode", "verify-full")
		plain.RawQuery = q.Encode()
		if config, err = pgx.ParseConfig(plain.String()); err != nil {
			return bad("the connection's settings cannot be read", form)
		}
	}
	if config.Database == "" || strings.Trim(u.Path, "/") == "" {
		return bad("the database's name is missing", form)
	}
	return Address{u.String(), name, config}, nil
}

func local(host string) bool {
	return host == "localhost" || filepath.IsAbs(host) || strings.HasPrefix(host, "/") || net.ParseIP(host).IsLoopback()
}

// String is the address as it may be shown; it never holds a password.
func (a Address) String() string { return a.url }

// schema is the PostgreSQL schema that holds the ledger.
func (a Address) schema() string { return "wave365_" + a.name }
