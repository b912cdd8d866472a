package wave

import (
	"wave365/pkg/wave/sheet/celltext"
)

// NeutralCell puts an apostrophe before a cell that a spreadsheet would run as a formula, for files that people open.
// [Read] takes exactly that apostrophe away again, whatever the cell began with.
func NeutralCell(s string) string { return celltext.Neutral(s) }
