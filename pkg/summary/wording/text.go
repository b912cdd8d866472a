// Package wording makes text fit for people: text from a file, a tenant or a service becomes safe to display, commands
// become safe to paste, and numbers, lists and times become readable in sentences. It knows nothing of runs.
package wording

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean makes visible what would change how a text reads or steer a terminal: control sequences, characters that
// reverse the direction of text, and invisible ones. U+001B, the beginning of an escape sequence, becomes "[U+001B]".
// Line feeds and tabs stay, and so do the invisible characters that belong to words: joiners, and the direction marks
// of Arabic and Hebrew. Everything that comes from a file, a tenant or a service goes through it before people see it.
func Clean(s string) string {
	if strings.IndexFunc(s, unsafe) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			b.WriteRune(r) // an invalid byte is replaced, too
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
		case unsafe(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// EscapeJSON is [Clean] for JSON: what Clean would make visible is escaped, which leaves its value the same for
// programs.
func EscapeJSON(doc string) string {
	if strings.IndexFunc(doc, unsafe) < 0 {
		return doc
	}
	var b strings.Builder
	for _, r := range doc {
		if !unsafe(r) || r == utf8.RuneError {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// OneLine is [Clean] for text on a line of its own: white space of any kind becomes one blank, and a long text is cut, see [Short].
func OneLine(s string) string { return strings.Join(strings.Fields(Clean(Short(s))), " ") }

// longest is how many characters of a text people are shown, about one screen.
const longest = 2000

// Short cuts a text of the tenant or a service that is longer than 2,000 characters, and says how many it has. For people only:
// files and JSON hold it whole.
func Short(s string) string {
	n := 0
	for at := range s {
		if n++; n > longest {
			return fmt.Sprintf("%s… (%d characters)", s[:at], utf8.RuneCountInString(s))
		}
	}
	return s
}

// unsafe reports whether r is not to reach people as it is.
func unsafe(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r), r == utf8.RuneError,
		r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, // direction
		r == 0x2028, r == 0x2029, // line and paragraph separators
		r == 0x200b, r >= 0x2060 && r <= 0x2065, r == 0xfeff, r == 0x00ad, r == 0x034f, r == 0x180e, // invisible
		r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, // fillers
		r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return false
}

// Count formats a number of things: "1 row", "3 rows", "2 people".
func Count(n int, noun string) string {
	switch {
	case n == 1:
	case noun == "person":
		noun = "people"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// List joins parts as in a sentence: a, b and c.
func List(parts []string) string {
	if last := len(parts) - 1; last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return strings.Join(parts, ", ")
}
