package wave

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"

	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
	"wave365/pkg/wave/sheet/charset"
)

// Read reads a wave file and finds everything that is wrong with it, in the order of its lines. name is the file's name
// or path, data its bytes. The File is nil only when the header could not be read, and then there is a finding that says
// why. Rows with errors are kept, with what could be read of them. Read undoes [NeutralCell] in every cell.
func Read(name string, data []byte, opt Options) (*File, []Finding) {
	sum := sha256.Sum256(data)
	f := &File{Name: baseName(name), Hash: hex.EncodeToString(sum[:])}
	if f, beyond := outsized(data); beyond {
		return nil, []Finding{f}
	}
	scan, why := sheet.Open(data, func(cell string) bool { return canonical(cell) != "" })
	if why != "" {
		return nil, []Finding{NewFinding("csv.encoding", 1, "", "", "", why)}
	}
	f.Dialect = scan.Dialect
	r := &reading{file: f, opt: opt, scan: scan}
	if !r.header() {
		return nil, r.findings
	}
	r.rows()
	r.check()
	slices.SortStableFunc(r.findings, func(a, b Finding) int { return a.Line - b.Line })
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
	file     *File
	opt      Options
	scan     *sheet.Reader
	findings []Finding
	// headerLine is where the header stands. unread marks rows, by index, whose cells may not be where they belong.
	headerLine int
	unread     map[int]bool
	// lost are the cells whose letters are, so that nothing else is said of them.
	lost map[cellAt]bool
	// present tells which canonical columns the file has.
	present map[string]bool
}

func (r *reading) find(code string, line int, column, user, value, message string) {
	r.findings = append(r.findings, NewFinding(code, line, column, user, value, message))
}

// header reads the first record that is not blank. It reports false when there is no header to go on with.
func (r *reading) header() bool {
	head, ok := r.scan.Next()
	for ok && head.Broken == nil && !sheet.Names(strings.Join(head.Cells, "")) {
		head, ok = r.scan.Next()
	}
	if !ok {
		r.find("csv.empty", 0, "", "", "", "the file is empty")
		return false
	}
	r.headerLine = head.Line
	r.above()
	if head.Broken != nil {
		r.broken(head, "", nil)
		return false
	}
	if head.Spoiled != nil {
		r.spoiled(head, "", nil)
	}
	cells := head.Cells
	for len(cells) > 0 && celltext.Trim(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if oneCell(cells) {
		r.findings = append(r.findings, wholeLine(head.Line, cells[0], "the whole first line stands in one cell, in quotes"))
		return false
	}
	if len(cells) > maxColumns {
		r.findings = append(r.findings, tooLarge(head.Line, fmt.Sprintf("the header has %d columns; a wave has at most %d", len(cells), maxColumns)))
		return false
	}
	r.columns(cells)
	return true
}

func (r *reading) columns(cells []string) {
	r.present = map[string]bool{}
	h := names{misspelled: map[string]bool{}}
	for _, c := range cells {
		c = celltext.Denormal(c)
		spelled := RedactSAS(c)
		if celltext.Trim(spelled) == "" && celltext.Trim(c) != "" {
			spelled = "(redacted)" // a signature where a name should be; the column must not vanish with it
		}
		r.file.Columns, r.file.Canonical = append(r.file.Columns, spelled), append(r.file.Canonical, r.column(spelled, &h))
	}
	if len(r.present) == 0 {
		r.findings = append(r.findings, noHeader(r.headerLine, cells)) // the header is missing, not misspelled
		return
	}
	r.unknownColumns(h.unknown, h.misspelled)
	for _, c := range Schema() {
		if c.Required && !r.present[c.Name] && !h.misspelled[c.Name] {
			r.find("csv.missing-column", r.headerLine, c.Name, "", "", fmt.Sprintf("the column %q is missing", c.Name))
		}
	}
}

// names are what a header has besides the columns of a wave.
type names struct {
	unknown []string
	// misspelled are columns that are missing for a reason that is told.
	misspelled map[string]bool
}

// column gives the canonical name of a column as it is spelled; "": it is none that is read.
func (r *reading) column(spelled string, h *names) string {
	name := canonical(spelled)
	switch {
	case name != "" && r.present[name]:
		f := NewFinding("csv.syntax", r.headerLine, name, "", celltext.Trim(spelled), fmt.Sprintf("two columns are both %q; only the first is read", name))
		f.Hint = "take one of them out, or begin its name with x_ to carry it through to the reports"
		r.findings = append(r.findings, f)
		return ""
	case name != "":
		r.present[name] = true
	case strings.ContainsRune(spelled, charset.Zero): // that has been told
		h.misspelled[canonical(strings.ReplaceAll(spelled, string(charset.Zero), ""))] = true
	case celltext.Trim(spelled) != "" && !carried(spelled, r.opt):
		h.unknown = append(h.unknown, celltext.Trim(spelled))
	default:
		if why := r.garbled("", spelled); why != "" {
			f := NewFinding("csv.garbled-text", r.headerLine, celltext.Trim(spelled), "", spelled, why)
			f.Severity = Warning
			r.findings = append(r.findings, f)
		}
	}
	return name
}

// unknownColumns reports the names that no column has, and adds to misspelled the columns that they are near to.
func (r *reading) unknownColumns(unknown []string, misspelled map[string]bool) {
	for _, u := range unknown {
		message := fmt.Sprintf("unknown column %q", u)
		if name := nearest(u); name != "" {
			message = fmt.Sprintf("unknown column %q: did you mean %q?", u, name)
			misspelled[canonical(name)] = true
		}
		if isCellError(u) {
			message = fmt.Sprintf("the name of a column is %s, the error of a formula in the spreadsheet", u)
		}
		r.find("csv.unknown-column", r.headerLine, u, "", u, message)
	}
}

// noHeader is the one finding of a first line that names no column.
func noHeader(line int, cells []string) Finding {
	text := strings.Join(cells, ",")
	for _, sep := range []string{"|", "^", "~", ":", "/", "  ", " "} {
		names := 0
		for part := range strings.SplitSeq(text, sep) {
			if canonical(part) != "" {
				names++
			}
		}
		if names < 2 {
			continue
		}
		f := NewFinding("csv.missing-column", line, "", "", text, fmt.Sprintf("the cells of the first line are separated by %q; commas, semicolons and tabs are read as such", sep[:1]))
		f.Hint = "save the file with commas"
		if sep == "|" || sep == "^" || sep == "~" {
			f.Hint += ", or put a line sep=" + sep + " above the header"
		}
		return f
	}
	var required []string
	for _, c := range Schema() {
		if c.Required {
			required = append(required, c.Name)
		}
	}
	return NewFinding("csv.missing-column", line, "", "", RedactSAS(text), "the first line names no column; a wave begins with a header that has at least "+strings.Join(required, ", "))
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
	Carried
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
			r.findings = append(r.findings, tooLarge(rec.Line, fmt.Sprintf("here the wave goes beyond %d rows; none of those that follow were read", MaxRows)))
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
	f.Rows = make([]Row, len(records))
	for i, rec := range records {
		f.Rows[i] = newRow(i, rec, width, read[i])
		if r.shape(i, rec) {
			r.letters(i, rec)
			r.formulas(i)
		}
		f.Rows[i].Priority = r.priority(f.Rows[i], read[i].Priority)
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
	if carriedText(column) {
		return celltext.Trim(cell)
	}
	return celltext.Unquote(cell)
}

func newRow(index int, rec sheet.Record, width int, c cells) Row {
	raw := make([]string, width)
	for i := range min(width, len(rec.Cells)) {
		raw[i] = RedactSAS(celltext.Denormal(rec.Cells[i]))
	}
	return Row{
		Line: rec.Line, Index: index, Cells: raw,
		User: c.User, Blob: c.Blob, Policy: c.Policy, GuestStateBlob: c.GuestState, License: c.License, Group: c.Group,
		Carried: c.Carried,
	}
}
