package wave

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"wave365/pkg/wave/person"
	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
)

// aboveMost is how many lines above the header are told one by one.
const aboveMost = 10

// above tells the lines that stand above the header. The type that Windows PowerShell writes there is skipped.
func (r *reading) above() {
	lines := r.scan.Above
	for i, l := range lines {
		if strings.HasPrefix(strings.ToUpper(strings.TrimLeft(l.Text, `"`)), "#TYPE ") {
			continue
		}
		what := "the line"
		if cell, _, _ := strings.Cut(l.Text, string(r.file.Dialect.Comma)); isCellError(cell) {
			what = "the error of a formula (" + celltext.Unquote(cell) + ")"
		} else if isComment(l.Text) {
			what = "the comment"
		}
		if rest := len(lines) - i; i >= aboveMost && rest > 1 {
			r.find("csv.not-a-header", l.Line, "", "", "", fmt.Sprintf("this line and %d more stand above the header, which is on line %d", rest-1, r.headerLine))
			return
		}
		r.find("csv.not-a-header", l.Line, "", "", l.Text, fmt.Sprintf("%s stands above the header, which is on line %d", what, r.headerLine))
	}
}

// stray says why a record is no row of the table; "" when it is one.
func (r *reading) stray(rec sheet.Record) string {
	cells := rec.Cells
	first, filled := firstFilled(cells)
	switch {
	case filled == 1 && isCellError(first):
		return "the line holds nothing but " + celltext.Unquote(first) + ", the error of a formula in the spreadsheet"
	case isComment(celltext.Trim(cells[0])) && !isCellError(cells[0]), strings.HasPrefix(celltext.Trim(cells[0]), ";"):
		return "the line is a comment, and a wave has none: it would be read as a row"
	case r.isHeader(cells):
		return fmt.Sprintf("the header stands here again; it was on line %d", r.headerLine)
	case !saysSomething(cells):
		if strings.ContainsFunc(first, unicode.IsControl) {
			return fmt.Sprintf("the line holds nothing but control characters (%U), such as the Ctrl-Z by which old tools end a file", []rune(first)[0])
		}
		return "the line is a rule: it has neither letters nor digits"
	case filled == 1 && len(r.file.Columns) >= 3 && noUser(first):
		return "only one cell of the line is filled, as with a title, a note or a total: it is no row"
	case slices.Contains(totals, strings.ToLower(strings.TrimRight(celltext.Unquote(first), ":"))):
		return "the line is a total, not a row"
	case r.describes(cells):
		return "neither the user nor the blob of the line could be one: a total, a heading or a description is no row"
	}
	return ""
}

// firstFilled is the first cell that is not blank, and how many are not.
func firstFilled(cells []string) (first string, filled int) {
	for _, c := range cells {
		if c = celltext.Trim(c); c != "" {
			if filled++; filled == 1 {
				first = c
			}
		}
	}
	return first, filled
}

// saysSomething reports whether a line has a letter or a digit.
func saysSomething(cells []string) bool {
	return strings.ContainsFunc(strings.Join(cells, ""), func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) })
}

// describes reports whether a line speaks of the rows in place of being one: what stands for its user is no name of one, and what
// stands for its blob no path.
func (r *reading) describes(cells []string) bool {
	said := 0
	for i, c := range cells[:min(len(cells), len(r.file.Canonical))] {
		c = celltext.Unquote(c)
		switch r.file.Canonical[i] {
		case colUser:
			if c == "" || !noUser(c) || isCellError(c) || strings.ContainsAny(c, `@＠:\`) {
				return false
			}
			said++
		case colBlob:
			if c == "" || isCellError(c) || strings.ContainsAny(c, `/\.:`) || strings.ContainsFunc(c, person.FullWidth) {
				return false
			}
			said++
		}
	}
	return said == 2
}

// noUser reports whether a cell can be no user.
func noUser(cell string) bool {
	why, _ := person.UserFault(celltext.Unquote(cell))
	return why != ""
}

// totals are the words by which spreadsheets and databases label a last line.
var totals = []string{"total", "totals", "grand total", "sum", "count", "subtotal", "rows", "summe", "gesamt", "anzahl", "zwischensumme", "totale", "somme", "suma", "totaal"}

// isComment reports whether a line begins as comments do elsewhere.
func isComment(s string) bool {
	for _, mark := range []string{"#", "//", "/*", "<!--", "-- ", "REM ", "::", "%"} {
		if len(s) >= len(mark) && strings.EqualFold(s[:len(mark)], mark) {
			return true
		}
	}
	return false
}

// isHeader reports whether a record is a header, this file's or another's: most of its cells are names of columns, and none is
// a user.
func (r *reading) isHeader(cells []string) bool {
	names, filled := 0, 0
	for i, c := range cells {
		if celltext.Trim(c) == "" {
			continue
		}
		filled++
		if canonical(c) != "" {
			names++
		} else if i < len(r.file.Canonical) && r.file.Canonical[i] == colUser && !noUser(c) {
			return false
		}
	}
	return names >= 2 && 2*names > filled
}
