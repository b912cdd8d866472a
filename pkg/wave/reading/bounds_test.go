package reading_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
	"wave365/pkg/wave/sheet"
)

// rowsOf is a wave of so many good rows.
func rowsOf(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "u%d@contoso.com,vhds/u%d.vhd,P\n", i, i)
	}
	return b.String()
}

func TestRead_Bounds(t *testing.T) {
	t.Parallel()
	const good = "anna@contoso.com,vhds/anna.vhd,P\n"
	for _, tc := range []struct {
		name, file string
		want       []string
		rows       int
	}{
		{"as many rows as there may be", rowsOf(reading.MaxRows), nil, reading.MaxRows},
		{"one more", rowsOf(reading.MaxRows + 1), []string{"20002 csv.too-large"}, reading.MaxRows},
		{"a cell as large as it may be", "user,blob,policy,notes\na@contoso.com,vhds/a.vhd,P," + strings.Repeat("x", reading.MaxCell) + "\n", nil, 1},
		{"a larger one", "user,blob,policy,notes\na@contoso.com,vhds/a.vhd,P," + strings.Repeat("x", reading.MaxCell+1) + "\n" + good, []string{"2 csv.too-large notes"}, 2},
		{"a quote that is closed a megabyte later", head + "a@contoso.com,\"vhds/a.vhd,P\n" + strings.Repeat(good, 40_000) + "\"\n", []string{"2 csv.too-large blob"}, 1},
		{"columns", "user,blob,policy" + strings.Repeat(",x_", 198) + "\n" + good, []string{"1 csv.too-large"}, 0},
		{"cells", head + strings.Repeat(",", 20_000) + "\n", []string{"2 csv.too-large"}, 0},
		{"cells by another separator", "sep=|\n" + strings.Repeat("|", 20_000) + "\n", []string{"2 csv.too-large"}, 0},
		{"lines", head + strings.Repeat("\n", 1_000_000), []string{"1000001 csv.too-large"}, 0},
		{"bytes", strings.Repeat("x", sheet.MaxBytes+1), []string{"0 csv.too-large"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file, findings := reading.Read("w", []byte(tc.file), wave.Options{})
			if diff := cmp.Diff(tc.want, brief(findings)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if rows := 0; file != nil {
				if rows = len(file.Rows); rows != tc.rows {
					t.Errorf("%d rows, want %d", rows, tc.rows)
				}
			}
		})
	}
}
