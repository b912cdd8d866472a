package wave

import (
	"fmt"
	"strconv"
)

// shape reports what is wrong with a row before its values can be: quotes, characters, cells too many.
func (r *reading) shape(i int, rec record) {
	row := r.file.Rows[i]
	if rec.broken != nil {
		r.unread[i] = true
		r.broken(rec, row.User, r.file.Canonical)
	}
	if rec.spoiled != nil {
		r.spoiled(rec, row.User, r.file.Canonical)
	}
	width := len(r.file.Columns)
	if rec.broken == nil && len(rec.cells) > width && !blank(rec.cells[width:]) {
		r.unread[i] = true
		last := len(rec.cells)
		for trim(rec.cells[last-1]) == "" {
			last--
		}
		r.find("csv.syntax", row.Line, "", row.User, rec.cells[width],
			fmt.Sprintf("the row has %d cells and the header %d: a cell that holds %s must be in quotes", last, width, commaName(r.file.Dialect.Comma)))
	}
}

func commaName(r rune) string {
	switch r {
	case ',':
		return "a comma"
	case ';':
		return "a semicolon"
	case '\t':
		return "a tab"
	}
	return strconv.QuoteRune(r)
}

func (r *reading) broken(rec record, user string, canonical []string) {
	b := rec.broken
	r.find("csv.syntax", rec.line, columnOf(b.cell, canonical), user, "",
		fmt.Sprintf("line %d, character %d: %s", b.line, b.column, b.what))
}

func (r *reading) spoiled(rec record, user string, canonical []string) {
	s := rec.spoiled
	message := fmt.Sprintf("line %d, character %d is not %s", s.line, s.column, r.file.Dialect.Encoding)
	if r.file.Dialect.Encoding == "utf-8" {
		message += fmt.Sprintf("; if the file is Windows-1252 it is %q", s.what)
	}
	value := ""
	if s.cell < len(rec.cells) {
		value = rec.cells[s.cell]
	}
	r.find("csv.encoding", rec.line, columnOf(s.cell, canonical), user, value, message)
}

func columnOf(cell int, canonical []string) string {
	if cell < len(canonical) {
		return canonical[cell]
	}
	return ""
}
