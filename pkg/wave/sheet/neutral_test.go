package sheet_test

import (
	"strings"
	"testing"

	"wave365/pkg/wave/sheet"
)

func TestNeutral(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"=1+1", "+41 44 123", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", " =1", "\u00A0=1", "\u200B=1", `"=1"`, "\"\t=1", "'=1", "''=1", "‘=1", "' -5", "-",
	} {
		n := sheet.Neutral(s)
		if n != "'"+s {
			t.Errorf("%q is not neutralised: %q", s, n)
		}
		if back := sheet.Denormal(n); back != s {
			t.Errorf("%q came back as %q", s, back)
		}
	}
	for _, s := range []string{"", "anna", "O'Hara", "'quoted'", "'", "''", "5", "a=b", "vhds/-a.vhd", "x+y@contoso.com", `"quoted"`, "   "} {
		if n := sheet.Neutral(s); n != s {
			t.Errorf("%q became %q", s, n)
		}
		if back := sheet.Denormal(s); back != s {
			t.Errorf("%q lost its apostrophe: %q", s, back)
		}
	}
}

func FuzzNeutral(f *testing.F) {
	for _, s := range []string{"=1", "'=1", "''", "'\"\t@", "\u2018＝", "\xFF=", "O'Hara"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := sheet.Neutral(s)
		if back := sheet.Denormal(n); back != s {
			t.Errorf("%q became %q and came back as %q", s, n, back)
		}
		if n != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(n)[0]) {
			t.Errorf("%q would run", n)
		}
	})
}
