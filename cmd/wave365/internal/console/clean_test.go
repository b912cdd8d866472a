package console

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"wave365/pkg/summary/wording"
)

// What comes in pieces is cleaned as what comes at once.
func TestCleaned(t *testing.T) {
	t.Parallel()
	const text = "Ü\x1b]0;title\x07 田\u202eb\u009b1A\xff\n\tend"
	for size := 1; size <= len(text); size++ {
		var b bytes.Buffer
		c := &Cleaned{Writer: &b}
		for i := 0; i < len(text); i += size {
			if _, err := c.Write([]byte(text[i:min(i+size, len(text))])); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.String(); got != wording.Clean(text) {
			t.Fatalf("in pieces of %d: %q", size, got)
		}
	}
}

// A document says the same as before to a program, and nothing to a terminal.
func TestJSON_cannotSteerATerminal(t *testing.T) {
	t.Parallel()
	const in = "a\u009b31m\u202e\x7f\u2028b\u200b"
	var b bytes.Buffer
	JSON(&Cleaned{Writer: &b}, map[string]string{"name": in})
	if strings.ContainsAny(b.String(), "\u009b\u202e\x7f\u200b") {
		t.Errorf("%q", b.String())
	}
	var out map[string]string
	if err := json.Unmarshal(b.Bytes(), &out); err != nil || out["name"] != in {
		t.Errorf("%v: %q, want %q", err, out["name"], in)
	}
}
