package wave

import (
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
)

// cellAt is a cell of the file: the index of its row, and its canonical column.
type cellAt struct {
	row    int
	column string
}

// letters finds a row whose text has become other text on its way: one finding, of the first cell that matters. What such
// cells hold is dropped, so that nobody looks for it in the tenant.
func (r *reading) letters(i int, rec sheet.Record) {
	if rec.Spoiled != nil {
		return // its bytes are no text: that has been said
	}
	row := &r.file.Rows[i]
	var told *Finding
	for k, cell := range rec.Cells[:min(len(rec.Cells), len(r.file.Canonical))] {
		column := r.file.Canonical[k]
		why := r.garbled(column, cell)
		if why == "" {
			continue
		}
		f := NewFinding("csv.garbled-text", row.Line, column, row.User, RedactSAS(cell), why)
		if column == "" {
			f.Column = r.file.Columns[k]
		}
		if carriedText(column) && !strings.ContainsRune(cell, utf8.RuneError) {
			f.Severity = Warning
		}
		if told == nil || told.Severity == Warning && f.Severity == Error {
			told = &f
		}
		if column != "" {
			r.lost[cellAt{i, column}] = true
		}
	}
	if told == nil {
		r.signs(row, rec)
		return
	}
	r.findings = append(r.findings, *told)
	for _, column := range r.file.Canonical {
		if r.lost[cellAt{i, column}] {
			row.drop(column)
		}
	}
}

// signs warns of the first cell with a sign in the middle of a word, as a letter becomes that is read in a wrong code page.
func (r *reading) signs(row *Row, rec sheet.Record) {
	for k, cell := range rec.Cells[:min(len(rec.Cells), len(r.file.Canonical))] {
		if plain := brief(RedactSAS(celltext.Trim(cell))); mangled(plain) {
			f := NewFinding("csv.garbled-text", row.Line, r.file.Canonical[k], row.User, plain, fmt.Sprintf("%q has a sign in the middle of a word, as a letter becomes that is read in a wrong code page", plain))
			f.Severity = Warning
			r.findings = append(r.findings, f)
			return
		}
	}
}

// carriedText reports whether a column is only carried along: what stands there is free text.
func carriedText(column string) bool { return column == "" || column == colNotes }

// drop empties a field by which something is looked up.
func (r *Row) drop(column string) {
	switch column {
	case colUser:
		r.User = ""
	case colBlob:
		r.Blob = ""
	case colPolicy:
		r.Policy = ""
	case colGuestState:
		r.GuestStateBlob = ""
	case colLicense:
		r.License = ""
	case colGroup:
		r.Group = ""
	}
}

// garbled says what has happened to the letters of a cell; "" for nothing.
func (r *reading) garbled(column, cell string) string {
	cell = celltext.Trim(cell)
	plain := brief(RedactSAS(cell))
	if r.scan.Misread != nil {
		if was, ok := r.scan.Misread.Undo(plain); ok {
			return fmt.Sprintf("%q was %q before the file was read in a wrong code page (%s) and saved again: its letters are garbled", plain, was, r.scan.Misread.Page())
		}
	}
	switch {
	case strings.ContainsRune(cell, utf8.RuneError):
		return fmt.Sprintf("letters of %q are lost: U+FFFD stands where a program could not decode them", plain)
	case strings.ContainsFunc(cell, func(c rune) bool { return c >= 0x80 && c <= 0x9F }):
		return fmt.Sprintf("%+q holds control characters in place of letters: the file was read in a wrong code page and saved again", plain)
	case named(column) && escaped(plain) != plain:
		return fmt.Sprintf("%q was %q before a program escaped its letters, as for a web page or an address", plain, escaped(plain))
	case questioned(column, cell):
		return fmt.Sprintf("letters of %q are lost: a question mark stands in place of each that a wrong code page did not have", plain)
	}
	return ""
}

// named reports whether a column holds the name of a thing in the tenant.
func named(column string) bool {
	return column == colPolicy || column == colGroup || column == colLicense || column == colDepartment
}

// escaped gives a text without the escapes of web pages (M&uuml;nchen), addresses (M%C3%BCnchen) and JSON (M\u00fcnchen); as it is
// when they spell no letter beyond ASCII.
func escaped(s string) string {
	for _, was := range []string{html.UnescapeString(s), unescape(s), unescapeJSON(s)} {
		if was != s && utf8.ValidString(was) && strings.ContainsFunc(was, func(c rune) bool { return c >= utf8.RuneSelf && unicode.IsLetter(c) }) {
			return was
		}
	}
	return s
}

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
	if column == colBlob || column == colGuestState {
		// A question mark begins the query, which is a signature; what is none is part of the name.
		_, query, ok := strings.Cut(cell, "?")
		return ok && !strings.Contains(query, "=")
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

// mangled reports whether a sign that no word holds stands between two letters.
func mangled(cell string) bool {
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
