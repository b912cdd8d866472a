package celltext_test

import (
	"strings"
	"testing"

	"wave365/pkg/wave/sheet/celltext"
)

func TestNeutral(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"=1+1", "+41 44 123", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", " =1", "\u00A0=1", "\u200B=1", `"=1"`, "\"\t=1", "'=1", "''=1", "‘=1", "' -5", "-",
	} {
		n := celltext.Neutral(s)
		if !strings.HasPrefix(n, "'"+s[:1]) {
			t.Errorf("%q is not neutralised: %q", s, n)
		}
		if back := celltext.Denormal(n); back != s {
			t.Errorf("%q came back as %q", s, back)
		}
	}
	// A program with another list separator splits cells where the file does not, quotes or no quotes.
	for s, want := range map[string]string{
		"a;=cmd": "a;'=cmd", "a; =cmd": "a;' =cmd", `a;"=cmd`: `a;'"=cmd`, "a\t+1": "a\t'+1", "a\n@b": "a\n'@b", "a\r\n=b;-c": "a\r\n'=b;'-c", "a\r=b": "a\r'=b",
		"=a;=b": "'=a;'=b", "a;'=b": "a;''=b", ";=": ";'=", "\n=1": "'\n'=1", "one\n\n=two": "one\n\n'=two", "a;＝b": "a;'＝b",
	} {
		n := celltext.Neutral(s)
		if n != want {
			t.Errorf("%q became %q, want %q", s, n, want)
		}
		if back := celltext.Denormal(n); back != s {
			t.Errorf("%q came back as %q", s, back)
		}
	}
	for _, s := range []string{"one;two", "one\n\ntwo", "one;\ntwo", "a;'b", "a;'b'", "", "anna", "O'Hara", "'quoted'", "'", "''", "5", "a=b", "vhds/-a.vhd", "x+y@contoso.com", `"quoted"`, "   "} {
		if n := celltext.Neutral(s); n != s {
			t.Errorf("%q became %q", s, n)
		}
		if back := celltext.Denormal(s); back != s {
			t.Errorf("%q lost its apostrophe: %q", s, back)
		}
	}
}

func FuzzNeutral(f *testing.F) {
	for _, s := range []string{"=1", "a;=1\n'-2", "a;'\t;=", "a\r\n=b", "'=1", "''", "'\"\t@", "\u2018＝", "\xFF=", "O'Hara"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := celltext.Neutral(s)
		if back := celltext.Denormal(n); back != s {
			t.Errorf("%q became %q and came back as %q", s, n, back)
		}
		for i, part := range strings.FieldsFunc(n, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
			if strings.ContainsRune("=+-@＝＋－＠", []rune(part)[0]) {
				t.Errorf("part %d of %q would run", i, n)
			}
		}
	})
}
