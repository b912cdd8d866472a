package ledger_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/hold"
)

// A live process drives a run, and somebody writes an older copy, or anything else, over its ledger, or moves it away: no
// command opens what is there, and nothing is moved or created.
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
			// The parent process lives as long as this one.
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
			_ = release() // whether it could record that does not matter
			_ = l.Close()
			if _, err := os.Stat(path + "-holder"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the name of the holder is left: %v", err)
			}
		})
	}
}

// A holder that has died, or that cannot be seen from here, does not block anybody, whatever its file says.
func TestOpenAfterTheHolderDied(t *testing.T) {
	t.Parallel()
	here, err := os.Hostname()
	must(t, err)
	dead := exec.Command(os.Args[0], "-test.run=^$")
	must(t, dead.Run())
	for name, tc := range map[string]struct {
		host    string
		pid     int
		refused bool
	}{
		"it lives":           {here, os.Getppid(), true},
		"it has died":        {here, dead.Process.Pid, false},
		"on another machine": {here + "-2", os.Getppid(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "ledger.db")
			text, err := json.Marshal(map[string]any{"id": "x", "host": tc.host, "pid": tc.pid})
			must(t, err)
			must(t, os.WriteFile(path+"-holder", text, 0o600))
			l, err := ledger.Open(t.Context(), path, ledger.Options{})
			if tc.refused {
				wantFault(t, err, fault.Conflict, "ledger.locked")
				return
			}
			must(t, err)
			must(t, l.Close())
		})
	}
}

// A file that cannot be read at this moment is not called written over: the next look tells.
func TestBusyIsNotDisplaced(t *testing.T) {
	t.Parallel()
	here, err := os.Hostname()
	must(t, err)
	path := filepath.Join(t.TempDir(), "ledger.db")
	text, err := json.Marshal(map[string]any{"id": "x", "host": here, "pid": os.Getppid()})
	must(t, err)
	must(t, os.WriteFile(path+"-holder", text, 0o600))
	fails := func(k fault.Kind) func() (string, error) {
		return func() (string, error) {
			return "", fault.New(k, "ledger.busy", "another process is writing to the ledger", "")
		}
	}
	must(t, hold.Displaced(path, time.UTC, fails(fault.Unavailable)))
	wantFault(t, hold.Displaced(path, time.UTC, fails(fault.Internal)), fault.Conflict, "ledger.locked")
}
