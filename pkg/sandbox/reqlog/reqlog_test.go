package reqlog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/reqlog"
)

func add(t *testing.T, l *reqlog.Log, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		e := reqlog.Entry{Time: time.Unix(int64(i), 0).UTC(), Method: "GET", Path: fmt.Sprint("/", i), Status: 200}
		if err := l.Add(e); err != nil {
			t.Fatal(err)
		}
	}
}

func paths(entries []reqlog.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, fmt.Sprint(e.N, e.Path))
	}
	return out
}

func TestPage(t *testing.T) {
	t.Parallel()
	l, err := reqlog.Open("")
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, 1, 5)
	for name, c := range map[string]struct {
		after int64
		limit int
		want  []string
	}{
		"all":   {0, 0, []string{"1/1", "2/2", "3/3", "4/4", "5/5"}},
		"after": {3, 0, []string{"4/4", "5/5"}},
		"limit": {1, 2, []string{"2/2", "3/3"}},
		"end":   {5, 0, nil},
		"far":   {50, 0, nil},
	} {
		got, dropped := l.Page(c.after, c.limit)
		if diff := cmp.Diff(c.want, paths(got)); diff != "" || dropped != 0 {
			t.Errorf("%s: dropped %d\n%s", name, dropped, diff)
		}
	}
}

func TestOldestLeaveMemory(t *testing.T) {
	t.Parallel()
	l, err := reqlog.Open("")
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, 1, reqlog.Keep+3)
	got, dropped := l.Page(0, 2)
	if diff := cmp.Diff([]string{"4/4", "5/5"}, paths(got)); diff != "" || dropped != 3 {
		t.Errorf("dropped %d\n%s", dropped, diff)
	}
	got, _ = l.Page(reqlog.Keep+2, 0)
	if len(got) != 1 || got[0].N != reqlog.Keep+3 {
		t.Errorf("the last is %v", paths(got))
	}
}

func TestFileGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	open := func() *reqlog.Log {
		l, err := reqlog.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	add(t, open(), 1, 3) // not closed: the process died
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"n":4,"path":"/cut o`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	add(t, open(), 4, 5)
	got, _ := open().Page(0, 0)
	if diff := cmp.Diff([]string{"1/1", "2/2", "3/3", "4/4", "5/5"}, paths(got)); diff != "" {
		t.Error(diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if _, err := reqlog.Open(t.TempDir()); !fault.Is(err, fault.Invalid) {
		t.Errorf("a folder: got %v, want a fault Invalid", err)
	}
}
