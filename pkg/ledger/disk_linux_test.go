package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// tmpfs mounts a small disk of its own; only root may.
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

	// What fits into what the log has reserved already may still pass.
	var full error
	for n := 0; full == nil && n < 2000; n++ {
		tr := flip(rows[n%len(rows)])
		if full = l.Apply(ctx, tr); full == nil {
			rows[n%len(rows)] = tr.To()
		}
	}
	wantFault(t, full, fault.Unavailable, "ledger.full")
	if !strings.Contains(fault.HintOf(full), "room") {
		t.Errorf("hint %q does not say to make room", fault.HintOf(full))
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
