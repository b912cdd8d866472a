package reading

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"wave365/pkg/wave"
	"wave365/pkg/wave/rules"
	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
	"wave365/pkg/wave/sheet/charset"
)

// shape reports what is wrong with a row before its values can be: quotes, characters, cells too many, a line that is no
// row. It answers false for one whose cells say nothing.
func (r *reading) shape(i int, rec sheet.Record) bool {
	row := r.file.Rows[i]
	if rec.Oversized {
		r.unread[i] = true
		return false
	}
	if rec.Broken != nil {
		r.unread[i] = true
		r.broken(rec, row.User, r.file.Canonical)
	}
	if rec.Spoiled != nil {
		r.spoiled(rec, row.User, r.file.Canonical)
	}
	width := len(r.file.Columns)
	if other := r.otherComma(rec); other != 0 {
		r.unread[i] = true
		r.file.Rows[i].User = "" // it is the whole row, and nobody's name
		r.findings = append(r.findings, wholeLine(row.Line, "", fmt.Sprintf("the whole row is in one cell: its cells are separated by %s, those of the header by %s", commaName(other), commaName(r.file.Dialect.Comma))))
		return false
	}
	if rec.Broken == nil && len(r.present) > 0 { // else no line can be told from a row
		if why := rules.NotARow(rec.Cells, r.file.Canonical, r.headerLine); why != "" {
			r.unread[i] = true
			r.file.Rows[i] = wave.Row{Line: row.Line, Index: row.Index, Cells: row.Cells}
			if rec.Spoiled == nil { // else its bytes have been told
				r.find("csv.not-a-header", row.Line, "", "", strings.TrimRight(strings.Join(row.Cells, string(r.file.Dialect.Comma)), string(r.file.Dialect.Comma)), why)
			}
			return false
		}
	}
	if rec.Broken == nil && rec.Extra > width {
		r.unread[i] = true
		r.find("csv.syntax", row.Line, "", row.User, rec.Cells[width],
			fmt.Sprintf("the row has %d cells and the header %d: a cell that holds %s must be in quotes (\"), not in typographic ones", rec.Extra, width, commaName(r.file.Dialect.Comma)))
	}
	return true
}

// otherComma gives the separator of a row that stands in one cell because it has another one than the file; else 0.
func (r *reading) otherComma(rec sheet.Record) rune {
	if rec.Broken != nil || len(rec.Cells) == 0 || len(r.file.Columns) < 3 || !celltext.Blank(rec.Cells[1:]) {
		return 0
	}
	for _, comma := range ",;\t" {
		if strings.Count(rec.Cells[0], string(comma)) >= 2 {
			return comma
		}
	}
	return 0
}

// wholeLine is the finding for a line that stands in one cell.
func wholeLine(line int, value, message string) wave.Finding {
	f := wave.NewFinding("csv.syntax", line, "", "", value, message)
	f.Hint = "split it into columns in the spreadsheet (Data > Text to Columns) and save it again, or fix the line in a text editor"
	return f
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
		at(rec.Line, b.Line, b.Column)+": "+b.What)
}

func (r *reading) spoiled(rec sheet.Record, user string, canonical []string) {
	s := rec.Spoiled
	message := at(rec.Line, s.Line, s.Column)
	switch {
	case s.What == string(charset.Zero):
		message += " is a zero byte: the file is damaged there, or was not written whole"
	case s.What == string(utf8.RuneError):
		message += " is not " + r.file.Dialect.Encoding
	default:
		message += " is not " + r.file.Dialect.Encoding + fmt.Sprintf("; if the file is Windows-1252 it is %q", s.What)
	}
	value := ""
	if s.Cell < len(rec.Cells) {
		value = rec.Cells[s.Cell]
	}
	r.find("csv.encoding", rec.Line, columnOf(s.Cell, canonical), user, value, message)
}

// at names a place in a record that begins on line start; the line only when it is another one.
func at(start, line, character int) string {
	if line == start {
		return fmt.Sprintf("character %d", character)
	}
	return fmt.Sprintf("line %d, character %d", line, character)
}

func columnOf(cell int, canonical []string) string {
	if cell < len(canonical) {
		return canonical[cell]
	}
	return ""
}
