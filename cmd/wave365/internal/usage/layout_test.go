package usage

import "testing"

// A column that is wider than the terminal is broken between words under its beginning; the comment of a command goes above it.
func TestReflowed_columns(t *testing.T) {
	t.Parallel()
	const line = "  license           the license to assign as the last step, by part number\n  wave365 validate friday.csv     # what is wrong with the wave"
	const want = "  license           the license to assign as\n                    the last step, by part\n                    number\n  # what is wrong with the wave\n  wave365 validate friday.csv"
	if got := reflowed("Columns:\n\n"+line, 46); got != "Columns:\n\n"+want {
		t.Errorf("%q", got)
	}
	if got := reflowed("Columns:\n\n"+line, 110); got != "Columns:\n\n"+line {
		t.Errorf("%q", got)
	}
}
