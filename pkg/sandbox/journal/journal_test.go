package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/journal"
)

// open opens a folder and gives its state and lines.
func open(t *testing.T, dir, identity string) (*journal.Journal, string, []string, error) {
	t.Helper()
	j, state, err := journal.Open(dir, identity, "scenario "+identity)
	if err != nil {
		return nil, "", nil, err
	}
	var lines []string
	err = j.Replay(func(line []byte) error { lines = append(lines, string(line)); return nil })
	return j, string(state), lines, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin makes a folder with a snapshot and some lines, and lets go of it as the end of a process does.
func begin(t *testing.T, lines ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	j, state, _, err := open(t, dir, "a")
	must(t, err)
	if state != "" {
		t.Errorf("a new folder holds %s", state)
	}
	must(t, j.Fold([]byte(`{"n":0}`)))
	for _, l := range lines {
		must(t, j.Append([]byte(l)))
	}
	must(t, j.Close())
	return dir
}

func TestGoesOn(t *testing.T) {
	t.Parallel()
	dir := begin(t, `{"n":1}`, `{"n":2}`)
	j, state, lines, err := open(t, dir, "a")
	must(t, err)
	if diff := cmp.Diff([]string{`{"n":1}`, `{"n":2}`}, lines); diff != "" || state != `{"n":0}` {
		t.Errorf("state %s\n%s", state, diff)
	}
	must(t, j.Append([]byte(`{"n":3}`)))
	must(t, j.Fold([]byte(`{"n":3}`)))
	must(t, j.Append([]byte(`{"n":4}`)))
	must(t, j.Close())
	j, state, lines, err = open(t, dir, "a")
	must(t, err)
	defer j.Close()
	if diff := cmp.Diff([]string{`{"n":4}`}, lines); diff != "" || state != `{"n":3}` {
		t.Errorf("after a fold: state %s\n%s", state, diff)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "changes-*")); len(left) != 1 {
		t.Errorf("files of changes: %v", left)
	}
}

func TestCutOffLineIsDropped(t *testing.T) {
	t.Parallel()
	dir := begin(t, `{"n":1}`)
	name := filepath.Join(dir, "changes-1.jsonl")
	data, err := os.ReadFile(name)
	must(t, err)
	must(t, os.WriteFile(name, append(data, `{"n":2`...), 0o600))
	j, _, lines, err := open(t, dir, "a")
	must(t, err)
	must(t, j.Append([]byte(`{"n":3}`)))
	must(t, j.Close())
	j, _, again, err := open(t, dir, "a")
	must(t, err)
	defer j.Close()
	if diff := cmp.Diff([]string{`{"n":1}`}, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`{"n":1}`, `{"n":3}`}, again); diff != "" {
		t.Errorf("what came after the cut line is not whole:\n%s", diff)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	t.Run("another scenario", func(t *testing.T) {
		t.Parallel()
		dir := begin(t, `{"n":1}`)
		_, _, _, err := open(t, dir, "b")
		if fault.CodeOf(err) != "sandbox.state-of-another" || !strings.Contains(err.Error(), "made for scenario a, this is scenario b") {
			t.Errorf("got %v", err)
		}
		j, _, lines, err := open(t, dir, "a")
		must(t, err)
		defer j.Close()
		if len(lines) != 1 {
			t.Errorf("the refused folder was touched: %v", lines)
		}
	})
	t.Run("in use", func(t *testing.T) {
		t.Parallel()
		dir := begin(t)
		j, _, _, err := open(t, dir, "a")
		must(t, err)
		defer j.Close()
		if _, _, _, err := open(t, dir, "a"); !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v, want a fault Conflict", err)
		}
	})
	t.Run("not a state", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "state.json"), []byte("{}"), 0o600))
		if _, _, _, err := open(t, dir, "a"); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v, want a fault Invalid", err)
		}
	})
	t.Run("damaged in the middle", func(t *testing.T) {
		t.Parallel()
		dir := begin(t, `{"n":1}`, `{"n":`, `{"n":3}`)
		if _, _, _, err := open(t, dir, "a"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "line 2 is damaged") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a file in the folder's place", func(t *testing.T) {
		t.Parallel()
		name := filepath.Join(t.TempDir(), "f")
		must(t, os.WriteFile(name, nil, 0o600))
		if _, _, _, err := open(t, name, "a"); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v, want a fault Invalid", err)
		}
	})
}

func TestDueFollowsTheSnapshot(t *testing.T) {
	t.Parallel()
	j, _, _, err := open(t, t.TempDir(), "a")
	must(t, err)
	defer j.Close()
	must(t, j.Fold(fmt.Appendf(nil, `{"big":%q}`, strings.Repeat("x", 6<<20))))
	line := fmt.Appendf(nil, `{"n":%q}`, strings.Repeat("y", 1<<20))
	var folds []int
	for i := range 9 {
		must(t, j.Append(line))
		if j.Due() {
			folds = append(folds, i+1)
			break
		}
	}
	if diff := cmp.Diff([]int{7}, folds); diff != "" {
		t.Errorf("a snapshot of a little over 6 MiB was due after:\n%s", diff)
	}
}

func TestPutGet(t *testing.T) {
	t.Parallel()
	j, _, _, err := open(t, t.TempDir(), "a")
	must(t, err)
	defer j.Close()
	if got, err := j.Get("blobs.json"); got != nil || err != nil {
		t.Errorf("nothing yet: got %s, %v", got, err)
	}
	must(t, j.Put("blobs.json", []byte("1")))
	must(t, j.Put("blobs.json", []byte("2")))
	if got, err := j.Get("blobs.json"); string(got) != "2" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
