package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/pgtest"
)

// A server elsewhere has to prove its name, without any setting; why it could not is said, and a token takes the place of the
// password on every connection.
func TestTLS(t *testing.T) {
	for _, name := range []string{"PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT"} {
		t.Setenv(name, "")
	}
	t.Setenv("PGPASSFILE", t.TempDir()+"/none")
	const password, azure = "token-1d2e3f40", "fleet.postgres.database.azure.com"
	server := pgtest.Start(t)
	owner, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), "CREATE ROLE fleet LOGIN SUPERUSER PASSWORD '"+password+"'"); err != nil {
		t.Fatal(err)
	}
	_ = owner.Close(t.Context())
	authority := server.TLS("db.example", azure)
	// at is an address on the server under a name that stands for another machine.
	at := func(host, more string) Address {
		t.Helper()
		a, err := Parse(fmt.Sprintf("postgres://fleet@%s:%d/postgres?ledger=a%s", host, server.Port(), more))
		if err != nil {
			t.Fatal(err)
		}
		a.config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
		return a
	}
	trusted := "&sslrootcert=" + authority
	examine := func(a Address) (Examined, error) { return Examine(t.Context(), a, time.Now) }

	t.Setenv("PGPASSWORD", password)
	for _, tc := range []struct{ host, more, code, want string }{
		{"db.example", "", "ledger.unreachable", "certificate signed by unknown authority"},
		{"other.example", trusted, "ledger.unreachable", "certificate is valid for db.example, " + azure + ", not other.example"},
		{"db.example", "&sslmode=disable", "ledger.denied", "denies access"},
		{"db.example", trusted, "", ""},
	} {
		a := at(tc.host, tc.more)
		e, err := examine(a)
		switch {
		case tc.code == "" && (err != nil || !e.Encrypted || !e.Remote):
			t.Errorf("%s: %+v, %v", a, e, err)
		case tc.code != "" && (fault.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), password)):
			t.Errorf("%s: %v, want %s: %s", a, err, tc.code, tc.want)
		}
	}
	if a := at(azure, trusted); a.token != nil {
		t.Error("there is a password, and still a token is sent")
	}

	t.Setenv("PGPASSWORD", "")
	if _, err := examine(at("db.example", trusted)); fault.CodeOf(err) != "ledger.denied" {
		t.Errorf("without a password: %v", err)
	}
	for _, mode := range []string{"disable", "prefer", "require"} {
		if _, err := Parse("postgres://fleet@" + azure + "/postgres?ledger=a&sslmode=" + mode); fault.CodeOf(err) != "ledger.url" || !strings.Contains(err.Error(), "certificate checked") {
			t.Errorf("a token by sslmode=%s: %v", mode, err)
		}
	}
	var given atomic.Int64 // a pool asks from several goroutines
	a := at(azure, trusted)
	if a.token == nil {
		t.Fatal("no token is sent to a database of Azure")
	}
	a.token = func(context.Context) (string, error) { given.Add(1); return password, nil }
	if _, err := examine(a); err != nil || given.Load() != 1 {
		t.Errorf("with a token: %v, %d were asked for", err, given.Load())
	}
	db, err := Open(t.Context(), Config{Address: a, Now: time.Now})
	if err != nil || given.Load() < 3 { // its own, and the one of the migration
		t.Fatalf("a ledger: %v, %d tokens were asked for", err, given.Load())
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	a.token = func(context.Context) (string, error) { return "", errors.New("no such identity") }
	if _, err := Open(t.Context(), Config{Address: a, Now: time.Now}); fault.CodeOf(err) != "ledger.denied" || !strings.Contains(err.Error(), "no such identity") {
		t.Errorf("without a token: %v", err)
	}
}
