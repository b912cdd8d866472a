package wave

import (
	"fmt"
	"strings"
	"unicode"

	"wave365/pkg/wave/sheet/celltext"
)

// isCellError reports whether a cell holds what a spreadsheet shows in place of a value: the error of a formula in any language
// (#N/A, #REF!, #NAME?, #NV, #WERT!, #¡VALOR!), or a column that was too narrow for its numbers (####).
func isCellError(cell string) bool {
	name, ok := strings.CutPrefix(celltext.Unquote(cell), "#")
	switch {
	case !ok || name == "":
		return false
	case strings.Trim(name, "#") == "":
		return len(name) >= 2
	case strings.ContainsFunc(name, func(c rune) bool { return celltext.IsBlank(c) || unicode.IsLower(c) }):
		return false
	}
	switch name {
	case "N/A", "NV", "N/D", "N/B", "N/V", "Н/Д", "GETTING_DATA":
		return true
	}
	return strings.HasSuffix(name, "!") || strings.HasSuffix(name, "?")
}

// formulas finds a row in which a spreadsheet's errors stand for values: one finding, of the first such cell. What they hold is
// dropped, so that nobody looks for it in the tenant.
func (r *reading) formulas(i int) {
	row := &r.file.Rows[i]
	told := false
	for k, column := range r.file.Canonical {
		if carriedText(column) || column == colDepartment || !isCellError(row.Cells[k]) {
			continue
		}
		r.lost[cellAt{i, column}] = true
		if told {
			continue
		}
		told = true
		shown := celltext.Unquote(row.Cells[k])
		user := row.User
		if isCellError(user) {
			user = ""
		}
		what := "the error of a formula in the spreadsheet"
		if strings.Trim(shown, "#") == "" {
			what = "what a spreadsheet shows in a column that is too narrow"
		}
		f := NewFinding("csv.value-bad", row.Line, column, user, shown, fmt.Sprintf("the cell holds %s: %s, in place of a value", shown, what))
		f.Hint = "mend the formula or the column's width in the spreadsheet, often a lookup that found nothing, and save the file again"
		r.findings = append(r.findings, f)
	}
	for _, column := range r.file.Canonical {
		if r.lost[cellAt{i, column}] {
			row.drop(column)
		}
	}
}
