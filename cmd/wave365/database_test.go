package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wave365/pkg/ledger/pgtest"
)

// A wave whose ledger is in a database: it runs as with a file, can be read from anywhere, and is copied into a file and
// back with the same report, byte for byte.
func TestALedgerInADatabase(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	r := newRehearsal(t, "2400")
	address := s.Ledger("friday")
	out, code := answer(t, r.run("--ledger", address, "--on-lost-reply", "repeat"))
	if code != exitUsage || !strings.Contains(out, "several machines") {
		t.Errorf("--on-lost-reply repeat: exit code %d\n%s", code, out)
	}
	out, code = answer(t, r.run("--ledger", address, "--run-id", "r1", "--quiet"))
	if code != exitFailedRows {
		t.Fatalf("run: exit code %d\n%s", code, out)
	}
	if out, code := answer(t, tool(r.dir, "doctor", "--ledger", address, "--sandbox="+r.url)); code == exitUnexpected {
		t.Errorf("doctor: exit code %d\n%s", code, out)
	}
	for _, step := range [][]string{
		{"status", "r1", "--ledger", address},
		{"report", "r1", "--ledger", address, "--report-dir", "first"},
		{"ledger", "copy", address, "file.db", "--yes"},
		{"report", "r1", "--ledger", "file.db", "--report-dir", "second"},
		{"ledger", "copy", "file.db", s.Ledger("back"), "--yes"},
		{"report", "r1", "--ledger", s.Ledger("back"), "--report-dir", "third"},
	} {
		if out, code := answer(t, tool(r.dir, step...)); code != 0 {
			t.Fatalf("%v: exit code %d\n%s", step, code, out)
		}
	}
	if out, code := answer(t, tool(r.dir, "retry", "r1", "--yes", "--ledger", address)); code != exitUsage {
		t.Errorf("retry in the ledger that went away: exit code %d, want %d\n%s", code, exitUsage, out)
	}
	first, err := os.ReadDir(filepath.Join(r.dir, "first", "friday-r1"))
	if err != nil || len(first) < 7 {
		t.Fatalf("%d files, %v", len(first), err)
	}
	for _, f := range first {
		if f.Name() == "manifest.sha256" {
			continue // of the same files
		}
		want := withoutLedger(t, filepath.Join(r.dir, "first", "friday-r1", f.Name()))
		for _, other := range []string{"second", "third"} {
			if got := withoutLedger(t, filepath.Join(r.dir, other, "friday-r1", f.Name())); !bytes.Equal(got, want) {
				t.Errorf("%s is another one in the %s home", f.Name(), other)
			}
		}
	}
}

var ledgerInCommands = regexp.MustCompile(` (?:<bdi>)?--ledger(?:</bdi>)? (?:<bdi>)?(?:&#39;|'|\\u0027)?(?:postgres://[^\s'&"<\\]+|file\.db)(?:&#39;|'|\\u0027)?(?:</bdi>)?`)

// withoutLedger returns a file of a report without the ledger that its commands name: everything else is about the run
// alone.
func withoutLedger(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return ledgerInCommands.ReplaceAll(data, nil)
}

// A database that cannot be reached, trusted or written to is distinguished from one without a ledger, the message says
// what to do, and no message contains the password.
func TestADatabaseThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	const password = "hunter2-of-the-fleet"
	nobody := pgtest.Free(t)
	for _, tc := range []struct {
		name, address string
		code          int
		want          string
	}{
		{"nobody there", nobody, exitSignIn, "the database does not answer"},
		{"no TLS", f.server.URL("postgres") + "?sslmode=verify-full", exitSignIn, "no TLS connection that can be trusted: server refused TLS connection"},
		{"no such database", f.server.URL("none"), exitUsage, "there is no such database"},
		{"a password in it", strings.Replace(f.server.URL("postgres"), "postgres@", "postgres:"+password+"@", 1), exitUsage, "it holds a password"},
	} {
		ledger := tc.address + "?ledger=a"
		if strings.Contains(tc.address, "?") {
			ledger = tc.address + "&ledger=a"
		}
		for _, args := range [][]string{{"fleet", "--database", tc.address}, {"worker", "--database", tc.address}, {"status", "--ledger", ledger}, {"resume", "--ledger", ledger}} {
			cmd := tool(f.dir, args...)
			cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
			out, code := answer(t, cmd)
			if code != tc.code || !strings.Contains(out, tc.want) || strings.Contains(out, password) {
				t.Errorf("%s: %s: exit code %d, want %d and %q\n%s", tc.name, args[0], code, tc.code, tc.want, out)
			}
		}
	}
	wave, url := f.tenant("contoso", 2, 1200)
	f.submit("contoso", wave, url, "--at", "23:59")
	// Another operator has to act as the role that owns all this, and then sees that there are workers, though not where.
	f.worker("one", nil)
	f.sql("CREATE ROLE ada LOGIN")
	hers := strings.Replace(f.server.Ledger("contoso"), "postgres@", "ada@", 1)
	for _, args := range [][]string{{"status"}, {"pause"}, {"fleet"}} {
		if out, code := answer(t, tool(f.dir, append(args, "--ledger", hers)...)); code != exitDenied || !strings.Contains(out, "permission denied for schema") || !strings.Contains(out, "SET role = OWNER") {
			t.Errorf("%s of a user without rights: exit code %d\n%s", args[0], code, out)
		}
	}
	f.sql("CREATE ROLE owner SUPERUSER")
	f.sql("GRANT owner TO ada")
	f.sql("GRANT USAGE ON SCHEMA river TO ada")
	f.sql("GRANT SELECT ON ALL TABLES IN SCHEMA river TO ada")
	f.sql("GRANT USAGE ON SCHEMA wave365_contoso TO ada")
	f.sql("GRANT SELECT ON ALL TABLES IN SCHEMA wave365_contoso TO ada")
	if out, code := answer(t, tool(f.dir, "fleet", "--ledger", hers)); code != 0 || !strings.Contains(out, "one; the database shows its machine") {
		t.Errorf("fleet of a user who may read: exit code %d\n%s", code, out)
	}
	f.sql("ALTER ROLE ada SET role = owner")
	if out, code := answer(t, tool(f.dir, "slots", "3", "--ledger", hers)); code != 0 {
		t.Errorf("slots of a user who acts as the owner: exit code %d\n%s", code, out)
	}
	f.sql("ALTER SYSTEM SET default_transaction_read_only = on")
	f.sql("SELECT pg_reload_conf()")
	address := f.server.Ledger("contoso")
	if doc, _ := f.status(t, "contoso"); doc.Queue == nil {
		t.Error("status of a ledger that takes no writes says nothing of the queue")
	}
	if out, code := answer(t, tool(f.dir, "resume", "--ledger", address)); code != exitSignIn || !strings.Contains(out, "accepts no writes") {
		t.Errorf("resume: exit code %d\n%s", code, out)
	}
	if out, code := answer(t, tool(f.dir, "doctor", "--ledger", address, "--sandbox="+url)); code != exitDenied || !strings.Contains(out, "database, writes: none are accepted") {
		t.Errorf("doctor: exit code %d\n%s", code, out)
	}
}
