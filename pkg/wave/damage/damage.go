// Package damage finds out what has happened to a cell's text on its way: letters that were read in a wrong code page, lost or
// escaped, and the errors that a spreadsheet shows in place of a value. It does not judge what a cell should hold.
package damage

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"wave365/pkg/wave"
	"wave365/pkg/wave/sheet/celltext"
	"wave365/pkg/wave/sheet/charset"
)

// Of describes what has happened to the letters of a cell; "" for nothing. misread is the wrong code page that the file went
// through; nil: none is seen.
func Of(column, cell string, misread *charset.Misreading) string {
	cell = celltext.Trim(cell)
	plain := wave.Shown(cell)
	if misread != nil {
		if was, ok := misread.Undo(plain); ok {
			return fmt.Sprintf("%q was %q before the file was read in a wrong code page (%s) and saved again: its letters are garbled", plain, was, misread.Page())
		}
	}
	switch {
	case strings.ContainsRune(cell, utf8.RuneError):
		return fmt.Sprintf("letters of %q are lost: U+FFFD stands where a program could not decode them", plain)
	case strings.Contains(cell, "\x1b[") && !free(column):
		return fmt.Sprintf("%+q holds the color codes of a terminal (U+001B): a console's output was saved as it is shown", plain)
	case strings.ContainsFunc(cell, func(c rune) bool { return c >= 0x80 && c <= 0x9F }):
		return fmt.Sprintf("%+q holds control characters in place of letters: the file was read in a wrong code page and saved again", plain)
	case named(column) && escaped(plain) != plain:
		return fmt.Sprintf("%q was %q before a program escaped its letters, as for a web page or an address", plain, escaped(plain))
	case questioned(column, cell):
		return fmt.Sprintf("letters of %q are lost: a question mark stands in place of each that a wrong code page did not have", plain)
	}
	return ""
}

// free reports whether a column may hold any text, control characters too: the name of a policy, of a group or of a department is
// what the tenant says it is, and columns of one's own hold what they like.
func free(column string) bool {
	switch column {
	case "", wave.ColumnUser, wave.ColumnBlob, wave.ColumnGuestState, wave.ColumnLicense:
		return false
	}
	return true
}

// named reports whether a column holds the name of a thing in the tenant.
func named(column string) bool {
	return column == wave.ColumnPolicy || column == wave.ColumnGroup || column == wave.ColumnLicense || column == wave.ColumnDepartment
}

// escaped gives a text without the escapes of web pages (M&uuml;nchen), addresses (M%C3%BCnchen), JSON (M\u00fcnchen) and mails
// (M=C3=BCnchen); as it is when they spell no letter beyond ASCII: what a name holds besides may be its own (Größe=42).
func escaped(s string) string {
	for _, was := range []string{unescapeHTML(s), unescapeURL(s), unescapeJSON(s), unescapeMail(s)} {
		if utf8.ValidString(was) && lettersBeyondASCII(was) > lettersBeyondASCII(s) {
			return was
		}
	}
	return s
}

func lettersBeyondASCII(s string) (n int) {
	for _, c := range s {
		if c >= utf8.RuneSelf && unicode.IsLetter(c) {
			n++
		}
	}
	return n
}

// entity is a character as a program writes it for a web page. Browsers also take some without the semicolon, which
// ordinary names hold: Web&ethics.
var entity = regexp.MustCompile(`&#?[0-9A-Za-z]+;`)

func unescapeHTML(s string) string { return entity.ReplaceAllStringFunc(s, html.UnescapeString) }

func unescapeJSON(s string) string {
	if !strings.Contains(s, `\u`) {
		return s
	}
	var was string
	if json.Unmarshal([]byte(`"`+strings.ReplaceAll(s, `"`, `\"`)+`"`), &was) != nil {
		return s
	}
	return was
}

// questioned reports whether question marks stand for letters: within or before a word, or alone for a whole word of
// another script. What is a link, or asks something, is none of that.
func questioned(column, cell string) bool {
	if column == wave.ColumnBlob || column == wave.ColumnGuestState {
		// A question mark begins the query, which is a signature; what is none is part of the name.
		_, query, ok := strings.Cut(cell, "?")
		return ok && !strings.Contains(query, "=") && !CellError(cell)
	}
	for _, word := range strings.FieldsFunc(cell, celltext.IsBlank) {
		if strings.ContainsAny(word, "=&/:") || !strings.Contains(word, "?") {
			continue
		}
		if strings.Trim(word, "?") == "" && len(word) > 1 || lostLetter(word) {
			return true
		}
	}
	return false
}

// lostLetter reports whether a question mark of a word stands where a letter was: before another one, and within or at the
// beginning.
func lostLetter(word string) bool {
	before := ' '
	for rest := word; rest != ""; {
		c, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		if c != '?' {
			before = c
			continue
		}
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, "?"))
		if unicode.IsLetter(next) && (unicode.IsLetter(before) || unicode.IsLower(next) || before == ' ') {
			return true
		}
	}
	return false
}

// sign reports whether a sign that no word holds stands between two letters.
func sign(cell string) bool {
	var before, sign rune
	for _, c := range cell {
		switch {
		case unicode.IsLetter(c) || unicode.IsMark(c):
			if sign != 0 {
				return true
			}
			before = c
		case before != 0 && sign == 0 && c >= 0x80 && inNoWord(c):
			sign = c
		default:
			before, sign = 0, 0
		}
	}
	return false
}

func inNoWord(c rune) bool {
	return c >= 0x2500 && c <= 0x259F || strings.ContainsRune("¼½¾¹²³¬¦§¶±÷¤¢£¥¨¸¯¡¿„“”«»†‡‰√∞≈∂∑∏∫◊", c)
}

func unescapeURL(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// unescapeMail undoes quoted-printable.
func unescapeMail(s string) string {
	if plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(s))); err == nil && strings.Contains(s, "=") {
		return string(plain)
	}
	return s
}

// CellError reports whether a cell holds what a spreadsheet shows in place of a value: the error of a formula in any language
// (#N/A, #REF!, #NAME?, #NV, #WERT!, #¡VALOR!), or a column that was too narrow for its numbers (####).
func CellError(cell string) bool {
	name, ok := strings.CutPrefix(celltext.Unquote(cell), "#")
	switch {
	case !ok || name == "":
		return false
	case strings.Trim(name, "#") == "":
		return len(name) >= 2
	case strings.ContainsFunc(name, func(c rune) bool { return celltext.IsBlank(c) || unicode.IsLower(c) }):
		return false
	}
	switch name {
	case "N/A", "NV", "N/D", "N/B", "N/V", "Н/Д", "GETTING_DATA":
		return true
	}
	return strings.HasSuffix(name, "!") || strings.HasSuffix(name, "?")
}
