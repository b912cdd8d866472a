package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/journal"
)

// open opens a folder and gives what it began with and its lines.
func open(t *testing.T, dir, identity string) (j *journal.Journal, begin string, lines []string, err error) {
	t.Helper()
	j, err = journal.Open(dir, identity, "scenario "+identity, []byte(`{"n":0}`),
		func(b []byte) error { begin = string(b); return nil },
		func(line []byte) error { lines = append(lines, string(line)); return nil })
	return j, begin, lines, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin makes a folder with some lines, and lets go of it as the end of a process does.
func begin(t *testing.T, lines ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	j, began, _, err := open(t, dir, "a")
	must(t, err)
	if began != "" {
		t.Errorf("a new folder began with %s", began)
	}
	for _, l := range lines {
		must(t, j.Append([]byte(l)))
	}
	must(t, j.Close())
	return dir
}

func TestGoesOn(t *testing.T) {
	t.Parallel()
	dir := begin(t, `{"n":1}`, `{"n":2}`)
	j, began, lines, err := open(t, dir, "a")
	must(t, err)
	if diff := cmp.Diff([]string{`{"n":1}`, `{"n":2}`}, lines); diff != "" || began != `{"n":0}` {
		t.Errorf("began %s\n%s", began, diff)
	}
	must(t, j.Append([]byte(`{"n":3}`)))
	must(t, j.Close())
	j, _, lines, err = open(t, dir, "a")
	must(t, err)
	defer j.Close()
	if diff := cmp.Diff([]string{`{"n":1}`, `{"n":2}`, `{"n":3}`}, lines); diff != "" {
		t.Error(diff)
	}
}

// Whatever the end of a process cuts off, the whole lines before it stay, and what comes later is whole: also when nothing but a part of
// the first line was written.
func TestCutOffLineIsDropped(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(filepath.Join(begin(t, `{"n":1}`, `{"n":2}`), "journal.jsonl"))
	must(t, err)
	first := strings.IndexByte(string(whole), '\n') + 1
	for cut := range whole {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "journal.jsonl"), whole[:cut], 0o600))
		j, began, lines, err := open(t, dir, "a")
		must(t, err)
		must(t, j.Append([]byte(`{"n":3}`)))
		must(t, j.Close())
		j, _, again, err := open(t, dir, "a")
		must(t, err)
		must(t, j.Close())
		want := strings.Count(string(whole[first:max(first, cut)]), "\n")
		if len(lines) != want || len(again) != want+1 || again[want] != `{"n":3}` || (began != "") != (cut >= first) {
			t.Errorf("cut at %d: began %q with %q, and then %q", cut, began, lines, again)
		}
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
	for name, files := range map[string]map[string]string{
		"not a state":             {"journal.jsonl": "{}\n"},
		"of an earlier version":   {"state.json": `{"format":1}`},
		"damaged at the start":    {"journal.jsonl": "{\n"},
		"damaged in the middle 2": {"journal.jsonl": `{"format":2,"identity":"a","label":"a","begin":{}}` + "\n{\n{}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range files {
				must(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			_, _, _, err := open(t, dir, "a")
			if !fault.Is(err, fault.Invalid) || strings.Contains(name, "2") && !strings.Contains(err.Error(), "line 2 is damaged") {
				t.Errorf("got %v, want a fault Invalid", err)
			}
		})
	}
	t.Run("a file in the folder's place", func(t *testing.T) {
		t.Parallel()
		name := filepath.Join(t.TempDir(), "f")
		must(t, os.WriteFile(name, nil, 0o600))
		if _, _, _, err := open(t, name, "a"); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v, want a fault Invalid", err)
		}
	})
}
