package audit_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"wave365/pkg/audit"
)

// TestSum holds the sum against one made by hand: printf '1:7,30:2026-…,4:kind,…' | sha256sum.
func TestSum(t *testing.T) {
	t.Parallel()
	e := audit.Entry{
		Seq: 7, At: time.Date(2026, 5, 8, 20, 0, 0, 1, time.FixedZone("", 7200)), Kind: "kind", Run: "r1", Row: -1,
		Body: json.RawMessage(`{"a":1}`), Prev: "ab",
	}
	if got, want := e.Sum(), "bfe95cbede4276592c02f6ce9291412a7aca9929a4d55fbfcabbcc5570bd4939"; got != want {
		t.Errorf("Sum %s, want %s", got, want)
	}
}

// chained returns n entries of one run as they follow each other.
func chained(n int) []audit.Entry {
	list := make([]audit.Entry, n)
	prev := ""
	for i := range list {
		list[i] = audit.Entry{Seq: int64(i + 1), Kind: "k", Run: "r", Body: json.RawMessage("{}"), Prev: prev}
		list[i].Hash = list[i].Sum()
		prev = list[i].Hash
	}
	return list
}

func lines(t *testing.T, list []audit.Entry) string {
	t.Helper()
	var b strings.Builder
	for _, e := range list {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	return b.String()
}

func TestVerifyLines(t *testing.T) {
	t.Parallel()
	whole := lines(t, chained(4))
	if err := audit.Verify(audit.Lines(strings.NewReader(whole))); err != nil {
		t.Errorf("a whole chain: %v", err)
	}
	list := chained(4)
	err := audit.Verify(audit.Lines(strings.NewReader(lines(t, append(list[:1:1], list[2:]...)))))
	if b, ok := errors.AsType[*audit.Broken](err); !ok || b.Seq != 3 {
		t.Errorf("without entry 2: error %v, want entry 3 named", err)
	}
	torn := audit.Verify(audit.Lines(strings.NewReader(whole[:len(whole)-20])))
	if torn == nil || torn.Error() != "line 4 is not an audit entry" {
		t.Errorf("a torn last line: error %v", torn)
	}
}
