// Package reading reads a wave file: it finds the header, returns the rows with what could be read of them, and reports lines, cells
// and characters that are malformed. What its values mean is judged by package rules.
package reading

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"

	"wave365/pkg/wave"
	"wave365/pkg/wave/damage"
	"wave365/pkg/wave/rules"
	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
)

const (
	// MaxRows bounds the rows of a wave that are not blank.
	MaxRows = 20_000
	// MaxCell bounds a cell, in bytes.
	MaxCell = 1 << 20
	// maxColumns bounds the columns.
	maxColumns = 200
)

func tooLarge(line int, message string) wave.Finding {
	return wave.NewFinding("csv.too-large", line, "", "", "", message)
}

// Read reads a wave file and finds everything that is wrong with it, in the order of its lines. name is the file's name or
// path, data its bytes. The wave.File is nil only when the header could not be read, and then a finding explains why. Rows
// with errors are kept, with what could be read of them. Read undoes [celltext.Neutral] in every cell.
func Read(name string, data []byte, opt wave.Options) (*wave.File, []wave.Finding) {
	sum := sha256.Sum256(data)
	f := &wave.File{Name: baseName(name), Hash: hex.EncodeToString(sum[:])}
	if line, why := sheet.Outsized(data); why != "" {
		return nil, []wave.Finding{tooLarge(line, why)}
	}
	scan, why := sheet.Open(data, func(cell string) bool { return wave.Canonical(cell) != "" })
	if why != "" {
		return nil, []wave.Finding{wave.NewFinding("csv.encoding", 1, "", "", "", why)}
	}
	f.Dialect = scan.Dialect
	r := &reading{file: f, opt: opt, scan: scan}
	if !r.header() {
		return nil, r.findings
	}
	r.rows()
	if len(f.Rows) > 0 {
		r.findings = append(r.findings, rules.Rows(f, r)...)
	} else if len(r.present) > 0 {
		r.find("csv.empty", 0, "", "", "", "the wave has a header but no rows")
	}
	slices.SortStableFunc(r.findings, func(a, b wave.Finding) int { return a.Line - b.Line })
	return f, r.findings
}

func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	return name
}

// reading is one Read under way.
type reading struct {
	file     *wave.File
	opt      wave.Options
	scan     *sheet.Reader
	findings []wave.Finding
	// headerLine is where the header stands. unread marks rows, by index, whose cells may not be where they belong.
	headerLine int
	unread     map[int]bool
	// lost are the cells whose letters are, so that nothing else is reported about them.
	lost map[cellAt]bool
	// present tells which canonical columns the file has.
	present map[string]bool
}

// cellAt is a cell of the file: the index of its row, and its canonical column.
type cellAt struct {
	row    int
	column string
}

// Row reports whether nothing more is to be reported about a row.
func (r *reading) Row(index int) bool { return r.unread[index] }

// Cell reports whether nothing more is to be reported about a cell.
func (r *reading) Cell(index int, column string) bool { return r.lost[cellAt{index, column}] }

// damaged takes in what was found in a row, and which of its columns are lost.
func (r *reading) damaged(row int, found []wave.Finding, lost []string) {
	r.findings = append(r.findings, found...)
	for _, column := range lost {
		r.lost[cellAt{row, column}] = true
	}
}

func (r *reading) find(code string, line int, column, user, value, message string) {
	r.findings = append(r.findings, wave.NewFinding(code, line, column, user, value, message))
}

// cells is what gocsv makes of one record. All text: a wrong number is a finding, not the end of reading.
type cells struct {
	User       string `csv:"user"`
	Blob       string `csv:"blob"`
	Policy     string `csv:"policy"`
	GuestState string `csv:"guest_state_blob"`
	License    string `csv:"license"`
	Group      string `csv:"group"`
	Priority   string `csv:"priority"`
	wave.Carried
}

// table hands records to gocsv, under their canonical names.
type table [][]string

// Read implements gocsv.CSVReader; UnmarshalCSV never calls it.
func (t table) Read() ([]string, error) { return t[0], nil }

// ReadAll implements gocsv.CSVReader.
func (t table) ReadAll() ([][]string, error) { return t, nil }

var _ gocsv.CSVReader = table(nil)

// rows reads the rest of the file.
func (r *reading) rows() {
	f := r.file
	width := len(f.Columns)
	r.unread, r.lost = map[int]bool{}, map[cellAt]bool{}
	lines := min(r.scan.Lines(), MaxRows)
	records := make([]sheet.Record, 0, lines)
	t := append(make(table, 0, lines+1), f.Canonical)
	for {
		rec, ok := r.scan.Next()
		if !ok {
			break
		}
		if rec.Broken == nil && celltext.Blank(rec.Cells) {
			continue
		}
		if len(records) == MaxRows {
			r.findings = append(r.findings, tooLarge(rec.Line, fmt.Sprintf("the wave exceeds %d rows here; none of those that follow were read", MaxRows)))
			break
		}
		r.oversized(&rec)
		rec.Cells, rec.Extra = within(rec.Cells, width)
		row := make([]string, width)
		for i := range min(width, len(rec.Cells)) {
			row[i] = value(f.Canonical[i], rec.Cells[i])
		}
		records, t = append(records, rec), append(t, row)
	}
	var read []cells
	if len(records) > 0 {
		if err := gocsv.UnmarshalCSV(t, &read); err != nil {
			// Text into text fields: only a change of the library could get here.
			r.find("csv.syntax", r.headerLine, "", "", "", "the rows could not be read")
			return
		}
	}
	f.Rows = make([]wave.Row, len(records))
	for i, rec := range records {
		f.Rows[i] = newRow(i, rec, width, read[i])
		if r.shape(i, rec) {
			if rec.Spoiled == nil { // else its bytes are no text: that has been said
				found, lost := damage.Letters(f, &f.Rows[i], rec.Cells, r.scan.Misread)
				r.damaged(i, found, lost)
			}
			found, lost := damage.Formulas(f, &f.Rows[i])
			r.damaged(i, found, lost)
		}
		if !r.Row(i) && !r.Cell(i, wave.ColumnPriority) {
			n, bad := rules.Priority(f.Rows[i], read[i].Priority)
			f.Rows[i].Priority, r.findings = n, append(r.findings, bad...)
		}
	}
}

// within gives the cells of a record that lie within the columns, and the first behind them when any of those says something:
// extra is then how many cells there are up to the last that does. What a line holds beyond that is not kept.
func within(cells []string, width int) (kept []string, extra int) {
	last := len(cells)
	for last > width && celltext.Trim(cells[last-1]) == "" {
		last--
	}
	if last <= width {
		return cells[:min(len(cells), width):min(len(cells), width)], 0
	}
	return slices.Clone(cells[:width+1]), last
}

// oversized drops what is too large for a cell, and everything behind it in the record: where such a cell ends is often a quote
// that is missing.
func (r *reading) oversized(rec *sheet.Record) {
	for i, c := range rec.Cells {
		if len(c) > MaxCell {
			f := tooLarge(rec.Line, fmt.Sprintf("a cell has %d bytes; it has at most %d MiB", len(c), MaxCell>>20))
			f.Column = columnOf(i, r.file.Canonical)
			r.findings = append(r.findings, f)
			rec.Cells = rec.Cells[:i:i]
			rec.Broken = nil
			rec.Oversized = true
			return
		}
	}
}

// value is what a cell says, without the quotes and apostrophes of spreadsheets and word processors round it.
func value(column, cell string) string {
	cell = celltext.Denormal(cell)
	if wave.FreeText(column) {
		return celltext.Trim(cell)
	}
	return celltext.Unquote(cell)
}

func newRow(index int, rec sheet.Record, width int, c cells) wave.Row {
	raw := make([]string, width)
	for i := range min(width, len(rec.Cells)) {
		raw[i] = wave.RedactSAS(celltext.Denormal(rec.Cells[i]))
	}
	return wave.Row{
		Line: rec.Line, Index: index, Cells: raw,
		User: c.User, Blob: c.Blob, Policy: c.Policy, GuestStateBlob: c.GuestState, License: c.License, Group: c.Group,
		Carried: c.Carried,
	}
}
