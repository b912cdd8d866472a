package sheet_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
)

// Law: records that were written are read again as they were, whatever stands in their cells, with each separator and
// on the lines that their own line breaks give them.
func FuzzWrite(f *testing.F) {
	for _, s := range []string{"plain", "=1\x00a,b\x00c;d\te", "\"\x00\"\"\x00'", "two\nlines\x00\r\n\x00-5", "sep=;\x00", "\uFEFF\x00\u3000x", "\x1a"} {
		f.Add(s, byte(0))
		f.Add(s, byte(1))
	}
	f.Fuzz(func(t *testing.T, text string, which byte) {
		if !utf8.ValidString(text) {
			return
		}
		comma := []rune(",;\t|")[which%4]
		cells := append([]string{"x"}, strings.Split(text, "\x00")...)
		header := make([]string, len(cells))
		for i := range header {
			header[i] = "user"
		}
		data := sheet.Write(comma, [][]string{header, cells, cells})
		if comma == '|' { // found by name only
			data = append([]byte("sep=|\r\n"), data[len("\uFEFF"):]...)
		}
		r, why := sheet.Open(data, known)
		if why != "" {
			t.Fatal(why)
		}
		if _, ok := r.Next(); !ok {
			t.Fatal("no header")
		}
		want := make([]string, len(cells))
		breaks := 0
		for i, c := range cells {
			want[i] = strings.ReplaceAll(strings.ReplaceAll(c, "\r\n", "\n"), "\r", "\n")
			breaks += strings.Count(want[i], "\n")
		}
		var line int
		for i := range 2 {
			rec, ok := r.Next()
			if !ok || rec.Broken != nil || rec.Spoiled != nil {
				t.Fatalf("%q: %+v", data, rec)
			}
			got := make([]string, len(rec.Cells))
			for j, c := range rec.Cells {
				got[j] = celltext.Denormal(c)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q came back as %q", want, got)
			}
			if i == 1 && rec.Line != line+1+breaks {
				t.Errorf("line %d after %d with %d breaks", rec.Line, line, breaks)
			}
			line = rec.Line
		}
		if rec, ok := r.Next(); ok {
			t.Errorf("one more: %+v", rec)
		}
	})
}

// Laws: no panic; lines grow and a flaw lies on the record's line or behind it; what was read is valid text.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n\"c,d\ne,\"f\n", "sep=;\n\"\n", "\xFF\xFE\x00\xD8", "\xFF\"x\"y\r\r\n\"\"\"", "a;\"b\n\n\"c\n\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, why := sheet.Open(data, known)
		if (r == nil) != (why != "") {
			t.Fatalf("%v %q", r, why)
		}
		if r == nil {
			return
		}
		last := 0
		for rec, ok := r.Next(); ok; rec, ok = r.Next() {
			if rec.Line <= last || rec.Line > r.Lines()+1 {
				t.Fatalf("line %d after %d of %d", rec.Line, last, r.Lines())
			}
			last = rec.Line
			for _, flaw := range []*sheet.Flaw{rec.Broken, rec.Spoiled} {
				if flaw != nil && (flaw.Line < rec.Line || flaw.Column < 1 || flaw.Cell < 0 || flaw.What == "") {
					t.Errorf("%+v: %+v", rec, flaw)
				}
			}
			if !utf8.ValidString(strings.Join(rec.Cells, "")) {
				t.Errorf("%q", rec.Cells)
			}
		}
	})
}
