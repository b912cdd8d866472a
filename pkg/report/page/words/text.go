// Package words is how times, sizes, names and foreign text are written on the page: escaped, kept apart from what surrounds
// them, and folded where they are long.
package words

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
)

// The longest text shown in full, and what a fold shows of a longer one, in runes.
const (
	foldAt   = 240
	foldShow = 120
)

// Funcs are the functions of the templates: foreign text in all its places.
func Funcs() template.FuncMap {
	return template.FuncMap{"text": text, "inline": inline, "prose": prose, "upn": upn, "value": value, "command": command, "clean": wording.Clean}
}

// text is foreign text for the page: escaped, apart from the direction of what surrounds it, with its control
// characters made visible, and folded when it is long; the whole text stays in the page.
func text(s string) template.HTML {
	s = wording.Clean(s)
	if len(s) <= foldAt || utf8.RuneCountInString(s) <= foldAt {
		return template.HTML("<bdi>" + template.HTMLEscapeString(s) + "</bdi>")
	}
	return template.HTML(`<details class="long"><summary><bdi>` + template.HTMLEscapeString(cut(s, foldShow)) +
		`…</bdi> <span>` + fmt.Sprint(utf8.RuneCountInString(s)) + ` characters</span></summary><bdi tabindex="0">` +
		template.HTMLEscapeString(s) + `</bdi></details>`)
}

// prose is text with sentences in it: it begins with a capital letter, and what stands in back-ticks is code.
func prose(s string) template.HTML {
	h := string(text(sentence(s)))
	parts := strings.Split(h, "`")
	if len(parts)%2 == 0 || strings.HasPrefix(h, "<details") {
		return template.HTML(h)
	}
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "<code>" + parts[i] + "</code>"
	}
	return template.HTML(strings.Join(parts, ""))
}

// sentence gives a message its capital letter, unless its first word is a name such as importSnapshot.
func sentence(s string) string {
	word, _, more := strings.Cut(s, " ")
	if !more || s[0] < 'a' || s[0] > 'z' || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz,:;'") != "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// upn is an address that may break after its @.
func upn(s string) template.HTML {
	return template.HTML(strings.Replace(string(text(s)), "@", "@<wbr>", 1))
}

// value is a path, an address or another cell, which may break after its separators.
func value(s string) template.HTML {
	s = wording.Clean(s)
	if len(s) > foldAt {
		return text(s)
	}
	return template.HTML("<bdi>" + strings.NewReplacer("/", "/<wbr>", "@", "@<wbr>").Replace(template.HTMLEscapeString(s)) + "</bdi>")
}

// command is a command to copy. A word of it that a browser would break at its hyphens or slashes is held together.
func command(s string) template.HTML {
	words := strings.Split(wording.Clean(s), " ")
	for i, w := range words {
		escaped := template.HTMLEscapeString(w)
		if strings.Trim(w, letters) != "" {
			escaped = "<bdi>" + escaped + "</bdi>"
		}
		words[i] = escaped
	}
	return template.HTML(strings.Join(words, " "))
}

// letters are what no word breaks at.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// inline is foreign text where a fold cannot stand; longer text is cut.
func inline(s string) template.HTML {
	return template.HTML("<bdi>" + template.HTMLEscapeString(Short(s, 60)) + "</bdi>")
}

// Plain is foreign text for attributes and titles: cut and held apart by Unicode isolates.
func Plain(s string) string { return "\u2068" + Short(s, 60) + "\u2069" }

// Short is foreign text in one line, cut after n characters.
func Short(s string, n int) string {
	s = strings.Join(strings.Fields(wording.Clean(s)), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return cut(s, n) + "…"
}

// cut gives the first n runes, less what would tear a composed character apart.
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

// NameOf is what a person is called: the display name, else the user name.
func NameOf(t migration.Target) string {
	if t.DisplayName != "" {
		return t.DisplayName
	}
	return t.User
}

// GiB is a size in GiB with two decimals at most.
func GiB(bytes int64) string {
	return strconv.FormatFloat(float64(int64(float64(bytes)/(1<<30)*100+0.5))/100, 'f', -1, 64) + " GiB"
}
