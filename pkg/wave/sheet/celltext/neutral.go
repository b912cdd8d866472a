package celltext

import "strings"

// Neutral puts an apostrophe before everything that a spreadsheet would run as a formula, for files that people open.
// That is the cell itself, and also what follows a semicolon, a tab or a line break within it: a program whose list
// separator is not the file's begins a new cell there, whatever the quotes. [Denormal] removes exactly those
// apostrophes again, whatever the cell held.
func Neutral(s string) string {
	if !strings.ContainsAny(s, formula) {
		return s
	}
	var b strings.Builder
	for at := 0; at >= 0; {
		if runs(s[at:], at == 0) {
			b.WriteByte('\'')
		}
		next := begin(s, at)
		if next < 0 {
			b.WriteString(s[at:])
		} else {
			b.WriteString(s[at:next])
		}
		at = next
	}
	return b.String()
}

// Denormal undoes [Neutral].
func Denormal(s string) string {
	if !strings.Contains(s, "'") || !strings.ContainsAny(s, formula) {
		return s
	}
	var b strings.Builder
	for at := 0; at >= 0; {
		from := at
		if strings.HasPrefix(s[at:], "'") && runs(s[at+1:], at == 0) {
			from++
		}
		next := begin(s, from)
		if next < 0 {
			b.WriteString(s[from:])
		} else {
			b.WriteString(s[from:next])
		}
		at = next
	}
	return b.String()
}

// formula are the characters that make a cell run, or hide from a reader that it does.
const formula = "=+-@\t\r\n＝＋－＠"

// begin is where, behind from, some program might begin another cell; -1: nowhere. A CR LF is one break.
func begin(s string, from int) int {
	for i := from; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\r' && i+1 < len(s) && s[i+1] == '\n':
		case c == ';' || c == '\t' || c == '\n' || c == '\r':
			return i + 1
		}
	}
	return -1
}

// runs reports whether a spreadsheet might run a cell that begins so. Quotes, apostrophes and blanks before the first
// character that counts are looked through: some programs drop them. That an apostrophe is looked through is also what
// makes the two functions each other's inverse. Where the file begins a cell (first) a tab or line break counts too;
// elsewhere it begins the next one.
func runs(s string, first bool) bool {
	for _, r := range s {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			return true
		case '\t', '\r', '\n':
			return first
		case '\'', '"', '`', '\u2018', '\u2019', '\u201C', '\u201D', '＇', '＂':
		default:
			if !IsBlank(r) {
				return false
			}
		}
	}
	return false
}
