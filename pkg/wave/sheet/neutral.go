package sheet

import "strings"

// Neutral puts an apostrophe before a cell that a spreadsheet would run as a formula, for files that people open.
// [Denormal] takes exactly that apostrophe away again, whatever the cell began with.
func Neutral(s string) string {
	if runs(s) {
		return "'" + s
	}
	return s
}

// Denormal undoes [Neutral].
func Denormal(s string) string {
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
			if !IsBlank(r) {
				return false
			}
		}
	}
	return false
}
