package wording_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"wave365/pkg/summary/wording"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want, line string }{
		{"plain text", "plain text", "plain text"},
		{"E\x1b]52;c;cHduZWQ=\aX\x1b[5A", "E[U+001B]]52;c;cHduZWQ=[U+0007]X[U+001B][5A", "E[U+001B]]52;c;cHduZWQ=[U+0007]X[U+001B][5A"},
		{"a\r\nb\tc", "a\nb\tc", "a b c"},
		{"CR\rBS\b", "CR[U+000D]BS[U+0008]", "CR[U+000D]BS[U+0008]"},
		{"\u009b31m", "[U+009B]31m", "[U+009B]31m"},
		{"a\u202egpj.exe\u2066", "a[U+202E]gpj.exe[U+2066]", "a[U+202E]gpj.exe[U+2066]"},
		{"a\u200bb\u2060\ufeff\u00ad", "a[U+200B]b[U+2060][U+FEFF][U+00AD]", "a[U+200B]b[U+2060][U+FEFF][U+00AD]"},
		{"\U000e0041", "[U+E0041]", "[U+E0041]"},
		{"bad\xffbyte", "bad\ufffdbyte", "bad\ufffdbyte"},
		{"نص \u200fعربي", "نص \u200fعربي", "نص \u200fعربي"},
		{"👩\u200d💻 é", "👩\u200d💻 é", "👩\u200d💻 é"},
		{"  two   blanks ", "  two   blanks ", "two blanks"},
	} {
		if got := wording.Clean(tc.in); got != tc.want {
			t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
		}
		if got := wording.OneLine(tc.in); got != tc.line {
			t.Errorf("OneLine(%q) = %q, want %q", tc.in, got, tc.line)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("E\x1b]52;c;cHduZWQ=\aX\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := wording.Clean(s)
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) && !unicode.In(r, unicode.Join_Control) && wording.Clean(string(r)) != string(r) {
				t.Fatalf("%q keeps %q", got, r)
			}
		}
		if wording.Clean(got) != got {
			t.Fatalf("%q changes when it is cleaned again", got)
		}
	})
}

func TestCount(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		n          int
		noun, want string
	}{{0, "row", "0 rows"}, {1, "row", "1 row"}, {2, "row", "2 rows"}, {1, "person", "1 person"}, {24, "person", "24 people"}} {
		if got := wording.Count(tc.n, tc.noun); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// A name of a tenant may be long, and is not printed to its end.
func TestShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é ", 150_000)
	got := wording.OneLine("policy " + long + " is gone")
	if utf8.RuneCountInString(got) > 2100 || !strings.HasPrefix(got, "policy é é") || !strings.HasSuffix(got, "… (300015 characters)") {
		t.Errorf("%d characters, …%q", utf8.RuneCountInString(got), got[len(got)-40:])
	}
	if whole := strings.Repeat("é", 2000); wording.Short(whole) != whole || wording.Short(whole+"!") != whole+"… (2001 characters)" {
		t.Error("the bound is not 2,000 characters")
	}
}
