package reading_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

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

// Whatever fills the largest file that is read, it takes less than 300 MB and a few seconds.
func TestRead_Memory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256 << 20)) // as the program does
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	fill := func(piece string) string { return strings.Repeat(piece, (sheet.MaxBytes-len(head)-2)/len(piece)) }
	long := func(piece string) string { return fill(strings.Repeat(piece, 3000/len(piece)) + "\n") }
	for name, file := range map[string]func() string{
		"UTF-16": func() string { return "\xFF\xFE" + fill(strings.Repeat("\x00\x30\x01\x30", 1000)+"\n\x00") },
		"cells":  func() string { return head + long("a?b,") },
	} {
		data := []byte(file())
		runtime.GC()
		debug.FreeOSMemory()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		stop, most := make(chan struct{}), make(chan uint64)
		go func() {
			peak := uint64(0)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					most <- peak
					return
				case <-tick.C:
					runtime.ReadMemStats(&after)
					peak = max(peak, after.HeapInuse)
				}
			}
		}()
		begun := time.Now()
		_, findings := reading.Read("w", data, wave.Options{AllowUnknownColumns: true})
		took := time.Since(begun)
		close(stop)
		peak := <-most >> 20
		t.Logf("%s: %d MB with the file, %v, %d findings", name, peak, took, len(findings))
		if peak > 300 {
			t.Errorf("%s takes %d MB", name, peak)
		}
		if len(findings) == 0 {
			t.Errorf("%s passes", name)
		}
		runtime.KeepAlive(data)
	}
}
