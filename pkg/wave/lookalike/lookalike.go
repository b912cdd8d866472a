// Package lookalike finds characters that stand in place of those that were meant: what word processors, chats and PDF files
// set for typed characters, full-width forms, letters of another script that look alike, and the dots of a console that cut
// a value off.
package lookalike

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Char is a character that stands in place of another.
type Char struct {
	// Rune is the character, Plain what it stands for, What describes it: "a typographic apostrophe".
	Rune        rune
	Plain, What string
	// Before is the text in front of it.
	Before string
}

// In is a sentence about the character: what it is, in what it stands, and where.
func (c Char) In(what string) string {
	place := "at its beginning"
	if c.Before != "" {
		place = fmt.Sprintf("after %q", c.Before)
	}
	return fmt.Sprintf("%q (%U), %s, is in %s in place of %s, %s, as in text from a word processor, chat or PDF file", string(c.Rune), c.Rune, c.What, what, c.Plain, place)
}

// CutOff describes what has happened to a text that [Cut] takes the end of, and Whole how to get the rest.
const (
	CutOff = "a console or a table has cut it off where its column ended"
	Whole  = "in PowerShell, Export-Csv writes values whole, and Format-Table does not"
)

// Find gives the first such character of a text; false: there is none.
func Find(s string) (first Char, found bool) {
	scan(s, func(at int, r rune, plain, what string) {
		if plain != "" && !found {
			first, found = Char{r, plain, what, s[:at]}, true
		}
	})
	return first, found
}

// Plain gives a text with what was meant in place of each such character.
func Plain(s string) string {
	var b strings.Builder
	scan(s, func(_ int, r rune, plain, _ string) {
		if plain == "" {
			b.WriteRune(r)
		}
		b.WriteString(plain)
	})
	return b.String()
}

// Cut gives what is left of a text that a console or a table cut off where its column ended; false: it was not.
func Cut(s string) (left string, cut bool) {
	for _, dots := range []string{"…", "..."} {
		if left, cut = strings.CutSuffix(s, dots); cut {
			return left, true
		}
	}
	return s, false
}

// scan calls f with each character, where it begins, and what it stands for; plain is "" where it stands for itself.
func scan(s string, f func(at int, r rune, plain, what string)) {
	mixed, spelled := strings.ContainsFunc(s, latin), strings.ContainsFunc(s, ownLetter)
	for at := 0; at < len(s); {
		word := s[at:]
		if end := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }); end == 0 {
			_, size := utf8.DecodeRuneInString(word)
			word = word[:size]
		} else if end > 0 {
			word = word[:end]
		}
		// A word of such letters alone may be of their script where the text has others of that script.
		foreign := mixed && (strings.ContainsFunc(word, latin) || !spelled && !strings.ContainsFunc(word, func(r rune) bool { return letters[r] == 0 }))
		for i, r := range word {
			plain, what := set(r)
			if l := letters[r]; l != 0 && foreign {
				plain, what = string(l), "a "+script(r)+" letter"
			}
			f(at+i, r, plain, what)
		}
		at += len(word)
	}
}

// latin reports whether a character is a letter of ASCII.
func latin(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }

// ownLetter reports whether a character is a Cyrillic or Greek letter that looks like none of ASCII.
func ownLetter(r rune) bool { return unicode.In(r, unicode.Cyrillic, unicode.Greek) && letters[r] == 0 }

// set gives what a character was set for; "" when it is not such a one.
func set(r rune) (plain, what string) {
	if r < utf8.RuneSelf || unicode.IsSpace(r) {
		return "", ""
	}
	switch {
	case strings.ContainsRune("\u2018\u2019\u201B\u2032\u00B4\u02B9\u02BC\uA78C", r):
		return "'", "a typographic apostrophe"
	case strings.ContainsRune("\u201C\u201D\u201E\u201F\u2033", r):
		return `"`, "a typographic quotation mark"
	case r == '\u2011':
		return "-", "a non-breaking hyphen"
	case r != '\u30FC' && unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '\u2043':
		return "-", "a dash as word processors set it"
	case r == '\u2026':
		return "...", "three dots in one character"
	case r == '\u2044' || r == '\u2215':
		return "/", "a fraction slash"
	case r == '\u3002' || r == '\uFF61':
		return ".", "an East Asian full stop"
	}
	folded := norm.NFKC.String(string(r))
	if strings.ContainsFunc(folded, func(r rune) bool { return r >= utf8.RuneSelf || r == ' ' }) {
		return "", ""
	}
	if FullWidth(r) {
		return folded, "a full-width character"
	}
	return folded, "a special form of it"
}

// FullWidth reports whether a character is a letter or sign of ASCII in the width of East Asian ones.
func FullWidth(r rune) bool { return r >= '\uFF01' && r <= '\uFF5E' }

// letters are the letters of other scripts that look like one of ASCII.
var letters = pairs("аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwАAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXԌGԜWαaοoνvρpιiΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX")

func pairs(s string) map[rune]rune {
	m, runes := map[rune]rune{}, []rune(s)
	for i := 0; i < len(runes); i += 2 {
		m[runes[i]] = runes[i+1]
	}
	return m
}

func script(r rune) string {
	if unicode.Is(unicode.Greek, r) {
		return "Greek"
	}
	return "Cyrillic"
}
