package wave

import (
	"encoding/csv"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"
)

// maxRestarts bounds how often reading starts again behind a quote that is never closed: each time costs a scan to the
// end of the file.
const maxRestarts = 50

// record is one record of the file, good or broken.
type record struct {
	cells []string
	// line is the physical line it starts on.
	line int
	// broken says what is wrong with its quotes and where; nil for a good one. cells then holds those before it.
	broken *flaw
	// spoiled is the first character that could not be decoded; nil for none.
	spoiled *flaw
}

// flaw is a place in the file. line and column count from 1, column in characters.
type flaw struct {
	line, column int
	// cell is the index of the cell, what the message about it.
	cell int
	what string
}

// scanner reads records and goes on behind broken ones.
type scanner struct {
	text  string
	comma rune
	// starts holds the offset of each line of text; skipped is how many lines of the file lie before text.
	starts  []int
	skipped int
	spoiled []int

	reader   *csv.Reader
	first    int // index of the line at which reader started
	end      int // offset behind the last record
	restarts int
}

func newScanner(text string, comma rune, skipped int, spoiled []int) *scanner {
	s := &scanner{text: text, comma: comma, skipped: skipped, spoiled: spoiled, starts: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.starts = append(s.starts, i+1)
		}
	}
	s.startAt(0)
	return s
}

// startAt begins reading at a line, counted from 0.
func (s *scanner) startAt(line int) {
	s.first, s.end = line, s.starts[line]
	s.reader = csv.NewReader(strings.NewReader(s.text[s.end:]))
	s.reader.Comma = s.comma
	s.reader.FieldsPerRecord = -1
}

// next gives the next record; false at the end of the file.
func (s *scanner) next() (record, bool) {
	from := s.end
	cells, err := s.reader.Read()
	if errors.Is(err, io.EOF) {
		return record{}, false
	}
	s.end = s.starts[s.first] + int(s.reader.InputOffset())
	r := record{cells: cells, spoiled: s.spoiledIn(from, s.end, len(cells))}
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		r.line = s.first + parse.StartLine + s.skipped
		r.broken = s.judge(parse, len(cells))
		return r, true
	}
	line, _ := s.reader.FieldPos(0)
	r.line = s.first + line + s.skipped
	return r, true
}

// judge finds the quote that is to blame and sees to it that reading goes on with the next record.
func (s *scanner) judge(e *csv.ParseError, cells int) *flaw {
	if errors.Is(e.Err, csv.ErrBareQuote) {
		return s.flawAt(s.offset(e.Line, e.Column), cells, "a quote stands in the middle of a cell that does not begin with one")
	}
	wrong, open := s.offset(e.Line, e.Column), s.openQuote(s.offset(e.StartLine, 1), cells)
	atEnd := wrong >= len(s.text)
	// A closing quote that stands where cells begin is the opening one of another row.
	if !atEnd && (s.lineOf(open) == s.lineOf(wrong) || !s.beginsCell(wrong)) {
		return s.flawAt(wrong, cells, "a quote within a quoted cell is not doubled")
	}
	f := s.flawAt(open, cells, "a quote is opened and never closed")
	next := s.lineOf(open) + 1
	if s.restarts++; s.restarts > maxRestarts {
		f.what += "; the rest of the file was not read, since it has too many of these"
		s.reader = csv.NewReader(strings.NewReader(""))
		return f
	}
	if next < len(s.starts) {
		s.startAt(next)
	}
	return f
}

// offset turns a position of the reader into an offset in text.
func (s *scanner) offset(line, column int) int {
	line += s.first - 1
	if line >= len(s.starts) {
		return len(s.text)
	}
	return min(s.starts[line]+column-1, len(s.text))
}

// openQuote is where the cell with the index begins, in the record that starts at the offset.
func (s *scanner) openQuote(at, cell int) int {
	comma := string(s.comma)
	for range cell {
		if s.text[at] == '"' {
			for at++; at < len(s.text) && (s.text[at] != '"' || strings.HasPrefix(s.text[at:], `""`)); at++ {
				if s.text[at] == '"' {
					at++
				}
			}
		}
		i := strings.Index(s.text[at:], comma)
		if i < 0 {
			return at
		}
		at += i + len(comma)
	}
	return at
}

func (s *scanner) beginsCell(at int) bool {
	return at == 0 || s.text[at-1] == '\n' || strings.HasSuffix(s.text[:at], string(s.comma))
}

func (s *scanner) lineOf(at int) int { return sort.SearchInts(s.starts, at+1) - 1 }

func (s *scanner) flawAt(at, cell int, what string) *flaw {
	line := s.lineOf(at)
	return &flaw{line: line + 1 + s.skipped, column: utf8.RuneCountInString(s.text[s.starts[line]:at]) + 1, cell: cell, what: what}
}

// spoiledIn gives the first character between two offsets that could not be decoded.
func (s *scanner) spoiledIn(from, to, cells int) *flaw {
	i := sort.SearchInts(s.spoiled, from)
	if i == len(s.spoiled) || s.spoiled[i] >= to {
		return nil
	}
	cell := 0
	for ; cell+1 < cells; cell++ {
		if line, column := s.reader.FieldPos(cell + 1); s.offset(line, column) > s.spoiled[i] {
			break
		}
	}
	r, _ := utf8.DecodeRuneInString(s.text[s.spoiled[i]:])
	return s.flawAt(s.spoiled[i], cell, string(r))
}
