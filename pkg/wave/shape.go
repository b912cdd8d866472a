package wave

import (
	"fmt"
	"strconv"

	"wave365/pkg/wave/sheet"
)

// shape reports what is wrong with a row before its values can be: quotes, characters, cells too many.
func (r *reading) shape(i int, rec sheet.Record) {
	row := r.file.Rows[i]
	if rec.Broken != nil {
		r.unread[i] = true
		r.broken(rec, row.User, r.file.Canonical)
	}
	if rec.Spoiled != nil {
		r.spoiled(rec, row.User, r.file.Canonical)
	}
	width := len(r.file.Columns)
	if rec.Broken == nil && len(rec.Cells) > width && !sheet.Blank(rec.Cells[width:]) {
		r.unread[i] = true
		last := len(rec.Cells)
		for sheet.Trim(rec.Cells[last-1]) == "" {
			last--
		}
		r.find("csv.syntax", row.Line, "", row.User, rec.Cells[width],
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

func (r *reading) broken(rec sheet.Record, user string, canonical []string) {
	b := rec.Broken
	r.find("csv.syntax", rec.Line, columnOf(b.Cell, canonical), user, "",
		fmt.Sprintf("line %d, character %d: %s", b.Line, b.Column, b.What))
}

func (r *reading) spoiled(rec sheet.Record, user string, canonical []string) {
	s := rec.Spoiled
	message := fmt.Sprintf("line %d, character %d is not %s", s.Line, s.Column, r.file.Dialect.Encoding)
	if r.file.Dialect.Encoding == "utf-8" {
		message += fmt.Sprintf("; if the file is Windows-1252 it is %q", s.What)
	}
	value := ""
	if s.Cell < len(rec.Cells) {
		value = rec.Cells[s.Cell]
	}
	r.find("csv.encoding", rec.Line, columnOf(s.Cell, canonical), user, value, message)
}

func columnOf(cell int, canonical []string) string {
	if cell < len(canonical) {
		return canonical[cell]
	}
	return ""
}
