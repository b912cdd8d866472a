package damage

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"wave365/pkg/wave"
	"wave365/pkg/wave/sheet/celltext"
	"wave365/pkg/wave/sheet/charset"
)

// Letters finds text in a row, as its file has the cells, that was changed on its way: one finding, of the first cell that
// matters. The content of such cells is dropped from the row, so that it is not looked up in the tenant; lost are their columns.
func Letters(f *wave.File, row *wave.Row, cells []string, misread *charset.Misreading) (found []wave.Finding, lost []string) {
	cells = cells[:min(len(cells), len(f.Canonical))]
	var told *wave.Finding
	for k, cell := range cells {
		column := f.Canonical[k]
		why := Of(column, cell, misread)
		if why == "" {
			continue
		}
		one := wave.NewFinding("csv.garbled-text", row.Line, column, row.User, wave.RedactSAS(cell), why)
		if column == "" {
			one.Column = f.Columns[k]
		}
		if wave.FreeText(column) && !strings.ContainsRune(cell, utf8.RuneError) {
			one.Severity = wave.Warning
		}
		if told == nil || told.Severity == wave.Warning && one.Severity == wave.Error {
			told = &one
		}
		if column != "" {
			lost = append(lost, column)
		}
	}
	if told == nil {
		return signs(f, row, cells), nil
	}
	drop(row, lost)
	return []wave.Finding{*told}, lost
}

// signs warns of the first cell with a sign in the middle of a word, as a letter becomes that is read in a wrong code page.
func signs(f *wave.File, row *wave.Row, cells []string) []wave.Finding {
	for k, cell := range cells {
		if plain := wave.Shown(celltext.Trim(cell)); sign(plain) {
			one := wave.NewFinding("csv.garbled-text", row.Line, f.Canonical[k], row.User, plain, fmt.Sprintf("%q has a sign in the middle of a word, as a letter becomes that is read in a wrong code page", plain))
			one.Severity = wave.Warning
			return []wave.Finding{one}
		}
	}
	return nil
}

// drop empties the fields of these columns by which something is looked up.
func drop(r *wave.Row, columns []string) {
	for _, column := range columns {
		switch column {
		case wave.ColumnUser:
			r.User = ""
		case wave.ColumnBlob:
			r.Blob = ""
		case wave.ColumnPolicy:
			r.Policy = ""
		case wave.ColumnGuestState:
			r.GuestStateBlob = ""
		case wave.ColumnLicense:
			r.License = ""
		case wave.ColumnGroup:
			r.Group = ""
		}
	}
}

// inPlace describes what a program has written in place of a value, and what to do; "" when the cell may be a value.
func inPlace(cell string) (what, hint string) {
	const formula = "fix the formula or the column's width in the spreadsheet, often a lookup that found nothing, and save the file again"
	shown := celltext.Unquote(cell)
	switch {
	case CellError(cell) && strings.Trim(shown, "#") == "":
		return "what a spreadsheet shows in a column that is too narrow", formula
	case CellError(cell):
		return "the error of a formula in the spreadsheet", formula
	case isObject(shown):
		return "the name by which PowerShell writes a list or an object", "select one value of it: Select-Object @{n='user'; e={$_.PROPERTY}}, or $_.PROPERTY -join ';' for a list"
	}
	return "", ""
}

// isObject reports whether a cell holds what PowerShell makes of a list or an object where text is wanted: System.Object[], or
// @{Name=Value}.
func isObject(shown string) bool {
	if strings.HasPrefix(shown, "@{") && strings.HasSuffix(shown, "}") && strings.Contains(shown, "=") {
		return true
	}
	for _, space := range []string{"System.", "Microsoft.", "Deserialized."} {
		rest, ok := strings.CutPrefix(shown, space)
		if ok && (strings.HasSuffix(rest, "[]") || strings.HasSuffix(rest, "]") && strings.Contains(rest, "`") || rest == "Collections.Hashtable" || strings.HasSuffix(rest, "PSCustomObject")) {
			return true
		}
	}
	return false
}

// Formulas finds a row in which a program's errors replace values: one finding, of the first such cell. Their content is
// dropped from the row, so that it is not looked up in the tenant; lost are their columns.
func Formulas(f *wave.File, row *wave.Row) (found []wave.Finding, lost []string) {
	for k, column := range f.Canonical {
		what, hint := inPlace(row.Cells[k])
		if wave.FreeText(column) || column == wave.ColumnDepartment || what == "" {
			continue
		}
		if lost = append(lost, column); len(lost) > 1 {
			continue
		}
		shown := celltext.Unquote(row.Cells[k])
		user := row.User
		if CellError(user) || isObject(user) {
			user = ""
		}
		one := wave.NewFinding("csv.value-bad", row.Line, column, user, shown, fmt.Sprintf("the cell holds %s: %s, instead of a value", shown, what))
		one.Hint = hint
		found = append(found, one)
	}
	drop(row, lost)
	return found, lost
}
