// Package words writes times, sizes, names and foreign text for the page: escaped, isolated from what surrounds them, and
// folded where they are long.
package words

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
)

// The longest text shown in full, and how much a fold shows of a longer one, in runes.
const (
	foldAt   = 240
	foldShow = 120
)

// folds reports whether a text is too long to be shown in full.
func folds(s string) bool { return len(s) > foldAt && utf8.RuneCountInString(s) > foldAt }

// pieces splits a text after each of its separators.
func pieces(s string) (out []string) {
	for s != "" {
		i := strings.IndexAny(s, "/@") + 1
		if i == 0 {
			i = len(s)
		}
		out, s = append(out, s[:i]), s[i:]
	}
	return out
}

// sentence capitalizes a message, unless its first word is a name such as importSnapshot.
func sentence(s string) string {
	word, _, more := strings.Cut(s, " ")
	if !more || s[0] < 'a' || s[0] > 'z' || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz,:;'") != "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// letters are the characters between which a line does not break.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// Plain returns foreign text for attributes and titles: shortened, and wrapped in Unicode isolates.
func Plain(s string) string { return "\u2068" + Short(s, 60) + "\u2069" }

// Short returns foreign text in one line, cut after n characters.
func Short(s string, n int) string {
	s = strings.Join(strings.Fields(wording.Clean(s)), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return cut(s, n) + "…"
}

// cut returns the first n runes, or fewer where the cut would split a composed character.
func cut(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	for n > 1 && (joins(runes[n]) || runes[n-1] == 0x200d) {
		n--
	}
	return string(runes[:n])
}

func joins(r rune) bool {
	return r == 0x200d || unicode.In(r, unicode.Mn, unicode.Me, unicode.Variation_Selector) || r >= 0x1f3fb && r <= 0x1f3ff
}

// NameOf returns a person's display name, or the user name if there is none.
func NameOf(t migration.Target) string {
	if t.DisplayName != "" {
		return t.DisplayName
	}
	return t.User
}

// GiB formats a size in GiB with at most two decimals.
func GiB(bytes int64) string {
	return strconv.FormatFloat(float64(int64(float64(bytes)/(1<<30)*100+0.5))/100, 'f', -1, 64) + " GiB"
}
