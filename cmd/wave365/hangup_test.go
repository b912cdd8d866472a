package main

import (
	"bufio"
	"database/sql"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// A terminal that closes sends hang-ups, sometimes several: the run drains, and is not stopped.
func TestAHangUpDrains(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no hang-up")
	}
	// Under nohup hang-ups are ignored, which the program would inherit and respect.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	r := newRehearsal(t, "1200")
	cmd := r.run("--slots", "3")
	once := false
	stderr := watch(t, cmd, func(line string) {
		switch {
		case !once && strings.Contains(line, " import-wait "):
			once = true
			_ = cmd.Process.Signal(syscall.SIGHUP)
		case strings.Contains(line, "because the terminal is gone"):
			_ = cmd.Process.Signal(syscall.SIGHUP)
			_ = cmd.Process.Signal(syscall.SIGHUP)
		}
	})
	text := stderr()
	if got := code(t, cmd); got != exitDrained {
		t.Fatalf("exit %d, want %d\n%s", got, exitDrained, text)
	}
	if c := r.counts(t); c.Queued == 0 || c.Active != 0 || c.Succeeded+c.Warned+c.Failed == 0 {
		t.Errorf("after the hang-up: %+v, want what was in flight seen through and the rest not started", c)
	}
}

// `| head`, `| tee` with Ctrl-C, a terminal that is gone: a run continues whoever reads its streams.
func TestReadersThatGoDoNotEndARun(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, "3000")
	cmd := r.run()
	out, outIn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, errIn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = outIn, errIn
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = outIn.Close(), errIn.Close()
	// The first line is read, as head does, then nobody reads any more.
	if _, err := bufio.NewReader(errs).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_, _ = errs.Close(), out.Close()
	if got := code(t, cmd); got != exitFailedRows {
		t.Errorf("exit %d, want %d", got, exitFailedRows)
	}
	if c := r.counts(t); c != friday {
		t.Errorf("%+v, want %+v", c, friday)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "reports")); err != nil {
		t.Error(err)
	}
}

// A signal while the ledger is being opened is a stop, and nothing else went wrong.
func TestASignalWhileTheLedgerOpens(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a signal cannot be sent to one process on Windows")
	}
	r := newRehearsal(t, "3000")
	if out, code := answer(t, r.run()); code != exitFailedRows {
		t.Fatalf("exit %d\n%s", code, out)
	}
	// Somebody writes, so that whoever opens the ledger has to wait.
	db, err := sql.Open("sqlite", filepath.Join(r.dir, ".wave365", "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	cmd := tool(r.dir, "retry", "--yes")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Second, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	if got := code(t, cmd); got != exitStopped {
		t.Errorf("exit %d, want %d", got, exitStopped)
	}
}
