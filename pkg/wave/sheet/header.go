package sheet

import (
	"strings"
	"unicode/utf8"

	"wave365/pkg/wave/sheet/celltext"
)

const (
	// headerWithin is among how many lines from the top, blank ones not counted, the header is looked for.
	headerWithin = 50
	// namesOfHeader is how many known names make a record the header although others stand above it.
	namesOfHeader = 2
	// maxHeader is how many bytes of a line are looked at for that, maxAbove how many of the file when no line has two names.
	maxHeader, maxAbove = 64 << 10, 1 << 20
)

// LineAbove is a line above the header that is not blank.
type LineAbove struct {
	Line int
	Text string
}

// findHeader gives where the header begins in text and which of commas separates its cells. The header is the first line with two
// known names, since exports put titles, comments and types above it; without such a line it is the first record that is not blank.
func findHeader(text, commas string, known func(string) bool) (at int, comma rune) {
	for line := 0; line < headerWithin && at < len(text); {
		record := text[at:min(len(text), at+maxHeader)]
		record = record[:recordEnd(record)]
		if Names(record) {
			line++
		}
		if comma, n := detectComma(record, commas, known); n >= namesOfHeader {
			return at, comma
		}
		next := strings.IndexByte(text[at:], '\n')
		if next < 0 {
			break
		}
		at += next + 1
	}
	comma, _ = detectComma(firstRecord(text[:min(len(text), maxAbove)]), commas, known)
	return 0, comma
}

// detectComma chooses the separator that splits a record into the most known columns, or into the most cells when
// none is known, and gives how many known columns those are. Separators within quotes do not count.
func detectComma(record, commas string, known func(string) bool) (comma rune, most int) {
	comma, _ = utf8.DecodeRuneInString(commas)
	mostCells := 0
	for _, c := range commas {
		cells := splitHeader(record, c)
		n := 0
		for _, cell := range cells {
			if known(cell) {
				n++
			}
		}
		if n > most || n == most && len(cells) > mostCells {
			comma, most, mostCells = c, n, len(cells)
		}
	}
	return comma, most
}

// firstRecord is the first record that is not blank, quoted line breaks included.
func firstRecord(text string) string {
	for text != "" {
		end := recordEnd(text)
		if Names(text[:end]) {
			return text[:end]
		}
		text = text[end:]
	}
	return ""
}

// Names reports whether a record has anything in it that could name a column, whatever separates them.
func Names(record string) bool {
	return strings.ContainsFunc(record, func(r rune) bool { return !celltext.IsBlank(r) && !strings.ContainsRune(separators+"\"", r) })
}

// recordEnd is where the first record of text ends, behind its line break.
func recordEnd(text string) int {
	quoted := false
	for i := range len(text) {
		switch text[i] {
		case '"':
			quoted = !quoted
		case '\n':
			if !quoted {
				return i + 1
			}
		}
	}
	return len(text)
}

func splitHeader(record string, comma rune) []string {
	quoted := false
	var cells []string
	start := 0
	for i, r := range record {
		if r == '"' {
			quoted = !quoted
		}
		if r == comma && !quoted {
			cells = append(cells, record[start:i])
			start = i + len(string(comma))
		}
	}
	cells = append(cells, record[start:])
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, `"`, "")
	}
	return cells
}
