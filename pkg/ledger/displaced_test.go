package ledger_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
)

// A process that lives drives a run, and somebody writes an older copy, or anything else, over its ledger, or takes it away: no
// command opens what is there, and nothing is moved or made.
func TestOpenRefusesWhatItsHolderDoesNotWriteTo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	older := filepath.Join(dir, "older.db")
	l, err := ledger.Open(t.Context(), older, ledger.Options{})
	must(t, err)
	must(t, l.Close())
	copied, err := os.ReadFile(older)
	must(t, err)
	for name, spoil := range map[string]func(*testing.T, string){
		"an older copy": func(t *testing.T, path string) { must(t, os.WriteFile(path, copied, 0o600)) },
		"damaged": func(t *testing.T, path string) {
			must(t, os.WriteFile(path, append(copied[:4096:4096], make([]byte, 1<<16)...), 0o600))
		},
		"not a ledger": func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("user,blob,policy\n"), 0o600)) },
		"empty":        func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "ledger.db")
			l, err := ledger.Open(t.Context(), path, ledger.Options{})
			must(t, err)
			must(t, l.CreateRun(t.Context(), newRun("r1"), newRows("r1", 3), nil))
			// The process that started this one lives as long as this.
			release, err := l.Lock(t.Context(), ledger.Holder{PID: os.Getppid(), Run: "r1", Command: "wave365 run"})
			must(t, err)
			for _, readOnly := range []bool{true, false} {
				second, err := ledger.Open(t.Context(), path, ledger.Options{ReadOnly: readOnly})
				must(t, err)
				must(t, second.Close())
			}
			whole, err := os.ReadFile(path)
			must(t, err)
			spoil(t, path)
			before, err := os.ReadFile(path)
			must(t, err)
			for _, readOnly := range []bool{true, false} {
				_, err := ledger.Open(t.Context(), path, ledger.Options{ReadOnly: readOnly})
				wantFault(t, err, fault.Conflict, "ledger.locked")
				if err != nil && !strings.Contains(err.Error(), "is not the one that it writes to") {
					t.Errorf("says %v", err)
				}
			}
			after, err := os.ReadFile(path)
			must(t, err)
			if string(after) != string(before) {
				t.Error("what lay there was changed")
			}
			aside, err := filepath.Glob(path + ".damaged-*")
			if err != nil || len(aside) > 0 {
				t.Errorf("moved aside: %v, %v", aside, err)
			}
			must(t, os.WriteFile(path, whole, 0o600))
			_ = release() // what it could record is not the matter
			_ = l.Close()
			if _, err := os.Stat(path + "-holder"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the name of the holder is left: %v", err)
			}
		})
	}
}

// A holder that has died is in nobody's way, whatever its file says.
func TestOpenAfterTheHolderDied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	must(t, os.WriteFile(path+"-holder", []byte(`{"id": "x", "host": "elsewhere", "pid": 1}`), 0o600))
	l, err := ledger.Open(context.Background(), path, ledger.Options{})
	must(t, err)
	must(t, l.Close())
}
