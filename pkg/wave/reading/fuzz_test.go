package reading_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wave365/pkg/fault/catalogue"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// Laws: no panic; findings are in the order of their lines and complete; lines grow and lie in the file; every row has
// one cell per column; and what was read can be written and read again with the same rows, twice with the same bytes.
func FuzzRead(f *testing.F) {
	for _, e := range exports() {
		f.Add(e.bytes())
	}
	for _, s := range []string{
		"user,blob,policy\na@contoso.com,\"vhds/a.vhd,P\nb,\"c\"d,e\n", "sep=\tx\nuser\n", "sep=;\n\n\"user;blob\"\n", "user\xFC,blob\n'=1,\xFF\n",
		"\"", "\"\n\"\"\"", "user,user,,x_\r\r\n=1,'=2\r,\t,\"\n\"\n", "\xFF\xFE\x00\xD8u\x00", "user\tblob\n\"a\t\"b\n",
		"user,blob,policy\nhttps://x/a?sig=b,https://x/a?sig=b,https://x/a?sig=b\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		opt := wave.Options{AllowUnknownColumns: true}
		file, findings := reading.Read("w.csv", data, opt)
		if !slices.IsSortedFunc(findings, func(a, b wave.Finding) int { return cmp.Compare(a.Line, b.Line) }) {
			t.Errorf("findings out of order: %+v", findings)
		}
		for _, x := range findings {
			if _, ok := catalogue.Find(x.Code); !ok || x.Message == "" || x.Hint == "" || !utf8.ValidString(x.Value+x.Message+x.User) {
				t.Errorf("%+v", x)
			}
		}
		if file == nil {
			if len(findings) == 0 {
				t.Error("no file and no reason")
			}
			return
		}
		last, most := 0, 1+strings.Count(string(data), "\n")+strings.Count(string(data), "\r")
		if file.Dialect.Encoding != "utf-8" || !strings.ContainsAny(string(data), "\r\n") {
			most = 1 + len(data) // lines may end in other characters
		}
		for i, r := range file.Rows {
			if r.Line <= last || r.Line > most || r.Index != i || len(r.Cells) != len(file.Columns) {
				t.Errorf("row %d of %d columns, after line %d of %d: %+v", i, len(file.Columns), last, most, r)
			}
			last = r.Line
		}
		if len(file.Columns) == 0 {
			t.Error("a file without columns")
		}

		rows := slices.DeleteFunc(slices.Clone(file.Rows), func(r wave.Row) bool { return strings.TrimSpace(strings.Join(r.Cells, "")) == "" })
		out := write(file, rows)
		again, more := reading.Read("w.csv", out, opt)
		if again == nil {
			t.Fatalf("%q\nwrote\n%q\nwhich cannot be read: %+v", data, out, more)
		}
		if diff := gocmp.Diff(file.Columns, again.Columns); diff != "" {
			t.Errorf("%q\nwrote\n%q\n%s", data, out, diff)
		}
		ignore := cmpopts.IgnoreFields(wave.Row{}, "Line", "Index", "Blob", "User", "Policy", "GuestStateBlob", "License", "Group", "Carried", "Priority")
		if diff := gocmp.Diff(rows, again.Rows, ignore, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q\nwrote\n%q\n%s", data, out, diff)
		}
		third, _ := reading.Read("w.csv", out, opt)
		if second := write(third, third.Rows); string(second) != string(out) {
			t.Errorf("%q\nwrote\n%q\nand then\n%q", data, out, second)
		}
	})
}
