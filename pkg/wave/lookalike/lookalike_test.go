package lookalike_test

import (
	"strings"
	"testing"

	"wave365/pkg/wave/lookalike"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]struct{ plain, in string }{
		"o’brien@contoso.com":   {"o'brien@contoso.com", `"’" (U+2019), a typographic apostrophe, is in X in place of ', after "o"`},
		"ann‑mary@contoso.com":  {"ann-mary@contoso.com", "a non-breaking hyphen"},
		"W365 – Pilot":          {"W365 - Pilot", `a dash as word processors set it, is in X in place of -, after "W365 "`},
		"аnna@contoso.com":      {"anna@contoso.com", `"а" (U+0430), a Cyrillic letter, is in X in place of a, at its beginning`},
		"сор@contoso.com":       {"cop@contoso.com", "a Cyrillic letter"},
		"Pilοt":                 {"Pilot", `a Greek letter, is in X in place of o, after "Pil"`},
		"ａnna＠contoso。com":      {"anna@contoso.com", "a full-width character"},
		"oﬃce":                  {"office", "a special form of it"},
		"wave∕anna":             {"wave/anna", "a fraction slash"},
		"anna@contoso.c…":       {"anna@contoso.c...", "three dots in one character"},
		"jörg@contoso.com":      {},
		"иван@contoso.com":      {},
		"иван.оса@contoso.com":  {},
		"анна@почта.рф":         {},
		"Ελλάδα W365":           {},
		"東京ー本社":                 {},
		"Zürich, 2 m² Küche 50": {"Zürich, 2 m2 Küche 50", "a special form of it"},
		"o'brien_1.2-3@x.com":   {},
		"two\u00a0words":        {},
	} {
		if got := lookalike.Plain(s); want.plain != "" && got != want.plain || want.plain == "" && got != s {
			t.Errorf("%q: %q", s, got)
		}
		c, found := lookalike.Find(s)
		if found != (want.plain != "") || found && !strings.Contains(c.In("X"), want.in) {
			t.Errorf("%q: %v %s", s, found, c.In("X"))
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"anna.lo...": true, "anna.lo…": true, "anna.lo": false, "anna.lo.": false, "": false} {
		if left, cut := lookalike.Cut(s); cut != want || cut && left != "anna.lo" {
			t.Errorf("%q: %q %v", s, left, cut)
		}
	}
}
