package ledger_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// tmpfs mounts a small disk; only root may.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("needs the right to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(bytes.Repeat([]byte{1}, size)); err != nil {
			size /= 2
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := tmpfs(t, "size=4m")
	l, err := ledger.Open(ctx, filepath.Join(dir, "ledger.db"), ledger.Options{})
	must(t, err)
	defer l.Close()
	rows := newRows("r1", 20)
	must(t, l.CreateRun(ctx, newRun("r1"), rows, nil))
	fill(t, filepath.Join(dir, "ballast"))

	// What fits into the space that the log has reserved may still succeed.
	var full error
	for n := 0; full == nil && n < 2000; n++ {
		tr := flip(rows[n%len(rows)])
		if full = l.Apply(ctx, tr); full == nil {
			rows[n%len(rows)] = tr.To()
		}
	}
	wantFault(t, full, fault.Unavailable, "ledger.full")
	if hint := fault.HintOf(full); !strings.Contains(hint, "room") || strings.Contains(hint, "until") { // the command that gets it ends
		t.Errorf("hint %q does not say to make room, or says that the command waits for it", hint)
	}
	_, err = l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport, Subject: strings.Repeat("u", 4096)})
	wantFault(t, err, fault.Unavailable, "ledger.full")
	got, err := l.Rows(ctx, "r1")
	must(t, err)
	wantSame(t, "Rows on the full disk", got, rows)

	must(t, os.Remove(filepath.Join(dir, "ballast")))
	must(t, l.Apply(ctx, flip(rows[0])))
	_, err = l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport})
	must(t, err)
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}

func TestOpenOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := tmpfs(t, "size=1m")
	fill(t, filepath.Join(dir, "ballast"))
	_, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"), ledger.Options{})
	wantFault(t, err, fault.Unavailable, "ledger.full")
	must(t, os.Remove(filepath.Join(dir, "ballast")))
	l, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"), ledger.Options{})
	must(t, err)
	must(t, l.Close())
}

func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := tmpfs(t, "size=8m")
	path := filepath.Join(dir, "ledger.db")
	l, err := ledger.Open(ctx, path, ledger.Options{})
	must(t, err)
	must(t, l.CreateRun(ctx, newRun("r1"), newRows("r1", 3), nil))
	must(t, l.Close())
	must(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=8m"))

	_, err = ledger.Open(ctx, path, ledger.Options{})
	wantFault(t, err, fault.Denied, "ledger.readonly")
	_, err = ledger.Open(ctx, filepath.Join(dir, "new", "ledger.db"), ledger.Options{})
	wantFault(t, err, fault.Denied, "ledger.readonly")

	l, err = ledger.Open(ctx, path, ledger.Options{ReadOnly: true})
	must(t, err)
	rows, err := l.Rows(ctx, "r1")
	must(t, err)
	if len(rows) != 3 {
		t.Errorf("%d rows, want 3", len(rows))
	}
	must(t, l.Close())
}

// TestFullDiskInMidRun lets a real process fill a small disk until it ends on its own, at several sizes. With free
// space again the ledger is intact, and opens for reading and for writing; nothing is moved aside.
func TestFullDiskInMidRun(t *testing.T) {
	t.Parallel()
	for _, checkpoint := range []time.Duration{time.Microsecond, time.Hour} {
		for _, room := range []int{0, 8, 60, 300} {
			dir := tmpfs(t, "size=4m")
			path := filepath.Join(dir, "ledger.db")
			l, err := ledger.Open(t.Context(), path, ledger.Options{})
			must(t, err)
			must(t, l.CreateRun(t.Context(), newRun("r1"), newRows("r1", 8), nil))
			must(t, l.Close())
			ballast := filepath.Join(dir, "ballast")
			child := startChild(t, path, checkpoint)
			if !child.read(20) {
				t.Fatalf("the child ended too early: %s", child.stderr.String())
			}
			fill(t, ballast)
			info, err := os.Stat(ballast)
			must(t, err)
			must(t, os.Truncate(ballast, max(0, info.Size()-int64(room)<<12)))
			for child.read(1) {
			}
			if err := child.cmd.Wait(); err == nil || !strings.Contains(child.stderr.String(), "the disk is full") {
				t.Fatalf("room for %d pages: the child ended with %v and said %q", room, err, child.stderr.String())
			}
			must(t, os.Remove(ballast))
			openAt(t, path, ledger.Options{ReadOnly: true})
			child.check(t, path)
			for name := range folder(t, dir) {
				if strings.Contains(name, "damaged") {
					t.Errorf("room for %d pages: %s: a healthy ledger was moved aside", room, name)
				}
			}
		}
	}
}

// TestCopiesAtAnyPointOfAWrite stops a real process at random moments, in the middle of commits and checkpoints, and
// opens what a crash would have left: a copy of the file and its log.
func TestCopiesAtAnyPointOfAWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	l, err := ledger.Open(t.Context(), path, ledger.Options{})
	must(t, err)
	must(t, l.CreateRun(t.Context(), newRun("r1"), newRows("r1", 8), nil))
	must(t, l.Close())
	child := startChild(t, path, time.Microsecond)
	defer child.killAfter(0)
	moments := 25
	if testing.Short() || raced {
		moments = 5
	}
	for n := range moments {
		if !child.read(1 + rand.IntN(60)) {
			t.Fatalf("the child ended: %s", child.stderr.String())
		}
		must(t, child.cmd.Process.Signal(syscall.SIGSTOP))
		stopped(t, child.cmd.Process.Pid)
		at := filepath.Join(t.TempDir(), "ledger.db")
		for _, end := range []string{"", "-wal"} {
			if data, err := os.ReadFile(path + end); err == nil {
				must(t, os.WriteFile(at+end, data, 0o600))
			}
		}
		must(t, child.cmd.Process.Signal(syscall.SIGCONT))
		l, err := ledger.Open(t.Context(), at, ledger.Options{ReadOnly: n%2 == 0})
		if err != nil {
			t.Fatalf("moment %d: %v", n, err)
		}
		must(t, l.Close())
		child.check(t, at)
	}
}

// stopped waits until the process is stopped: sending the signal does not mean that it is.
func stopped(t *testing.T, pid int) {
	t.Helper()
	for range 100_000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		must(t, err)
		if _, after, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(after, "T") {
			return
		}
		runtime.Gosched()
	}
	t.Fatal("the process does not stop")
}

// TestAnOutcomeWaitsForRoom: a received answer is recorded as soon as the disk has space, however long that takes.
func TestAnOutcomeWaitsForRoom(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := tmpfs(t, "size=4m")
	told := make(chan error, 100)
	l, err := ledger.Open(ctx, filepath.Join(dir, "ledger.db"), ledger.Options{Stalled: func(why error) { told <- why }})
	must(t, err)
	defer l.Close()
	must(t, l.CreateRun(ctx, newRun("r1"), newRows("r1", 1), nil))
	in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport})
	must(t, err)
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	for n := 0; err == nil && n < 2000; n++ { // what the log has reserved is used up
		err = l.Note(ctx, migration.Event{Run: "r1", Row: migration.WaveRow, Note: strings.Repeat("x", 9000)})
	}
	wantFault(t, err, fault.Unavailable, "ledger.full")
	concluded := make(chan error)
	go func() {
		concluded <- l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone, Detail: strings.Repeat("y", 9000)})
	}()
	select {
	case err := <-concluded:
		t.Fatalf("given up: %v", err)
	case err := <-told:
		wantFault(t, err, fault.Unavailable, "ledger.full")
	}
	must(t, os.Remove(ballast))
	must(t, <-concluded)
	all, err := l.AllIntents(ctx, "r1")
	must(t, err)
	if all[0].Outcome == nil || all[0].Outcome.Status != migration.OutcomeDone {
		t.Errorf("outcome %+v, want done", all[0].Outcome)
	}
}
