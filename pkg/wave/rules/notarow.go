package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"wave365/pkg/wave"
	"wave365/pkg/wave/damage"
	"wave365/pkg/wave/lookalike"
	"wave365/pkg/wave/person"
	"wave365/pkg/wave/sheet/celltext"
)

// NotARow returns why a record is not a row of the table; "" when it is one. columns are the canonical names of the header, which stands
// on headerLine.
func NotARow(cells, columns []string, headerLine int) string {
	first, filled := firstFilled(cells)
	switch {
	case filled == 1 && damage.CellError(first):
		return "the line holds nothing but " + celltext.Unquote(first) + ", the error of a formula in the spreadsheet"
	case beginsAsComment(cells[0]) && !begunByName(cells, columns):
		why := "the line is a comment, and a wave has none: it would be read as a row"
		if namesUser(cells, columns) && columns[0] != wave.ColumnUser {
			why += "; if it is one, move its first column behind the user's"
		}
		return why
	case isHeader(cells, columns):
		return fmt.Sprintf("the header is repeated here; it was on line %d", headerLine)
	case !saysSomething(cells):
		if strings.ContainsFunc(first, unicode.IsControl) {
			return fmt.Sprintf("the line holds nothing but control characters (%U), such as the Ctrl-Z by which old tools end a file", []rune(first)[0])
		}
		return "the line is a rule: it has neither letters nor digits"
	case filled == 1 && len(columns) >= 3 && noUser(first):
		return "only one cell of the line is filled, as with a title, a note or a total: it is not a row"
	case !namesUser(cells, columns) && slices.Contains(totals, strings.ToLower(strings.TrimRight(celltext.Unquote(first), ":"))):
		return "the line is a total, not a row"
	case describes(cells, columns):
		return "neither the user nor the blob of the line could be one: a total, a heading or a description is not a row"
	}
	return ""
}

// beginsAsComment reports whether a line's first cell begins as comments do, or as one does in an old configuration file.
func beginsAsComment(cell string) bool {
	return IsComment(celltext.Trim(cell)) && !damage.CellError(cell) || strings.HasPrefix(celltext.Trim(cell), ";")
}

// begunByName reports whether a row begins with the name of a policy, group or license, and names a user further on: whatever the
// name begins with is its own, since a row is refused whose names the tenant does not have.
func begunByName(cells, columns []string) bool {
	switch columns[0] {
	case wave.ColumnPolicy, wave.ColumnGroup, wave.ColumnLicense:
		return namesUser(cells, columns)
	}
	return false
}

// namesUser reports whether the cell of the user could be one.
func namesUser(cells, columns []string) bool {
	at := slices.Index(columns, wave.ColumnUser)
	return at >= 0 && at < len(cells) && celltext.Trim(cells[at]) != "" && !noUser(cells[at])
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
func describes(cells, columns []string) bool {
	said := 0
	for i, c := range cells[:min(len(cells), len(columns))] {
		c = celltext.Unquote(c)
		switch columns[i] {
		case wave.ColumnUser:
			if c == "" || !noUser(c) || damage.CellError(c) || strings.ContainsAny(c, `@＠:\`) {
				return false
			}
			said++
		case wave.ColumnBlob:
			if c == "" || damage.CellError(c) || strings.ContainsAny(c, `/\.:`) || strings.ContainsFunc(c, lookalike.FullWidth) {
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

// IsComment reports whether a line begins as comments do elsewhere.
func IsComment(s string) bool {
	for _, mark := range []string{"#", "//", "/*", "<!--", "-- ", "REM ", "::", "%"} {
		if len(s) >= len(mark) && strings.EqualFold(s[:len(mark)], mark) {
			return true
		}
	}
	return false
}

// isHeader reports whether a record is a header, this file's or another's: most of its cells are names of columns, and none is
// a user.
func isHeader(cells, columns []string) bool {
	names, filled := 0, 0
	for i, c := range cells {
		if celltext.Trim(c) == "" {
			continue
		}
		filled++
		if wave.Canonical(c) != "" {
			names++
		} else if i < len(columns) && columns[i] == wave.ColumnUser && !noUser(c) {
			return false
		}
	}
	return names >= 2 && 2*names > filled
}
