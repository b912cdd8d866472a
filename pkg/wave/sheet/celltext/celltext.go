// Package celltext handles the text of one cell of a spreadsheet: what surrounds a value and does not belong to it, and what
// a spreadsheet would run as a formula. It does not separate cells.
package celltext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Trim drops the blanks round a cell, those too that come with copying from a chat or a web page.
func Trim(s string) string { return strings.TrimFunc(s, IsBlank) }

// IsBlank reports whether a character shows nothing: white space of any kind, or a character without width.
func IsBlank(r rune) bool { return unicode.IsSpace(r) || Invisible(r) }

// Invisible reports whether a character takes no room of its own: joiners, direction marks, soft hyphens, byte order
// marks, variation selectors, fillers. They come along when text is copied from a chat, a web page or a dialog.
func Invisible(r rune) bool {
	return r == '\u2800' || unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// quotes are the marks that word processors and people put round a value, in pairs of any kind.
const quotes = "'\"`\u2032\u2033\u00B4\u2018\u2019\u201A\u201B\u201C\u201D\u201E\u201F\u2039\u203A«»「」『』〝〞〟＇＂"

// IsQuote reports whether a character is a quotation mark of any kind, or used as one.
func IsQuote(r rune) bool { return strings.ContainsRune(quotes, r) }

// Unquote takes off what stands round a value and does not belong to it: blanks, a pair of quotes of any kind, and the
// apostrophe, or ="…", by which a spreadsheet marks text.
func Unquote(s string) string {
	s = Trim(s)
	if text, ok := strings.CutPrefix(s, `="`); ok && len(text) > 1 && strings.HasSuffix(text, `"`) {
		s = s[1:]
	}
	first, size := utf8.DecodeRuneInString(s)
	last, end := utf8.DecodeLastRuneInString(s)
	switch {
	case len(s) <= size || !IsQuote(first):
		return s
	case IsQuote(last):
		return Trim(s[size : len(s)-end])
	case first == '\'' || first == '\u2019' || first == '＇':
		return Trim(s[size:])
	}
	return s
}

// Blank reports whether all cells are.
func Blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return Trim(c) != "" })
}

// ASCIILower makes the letters of ASCII small. It keeps the offsets, which strings.ToLower does not.
func ASCIILower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
