// Package sheet is a table as spreadsheets save it as text: encodings, separators, line ends, quotes, and what they would
// run as a formula. It gives records with their physical lines and goes on behind broken ones. It is not for what the
// columns mean.
package sheet

import (
	"strings"
	"unicode"
)

// Trim drops the blanks round a cell, those too that come with copying from a chat or a web page.
func Trim(s string) string { return strings.TrimFunc(s, IsBlank) }

// IsBlank reports whether a character shows nothing: white space of any kind, or of no width.
func IsBlank(r rune) bool {
	switch r {
	case '\u200B', '\u200C', '\u200D', '\u2060', '\uFEFF':
		return true
	}
	return unicode.IsSpace(r)
}

// Blank reports whether all cells are.
func Blank(cells []string) bool {
	for _, c := range cells {
		if Trim(c) != "" {
			return false
		}
	}
	return true
}
