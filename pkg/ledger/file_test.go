package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
)

// folder returns names and contents, to see what an Open changed.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	got := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		got[e.Name()] = string(b)
	}
	return got
}

func TestOpenLeavesForeignFilesAlone(t *testing.T) {
	t.Parallel()
	write := func(content []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) { must(t, os.WriteFile(path, content, 0o600)) }
	}
	cases := map[string]func(*testing.T, string){
		"text":          write([]byte("user,blob,policy\n")),
		"one byte":      write([]byte("x")),
		"large, random": write(bytes.Repeat([]byte("not a database "), 1000)),
		"SQLite": func(t *testing.T, path string) {
			db := raw(t, path)
			_, err := db.Exec("CREATE TABLE photos (id INTEGER PRIMARY KEY)")
			must(t, err)
			must(t, db.Close())
		},
		"SQLite with a log": func(t *testing.T, path string) {
			db := raw(t, path)
			_, err := db.Exec("PRAGMA journal_mode = WAL; PRAGMA application_id = 252006675; CREATE TABLE photos (id INTEGER PRIMARY KEY)")
			must(t, err)
			must(t, db.Close())
		},
	}
	for name, make := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "ledger.db")
			make(t, path)
			before := folder(t, dir)
			for _, opt := range []ledger.Options{{}, {ReadOnly: true}} {
				_, err := ledger.Open(t.Context(), path, opt)
				wantFault(t, err, fault.Invalid, "ledger.foreign")
			}
			wantSame(t, "the folder afterwards", folder(t, dir), before)
		})
	}
}

func TestOpenMovesADamagedFileAside(t *testing.T) {
	t.Parallel()
	at := func() time.Time { return evening }
	patch := func(offset int64, b []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			must(t, err)
			_, err = f.WriteAt(b, offset)
			must(t, err)
			must(t, f.Close())
		}
	}
	cases := map[string]func(*testing.T, string){
		"a page of noise":   patch(4096, bytes.Repeat([]byte{0xA5}, 8192)),
		"header of zeros":   patch(0, make([]byte, 100)),
		"magic overwritten": patch(0, bytes.Repeat([]byte{0x58}, 16)),
		"cut in half": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			must(t, err)
			must(t, os.Truncate(path, info.Size()/2))
		},
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "ledger.db")
			l, err := ledger.Open(t.Context(), path, ledger.Options{})
			must(t, err)
			must(t, l.CreateRun(t.Context(), newRun("r1"), newRows("r1", 200), nil))
			must(t, l.Close())
			damage(t, path)
			before := folder(t, dir)

			// There is an older one already, with the same second in its name.
			must(t, os.WriteFile(path+".damaged-20260508T180000Z", []byte("older"), 0o600))
			_, err = ledger.Open(t.Context(), path, ledger.Options{Now: at})
			wantFault(t, err, fault.Internal, "ledger.damaged")
			to := path + ".damaged-20260508T180000Z-2"
			if err != nil && !strings.Contains(err.Error(), to) {
				t.Errorf("error %q does not say %s", err, to)
			}
			if fault.HintOf(err) == "" {
				t.Error("no hint what to do")
			}
			after := folder(t, dir)
			if after["ledger.db.damaged-20260508T180000Z"] != "older" {
				t.Error("the older damaged file was overwritten")
			}
			if after[filepath.Base(to)] != before["ledger.db"] {
				t.Error("the damaged file was changed on its way aside")
			}
			if after[filepath.Base(to)+"-wal"] != before["ledger.db-wal"] {
				t.Error("the log did not go with the file")
			}
			l = openAt(t, path, ledger.Options{})
			_, err = l.Run(t.Context(), "")
			wantFault(t, err, fault.NotFound, "ledger.no-run")
		})
	}
}

// TestOpenRefusesAFileWithoutSchema: the file is neither treated as a new ledger nor changed.
func TestOpenRefusesAFileWithoutSchema(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*testing.T, string){
		"empty": func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) },
		"empty beside a log": func(t *testing.T, path string) {
			must(t, os.Truncate(path, 0))
			must(t, os.WriteFile(path+"-wal", []byte("a log"), 0o600))
		},
		"gone beside a log": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.WriteFile(path+"-wal", []byte("a log"), 0o600))
		},
		// What a copy without the log contained with earlier versions of this program.
		"marked, with an empty schema": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			db := raw(t, path)
			_, err := db.Exec("PRAGMA application_id = 1462974005; PRAGMA journal_mode = WAL")
			must(t, err)
			must(t, db.Close())
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "ledger.db")
			l, err := ledger.Open(t.Context(), path, ledger.Options{})
			must(t, err)
			must(t, l.Close())
			spoil(t, path)
			before := folder(t, dir)
			for _, opt := range []ledger.Options{{}, {ReadOnly: true}} {
				_, err := ledger.Open(t.Context(), path, opt)
				wantFault(t, err, fault.Invalid, "ledger.empty")
			}
			after := folder(t, dir)
			if before["ledger.db"] != after["ledger.db"] || before["ledger.db-wal"] != after["ledger.db-wal"] {
				t.Errorf("what lay there was touched: %d and %d bytes", len(after["ledger.db"]), len(after["ledger.db-wal"]))
			}
		})
	}
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "ledger.db")
	_, err := ledger.Open(ctx, path, ledger.Options{ReadOnly: true})
	wantFault(t, err, fault.NotFound, "ledger.none")
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Error("a read-only Open made a folder")
	}
	w := openAt(t, path, ledger.Options{})
	must(t, w.CreateRun(ctx, newRun("r1"), newRows("r1", 1), nil))
	r := openAt(t, path, ledger.Options{ReadOnly: true})
	rows, err := r.Rows(ctx, "r1")
	must(t, err)
	if len(rows) != 1 {
		t.Errorf("%d rows, want 1", len(rows))
	}
	wantFault(t, r.ReopenRun(ctx, "r1"), fault.Denied, "ledger.readonly")
	_, err = r.Lock(ctx, ledger.Holder{})
	wantFault(t, err, fault.Denied, "ledger.readonly")
}

func TestOpenRefusesSyncedFolders(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "OneDrive - Contoso", "waves", "ledger.db")
	_, err := ledger.Open(t.Context(), path, ledger.Options{})
	wantFault(t, err, fault.Invalid, "ledger.place")
	if err != nil && !strings.Contains(err.Error(), "OneDrive") {
		t.Errorf("error %q does not name OneDrive", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("the folder was made all the same")
	}
	openAt(t, path, ledger.Options{AnyPlace: true})
}

func TestCloseLeavesOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"), ledger.Options{})
	must(t, err)
	must(t, l.CreateRun(t.Context(), newRun("r1"), newRows("r1", 1), nil))
	_, err = l.Rows(t.Context(), "r1")
	must(t, err)
	must(t, l.Close())
	for name := range folder(t, dir) {
		if name != "ledger.db" {
			t.Errorf("Close left %s", name)
		}
	}
}

func TestOpenTakesOddNames(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "100% sure?", "a#b & c=d", "läger.db")
	l := openAt(t, path, ledger.Options{})
	must(t, l.CreateRun(t.Context(), newRun("r1"), newRows("r1", 1), nil))
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
}

func TestOpenWithADeadContextMakesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "new")
	_, err := ledger.Open(ctx, filepath.Join(dir, "ledger.db"), ledger.Options{})
	wantFault(t, err, fault.Interrupted, "")
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made")
	}
}

func TestOpenLeavesADamagedFileToItsDriver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(ctx, path, ledger.Options{})
	must(t, err)
	must(t, l.CreateRun(ctx, newRun("r1"), newRows("r1", 500), nil))
	must(t, l.Close())
	l, err = ledger.Open(ctx, path, ledger.Options{})
	must(t, err)
	_, err = l.Lock(ctx, ledger.Holder{Command: "wave365 run friday.csv"})
	must(t, err)
	defer l.Close()
	// The last page is a leaf: random bytes in it leave the rest readable. Another process writes them, so that closing
	// the file does not drop this one's locks.
	info, err := os.Stat(path)
	must(t, err)
	noise := exec.Command("dd", "if=/dev/urandom", "of="+path, "bs=4096", "count=1", "conv=notrunc",
		fmt.Sprintf("seek=%d", info.Size()/4096-1))
	if err := noise.Run(); err != nil {
		t.Skipf("needs dd: %v", err)
	}
	_, err = ledger.Open(ctx, path, ledger.Options{})
	wantFault(t, err, fault.Internal, "ledger.damaged")
	if err != nil && !strings.Contains(err.Error(), "wave365 run friday.csv") {
		t.Errorf("error %q does not name who uses the file", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file was moved from under its driver: %v", err)
	}
}

func TestOpenTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "ledger.db")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			l, err := ledger.Open(t.Context(), path, ledger.Options{})
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			if err := l.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	wg.Wait()
}
