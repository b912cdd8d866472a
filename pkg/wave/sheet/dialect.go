package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Dialect is how a file was written.
type Dialect struct {
	// Encoding is "utf-8", "utf-16le" or "utf-16be".
	Encoding string
	// Comma separates the cells: ',', ';', a tab, or what a "sep=" line names.
	Comma rune
}

// separators that are looked for, the most likely first.
const separators = ",;\t"

// sepLine reads a first line "sep=;", which tells a spreadsheet how to split, and gives the text after it. comma is 0
// when the line names no usable separator; ok is false when there is no such line.
func sepLine(text string) (comma rune, rest string, ok bool) {
	line, rest, _ := strings.Cut(text, "\n")
	// LibreOffice quotes it like any other cell, and a spreadsheet fills the line up with separators.
	if quotes := strings.Count(line, `"`); quotes == 2 && line[0] == '"' {
		line = strings.ReplaceAll(line, `"`, "")
	}
	line = strings.TrimRight(line, " ")
	if len(line) < 4 || !strings.EqualFold(line[:4], "sep=") {
		return 0, text, false
	}
	named := line[4:]
	if named == "" {
		return 0, rest, true
	}
	comma, _ = utf8.DecodeRuneInString(named)
	if strings.Trim(named, string(comma)) != "" || !canSeparate(comma) {
		return 0, text, false
	}
	return comma, rest, true
}

func canSeparate(r rune) bool {
	return r == '\t' || r != utf8.RuneError && r != '"' && (unicode.IsPunct(r) || unicode.IsSymbol(r))
}
