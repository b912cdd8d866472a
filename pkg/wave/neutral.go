package wave

import "strings"

// NeutralCell puts an apostrophe before a cell that a spreadsheet would run as a formula, for files that people open.
// [DenormalCell] takes exactly that apostrophe away again, whatever the cell began with.
func NeutralCell(s string) string {
	if runs(s) {
		return "'" + s
	}
	return s
}

// DenormalCell undoes [NeutralCell].
func DenormalCell(s string) string {
	if strings.HasPrefix(s, "'") && runs(s[1:]) {
		return s[1:]
	}
	return s
}

// runs reports whether a spreadsheet might run the cell. Quotes, apostrophes and blanks before the first character
// that counts are looked through: some programs drop them. That an apostrophe is looked through is also what makes
// the two functions each other's inverse.
func runs(s string) bool {
	for _, r := range s {
		switch r {
		case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
			return true
		case '\'', '"', '`', '\u2018', '\u2019', '\u201C', '\u201D', '＇', '＂':
		default:
			if !isBlank(r) {
				return false
			}
		}
	}
	return false
}
