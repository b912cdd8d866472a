// Package pgtest starts a PostgreSQL server for a test: Debian's, or any whose programs are in a folder like Debian's
// or on the path. PostgreSQL refuses to run as root, so it runs as another user if the test is root.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// Server is a running PostgreSQL that belongs to the test.
type Server struct {
	t    testing.TB
	bin  string
	dir  string
	port int
}

// Start creates a database cluster in a folder of its own and starts it on a free port of the loopback address; it ends
// with the test. Anybody on this machine may sign in as "postgres", without a password. Where PostgreSQL is not
// installed the test is skipped; in CI it fails.
func Start(t testing.TB) *Server {
	t.Helper()
	bin := programs()
	if bin == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("PostgreSQL is not installed, and CI must have it")
		}
		t.Skip("PostgreSQL is not installed (initdb is neither on the path nor in /usr/lib/postgresql/*/bin): ledgers in a database are not tested")
	}
	s := &Server{t: t, bin: bin, dir: folder(t)}
	t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	s.cluster()
	s.port = freePort(t)
	s.StartAgain()
	t.Cleanup(func() { s.stop("immediate") })
	return s
}

// folder makes a folder that belongs to the user that PostgreSQL runs as.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wave365-postgres-")
	if err == nil {
		err = own(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// pristine is a cluster that was never started, of which tests that run at the same time have copies: to make one takes
// longer than to copy and start it. It is gone with the last of them.
var pristine struct {
	mu    sync.Mutex
	users int
	dir   string
}

// cluster gives the server its files.
func (s *Server) cluster() {
	s.t.Helper()
	pristine.mu.Lock()
	defer pristine.mu.Unlock()
	if pristine.users == 0 {
		pristine.dir = folder(s.t)
	}
	pristine.users++
	s.t.Cleanup(func() {
		pristine.mu.Lock()
		defer pristine.mu.Unlock()
		if pristine.users--; pristine.users == 0 {
			_ = os.RemoveAll(pristine.dir)
		}
	})
	from := filepath.Join(pristine.dir, "data")
	if _, err := os.Stat(filepath.Join(from, "PG_VERSION")); err != nil {
		s.run("initdb", "-D", from, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	}
	err := os.CopyFS(s.data(), os.DirFS(from))
	if err == nil {
		err = os.Chmod(s.data(), 0o700) // others' files it does not take
	}
	if err == nil {
		err = filepath.WalkDir(s.data(), func(path string, _ os.DirEntry, err error) error { return errors.Join(err, own(path)) })
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// programs returns the folder of the newest installed server.
func programs() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(found[len(found)-1])
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func freePort(t testing.TB) int {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Free returns the address of a database on a port where no server listens.
func Free(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres", freePort(t))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run runs one of PostgreSQL's programs and waits for it.
func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	if text, err := s.try(name, args...); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.t.Fatalf("%s: %v\n%s\n%s", name, err, text, log)
	}
}

func (s *Server) try(name string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	asOther(cmd)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// URL returns the address of a database on the server.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s", s.port, database)
}

// Ledger returns the --ledger value for a ledger of that name, in the database "postgres".
func (s *Server) Ledger(name string) string { return s.URL("postgres") + "?ledger=" + name }

// Kill ends the server abruptly: nothing more is written, and every connection breaks.
func (s *Server) Kill() { s.stop("immediate") }

func (s *Server) stop(mode string) {
	// The server may be down already.
	_, _ = s.try("pg_ctl", "-D", s.data(), "-m", mode, "-w", "stop")
}

// StartAgain starts the server after Kill, and returns when it accepts connections.
func (s *Server) StartAgain() {
	s.t.Helper()
	s.run("pg_ctl", "-D", s.data(), "-w", "-l", filepath.Join(s.dir, "log"), "-o",
		fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s -c fsync=off -c max_connections=500", s.port, s.dir), "start")
}
