package reading

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wave365/pkg/wave"
	"wave365/pkg/wave/damage"
	"wave365/pkg/wave/rules"
	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
	"wave365/pkg/wave/sheet/charset"
)

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
		r.findings = append(r.findings, wholeLine(head.Line, cells[0], "the whole first line is in one cell, in quotes"))
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
		spelled := wave.RedactSAS(c)
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
	for _, c := range wave.Schema() {
		if c.Required && !r.present[c.Name] && !h.misspelled[c.Name] {
			r.find("csv.missing-column", r.headerLine, c.Name, "", "", fmt.Sprintf("the column %q is missing", c.Name))
		}
	}
}

// colors are the codes by which a console colors its text.
var colors = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// names are what a header has besides the columns of a wave.
type names struct {
	unknown []string
	// misspelled are columns that are missing for a reason that is told.
	misspelled map[string]bool
}

// column gives the canonical name of a column as it is spelled; "": it is none that is read.
func (r *reading) column(spelled string, h *names) string {
	name := wave.Canonical(spelled)
	switch {
	case name != "" && r.present[name]:
		f := wave.NewFinding("csv.syntax", r.headerLine, name, "", celltext.Trim(spelled), fmt.Sprintf("two columns are both %q; only the first is read", name))
		f.Hint = "take one of them out, or begin its name with x_ to carry it through to the reports"
		r.findings = append(r.findings, f)
		return ""
	case name != "":
		r.present[name] = true
	case strings.ContainsRune(spelled, charset.Zero): // that has been told
		h.misspelled[wave.Canonical(strings.ReplaceAll(spelled, string(charset.Zero), ""))] = true
	case colors.MatchString(spelled):
		h.misspelled[wave.Canonical(colors.ReplaceAllString(spelled, ""))] = true
		r.find("csv.garbled-text", r.headerLine, celltext.Trim(spelled), "", spelled, damage.Of("", spelled, nil))
	case celltext.Trim(spelled) != "" && !carried(spelled, r.opt):
		h.unknown = append(h.unknown, celltext.Trim(spelled))
	default:
		if why := damage.Of("", spelled, r.scan.Misread); why != "" {
			f := wave.NewFinding("csv.garbled-text", r.headerLine, celltext.Trim(spelled), "", spelled, why)
			f.Severity = wave.Warning
			r.findings = append(r.findings, f)
		}
	}
	return name
}

// unknownColumns reports the names that no column has, and adds to misspelled the columns that they are near to.
func (r *reading) unknownColumns(unknown []string, misspelled map[string]bool) {
	for _, u := range unknown {
		message := fmt.Sprintf("unknown column %q", u)
		if name := wave.NearestColumn(u); name != "" {
			message = fmt.Sprintf("unknown column %q: did you mean %q?", u, name)
			misspelled[wave.Canonical(name)] = true
		}
		if damage.CellError(u) {
			message = fmt.Sprintf("the name of a column is %s, the error of a formula in the spreadsheet", u)
		}
		r.find("csv.unknown-column", r.headerLine, u, "", u, message)
	}
}

// noHeader is the one finding of a first line that names no column.
func noHeader(line int, cells []string) wave.Finding {
	text := strings.Join(cells, ",")
	for _, sep := range []string{"|", "^", "~", ":", "/", "  ", " "} {
		names := 0
		for part := range strings.SplitSeq(text, sep) {
			if wave.Canonical(part) != "" {
				names++
			}
		}
		if names < 2 {
			continue
		}
		f := wave.NewFinding("csv.missing-column", line, "", "", text, fmt.Sprintf("the cells of the first line are separated by %q; commas, semicolons and tabs are read as such", sep[:1]))
		f.Hint = "save the file with commas"
		if sep[0] == ' ' {
			f.Hint = "save the file with commas; of PowerShell, Export-Csv -NoTypeInformation writes such a file, and what it shows on the screen (Format-Table) is none"
		}
		if sep == "|" || sep == "^" || sep == "~" {
			f.Hint += ", or put a line sep=" + sep + " above the header"
		}
		return f
	}
	if f, is := notTable(line, text); is {
		return f
	}
	var required []string
	for _, c := range wave.Schema() {
		if c.Required {
			required = append(required, c.Name)
		}
	}
	return wave.NewFinding("csv.missing-column", line, "", "", wave.RedactSAS(text), "the first line names no column; a wave begins with a header that has at least "+strings.Join(required, ", "))
}

// notTable is the finding of a first line that PowerShell writes in place of a header: of a list, or of texts.
func notTable(line int, text string) (f wave.Finding, is bool) {
	name, _, list := strings.Cut(text, ":")
	switch {
	case list && wave.Canonical(name) != "":
		f = wave.NewFinding("csv.missing-column", line, "", "", wave.RedactSAS(text), "the first line is the name of a column and a value, as PowerShell shows a list on the screen (Format-List)")
		f.Hint = "write the file with Export-Csv -NoTypeInformation"
	case strings.EqualFold(celltext.Unquote(text), "Length"):
		f = wave.NewFinding("csv.missing-column", line, "", "", text, "the only column is Length: Export-Csv was given lines of text, and wrote how long each is")
		f.Hint = "give Export-Csv objects: leave out Format-Table, ConvertTo-Csv or Out-String before it"
	default:
		return f, false
	}
	return f, true
}

// aboveMost is how many lines above the header are told one by one.
const aboveMost = 10

// above tells the lines that stand above the header. The type that Windows PowerShell writes there is skipped.
func (r *reading) above() {
	lines := r.scan.Above
	for i, l := range lines {
		if strings.HasPrefix(strings.ToUpper(strings.TrimLeft(l.Text, `"`)), "#TYPE ") {
			continue
		}
		what := "the line"
		if cell, _, _ := strings.Cut(l.Text, string(r.file.Dialect.Comma)); damage.CellError(cell) {
			what = "the error of a formula (" + celltext.Unquote(cell) + ")"
		} else if rules.IsComment(l.Text) {
			what = "the comment"
		}
		if rest := len(lines) - i; i >= aboveMost && rest > 1 {
			r.find("csv.not-a-header", l.Line, "", "", "", fmt.Sprintf("this line and %d more are above the header, which is on line %d", rest-1, r.headerLine))
			return
		}
		r.find("csv.not-a-header", l.Line, "", "", l.Text, fmt.Sprintf("%s is above the header, which is on line %d", what, r.headerLine))
	}
}

// oneCell reports whether the header stands in one cell, as when a spreadsheet has put every line in quotes.
func oneCell(head []string) bool {
	if len(head) != 1 {
		return false
	}
	names := strings.FieldsFunc(head[0], func(r rune) bool { return strings.ContainsRune(",;\t", r) })
	return len(names) > 1 && slices.ContainsFunc(names, func(name string) bool { return wave.Canonical(name) != "" })
}

// carried reports whether a column may be unknown without being an error.
func carried(header string, opt wave.Options) bool {
	return opt.AllowUnknownColumns || strings.HasPrefix(strings.ToLower(celltext.Trim(header)), "x_")
}
