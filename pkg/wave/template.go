package wave

import "wave365/pkg/wave/sheet"

// Template is an empty wave: the columns (none given: all that are known) and no row, so that nothing in it can be imported by
// mistake. comma separates them: the semicolon for spreadsheets set to German, French, Polish and others, which do not split at
// commas.
func Template(comma rune, columns ...string) []byte {
	if len(columns) == 0 {
		for _, c := range Schema() {
			columns = append(columns, c.Name)
		}
	}
	return sheet.Write(comma, [][]string{columns})
}
