package sheet

import (
	"encoding/csv"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"wave365/pkg/wave/sheet/celltext"
	"wave365/pkg/wave/sheet/charset"
)

// maxRestarts bounds how often reading starts again behind a quote that is never closed: each time costs a scan of
// [maxRecord].
const maxRestarts = 50

// maxRecord is how many bytes a record has at most. A quote that is not closed within them is taken for one that never is.
const maxRecord = 16 << 20

// window lets no more of a text be read than up to its end.
type window struct {
	text    string
	at, end int
}

// Read implements [io.Reader].
func (w *window) Read(b []byte) (int, error) {
	if w.at >= w.end {
		return 0, io.EOF
	}
	n := copy(b, w.text[w.at:w.end])
	w.at += n
	return n, nil
}

// Record is one record of the file, good or broken.
type Record struct {
	// Cells are as the file has them, without their quotes; line breaks within are LF.
	Cells []string
	// Line is the physical line it starts on.
	Line int
	// Broken is what is wrong with its quotes and where; nil for a good one. Cells then holds those before it.
	Broken *Flaw
	// Spoiled is the first character that could not be decoded, What its best guess; nil for none.
	Spoiled *Flaw
	// For callers: Oversized, cells that were too large are left out; Extra, how many cells there are
	// when some are left out that lie beyond the columns.
	Oversized bool
	Extra     int
}

// Flaw is a place in the file. Line and Column count from 1, Column in characters.
type Flaw struct {
	Line, Column int
	// Cell is the index of the cell.
	Cell int
	What string
}

// Reader returns the records of a file one after the other. It is not safe for concurrent use.
type Reader struct {
	// Dialect is how the file was written.
	Dialect Dialect
	// Above are the lines above the header that are not blank, in their order.
	Above []LineAbove
	// Misread is the wrong code page that the text went through; nil: none is seen.
	Misread *charset.Misreading

	text  string
	comma rune
	// starts holds the offset of each line of text; skipped is how many lines of the file lie before text.
	starts  []int
	skipped int
	spoiled []int

	csv      *csv.Reader
	window   *window
	first    int // index of the line at which csv started
	end      int // offset behind the last record
	restarts int
}

// Open decodes a file and finds out how it was written. known reports whether a cell of the first record is the name of
// a column: it helps to detect the separator. Without a Reader, why describes what the file is instead of text.
func Open(data []byte, known func(cell string) bool) (r *Reader, why string) {
	src, why := charset.Decode(data)
	if why != "" {
		return nil, why
	}
	comma, body, named := sepLine(src.Text)
	commas := separators
	if comma != 0 {
		commas = string(comma)
	}
	header, comma := findHeader(body, commas, known)
	r = &Reader{Dialect: Dialect{Encoding: src.Encoding, Comma: comma}, text: body, comma: comma, starts: []int{0}}
	if named {
		r.skipped = 1
	}
	cut := len(src.Text) - len(body)
	for _, at := range src.Spoiled {
		if at >= cut {
			r.spoiled = append(r.spoiled, at-cut)
		}
	}
	for i := range len(body) {
		if body[i] == '\n' {
			r.starts = append(r.starts, i+1)
		}
	}
	r.Misread = charset.FindMisreading(body, src.Page)
	for i, from := range r.starts {
		if from >= header {
			r.startAt(i)
			break
		}
		if line := celltext.Trim(body[from : r.starts[i+1]-1]); Names(line) {
			r.Above = append(r.Above, LineAbove{Line: i + 1 + r.skipped, Text: line})
		}
	}
	return r, ""
}

// Lines is how many lines the file has, without a "sep=" line: no fewer than its records.
func (s *Reader) Lines() int { return len(s.starts) }

// startAt begins reading at a line, counted from 0.
func (s *Reader) startAt(line int) {
	s.first, s.end = line, s.starts[line]
	s.window = &window{text: s.text, at: s.end}
	s.csv = csv.NewReader(s.window)
	s.csv.Comma = s.comma
	s.csv.FieldsPerRecord = -1
}

// Next returns the next record; false at the end of the file.
func (s *Reader) Next() (Record, bool) {
	from := s.end
	s.window.end = min(len(s.text), from+maxRecord)
	cells, err := s.csv.Read()
	if errors.Is(err, io.EOF) {
		return Record{}, false
	}
	s.end = s.starts[s.first] + int(s.csv.InputOffset())
	r := Record{Cells: cells, Spoiled: s.spoiledIn(from, s.end, len(cells))}
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		r.Line = s.first + parse.StartLine + s.skipped
		if cells, ok := s.loose(parse); ok {
			r.Cells = cells
			return r, true
		}
		r.Broken = s.judge(parse, len(cells))
		return r, true
	}
	line, _ := s.csv.FieldPos(0)
	r.Line = s.first + line + s.skipped
	return r, true
}

// loose reads a record whose quotes have blanks round them, or the "=" by which spreadsheets export text; false when that is not
// all that is wrong with it.
func (s *Reader) loose(e *csv.ParseError) (cells []string, ok bool) {
	from := s.offset(e.StartLine, 1)
	line := s.text[from:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	if e.Line != e.StartLine || from+len(line) > s.end || len(line) > maxHeader {
		return nil, false
	}
	for {
		cell, rest, more, ok := looseCell(line, s.comma)
		if !ok {
			return nil, false
		}
		if cells = append(cells, cell); !more {
			return cells, true
		}
		line = rest
	}
}

// looseCell takes the first cell off a line; more: a separator stands behind it.
func looseCell(line string, comma rune) (cell, rest string, more, ok bool) {
	blank := func(r rune) bool { return r != comma && celltext.IsBlank(r) }
	value, quoted := strings.CutPrefix(strings.TrimPrefix(strings.TrimLeftFunc(line, blank), "="), `"`)
	if !quoted {
		cell, rest, more = strings.Cut(line, string(comma))
		return cell, rest, more, !strings.Contains(cell, `"`)
	}
	for {
		part, behind, closed := strings.Cut(value, `"`)
		if cell += part; !closed {
			return "", "", false, false
		}
		if value, quoted = strings.CutPrefix(behind, `"`); quoted {
			cell += `"`
			continue
		}
		behind = strings.TrimLeftFunc(behind, blank)
		if rest, more = strings.CutPrefix(behind, string(comma)); !more && behind != "" {
			return "", "", false, false
		}
		return cell, rest, more, true
	}
}

// judge finds the quote that is to blame and sees to it that reading goes on with the next record.
func (s *Reader) judge(e *csv.ParseError, cells int) *Flaw {
	if errors.Is(e.Err, csv.ErrBareQuote) {
		return s.flawAt(s.offset(e.Line, e.Column), cells, "there is a quote in the middle of a cell that does not begin with one")
	}
	wrong, open := s.offset(e.Line, e.Column), s.openQuote(s.offset(e.StartLine, 1), cells)
	atEnd := wrong >= s.window.end
	// A closing quote that stands where cells begin is the opening one of another row.
	if !atEnd && (s.lineOf(open) == s.lineOf(wrong) || !s.beginsCell(wrong)) {
		return s.flawAt(wrong, cells, "a quote within a quoted cell is not doubled")
	}
	f := s.flawAt(open, cells, "a quote is opened and never closed")
	next := s.lineOf(open) + 1
	if s.restarts++; s.restarts > maxRestarts {
		f.What += "; the rest of the file was not read, since it has too many of these"
		s.csv = csv.NewReader(strings.NewReader(""))
		return f
	}
	if next < len(s.starts) {
		s.startAt(next)
	}
	return f
}

// offset turns a position of the reader into an offset in text.
func (s *Reader) offset(line, column int) int {
	line += s.first - 1
	if line >= len(s.starts) {
		return len(s.text)
	}
	return min(s.starts[line]+column-1, len(s.text))
}

// openQuote is where the cell with the index begins, in the record that starts at the offset.
func (s *Reader) openQuote(at, cell int) int {
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

func (s *Reader) beginsCell(at int) bool {
	return at == 0 || s.text[at-1] == '\n' || strings.HasSuffix(s.text[:at], string(s.comma))
}

func (s *Reader) lineOf(at int) int { return sort.SearchInts(s.starts, at+1) - 1 }

func (s *Reader) flawAt(at, cell int, what string) *Flaw {
	line := s.lineOf(at)
	return &Flaw{Line: line + 1 + s.skipped, Column: utf8.RuneCountInString(s.text[s.starts[line]:at]) + 1, Cell: cell, What: what}
}

// spoiledIn gives the first character between two offsets that could not be decoded.
func (s *Reader) spoiledIn(from, to, cells int) *Flaw {
	i := sort.SearchInts(s.spoiled, from)
	if i == len(s.spoiled) || s.spoiled[i] >= to {
		return nil
	}
	cell := 0
	for ; cell+1 < cells; cell++ {
		if line, column := s.csv.FieldPos(cell + 1); s.offset(line, column) > s.spoiled[i] {
			break
		}
	}
	r, _ := utf8.DecodeRuneInString(s.text[s.spoiled[i]:])
	return s.flawAt(s.spoiled[i], cell, string(r))
}
