package sheet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
)

func known(cell string) bool {
	return map[string]bool{"user": true, "blob": true, "policy": true, "notes": true}[celltext.Trim(cell)]
}

func TestOpen_Dialect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file string
		want       sheet.Dialect
	}{
		{"comma", "user,blob\n", sheet.Dialect{Comma: ','}},
		{"semicolon, CR LF", "user;blob\r\n", sheet.Dialect{Comma: ';'}},
		{"tab", "user\tblob\n", sheet.Dialect{Comma: '\t'}},
		{"mark", "\uFEFFuser;blob", sheet.Dialect{Comma: ';'}},
		{"one column", "user\na;b\n", sheet.Dialect{Comma: ','}},
		{"nothing known: most cells", "a,b;c;d\n", sheet.Dialect{Comma: ';'}},
		{"known names outweigh cells", "user;blob;x_a,b,c,d\n", sheet.Dialect{Comma: ';'}},
		{"names within quotes do not count", "user;blob;policy;\"x_ user, blob, policy, notes\"\n", sheet.Dialect{Comma: ';'}},
		{"a quoted line break in the header", "\"x_a\nuser,blob\";user;blob\n", sheet.Dialect{Comma: ';'}},
		{"blank lines first", "\n;;;\nuser;blob\n", sheet.Dialect{Comma: ';'}},
		{"sep line", "sep=;\nuser,blob\n", sheet.Dialect{Comma: ';'}},
		{"sep line, tab", "SEP=\t\r\nuser\tblob\n", sheet.Dialect{Comma: '\t'}},
		{"sep line, another separator", "sep=|\nuser|blob\n", sheet.Dialect{Comma: '|'}},
		{"sep line, quoted", "\"sep=;\"\nuser;blob\n", sheet.Dialect{Comma: ';'}},
		{"sep line, filled up", "sep=;;;;\nuser;blob\n", sheet.Dialect{Comma: ';'}},
		{"sep line without a separator", "sep=\nuser;blob\n", sheet.Dialect{Comma: ';'}},
		{"a column that begins like it", "sep=x;user\n", sheet.Dialect{Comma: ';'}},
		{"UTF-16", "\xFF\xFEu\x00;\x00\n\x00", sheet.Dialect{Comma: ';', Encoding: "utf-16le"}},
		{"UTF-16, the other way", "\xFE\xFF\x00u\x00;\x00\n", sheet.Dialect{Comma: ';', Encoding: "utf-16be"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.want.Encoding == "" {
				tc.want.Encoding = "utf-8"
			}
			r, why := sheet.Open([]byte(tc.file), known)
			if why != "" {
				t.Fatal(why)
			}
			if diff := cmp.Diff(tc.want, r.Dialect); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is no CSV is named as what it is.
func TestOpen_OtherFiles(t *testing.T) {
	t.Parallel()
	const table = "user,blob,policy\na@contoso.com,vhds/a.vhd,P\n"
	little, big := "", ""
	for _, c := range table {
		little, big = little+string(c)+"\x00", big+"\x00"+string(c)
	}
	for data, want := range map[string]string{
		"PK\x03\x04rest": "workbook", "\xD0\xCF\x11\xE0rest": "old Excel", "%PDF-1.7\n": "PDF", "{\\rtf1 x}": "RTF", "\x1F\x8B\x08rest": "gzip",
		"<!DOCTYPE HTML>\n<table>": "web page", " \r\n<HTML>": "web page", "\uFEFF<?xml version=\"1.0\"?>": "XML", "[\n  {\"user\": 1}]": "JSON", "{ \"value\": []}": "JSON",
		"SQLite format 3\x00\x10\x00": "ledger", "\x89PNG\r\n\x1a\n": "picture", "\xff\xd8\xff\xe0": "picture", "7z\xbc\xaf\x27\x1c": "7-Zip", "conectix\x00\x00": "a disk", "vhdxfile": "a disk",
		"version https://git-lfs.github.com/spec/v1\n": "Git LFS", "MIME-Version: 1.0\n": "a mail", "PK\x05\x06\x00": "zip",
		little: "UTF-16 without a byte order mark", big: "UTF-16 without a byte order mark", "\xFF\xFE\x00\x00u\x00\x00\x00": "UTF-32",
	} {
		if r, why := sheet.Open([]byte(data), known); r != nil || !strings.Contains(why, want) {
			t.Errorf("%.20q: %v %q, want %s", data, r, why, want)
		}
	}
	if _, why := sheet.Open([]byte("{user,blob,policy\n"), known); why != "" {
		t.Errorf("a brace alone: %s", why)
	}
}

func TestOpen_NoText(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"xlsx": "PK\x03\x04rest", "xls": "\xD0\xCF\x11\xE0rest", "UTF-32": "\xFF\xFE\x00\x00u\x00\x00\x00", "UTF-16 without a mark": "u\x00s\x00", "zeros": "user\x00",
	} {
		if r, why := sheet.Open([]byte(data), known); r != nil || why == "" {
			t.Errorf("%s: %v %q", name, r, why)
		}
	}
}

// read gives every record.
func read(t *testing.T, file string) []sheet.Record {
	t.Helper()
	r, why := sheet.Open([]byte(file), known)
	if why != "" {
		t.Fatal(why)
	}
	var out []sheet.Record
	for rec, ok := r.Next(); ok; rec, ok = r.Next() {
		out = append(out, rec)
		if len(out) > r.Lines() {
			t.Fatal("more records than lines")
		}
	}
	return out
}

func TestReader_Next(t *testing.T) {
	t.Parallel()
	got := read(t, "sep=;\r\nuser;blob\r\n\r\n\"a\r\nb\";\"c;\"\"d\"\"\"\r\rj\xFCrgen;\"x\xFC\"\r\nopen;\"never\r\nlast;\"clos\"ed\r\n")
	want := []sheet.Record{
		{Cells: []string{"user", "blob"}, Line: 2},
		{Cells: []string{"a\nb", `c;"d"`}, Line: 4},
		{Cells: []string{"jürgen", "xü"}, Line: 7, Spoiled: &sheet.Flaw{Line: 7, Column: 2, What: "ü"}},
		{Cells: []string{"open"}, Line: 8, Broken: &sheet.Flaw{Line: 8, Column: 6, Cell: 1, What: "a quote is opened and never closed"}},
		{Cells: []string{"last"}, Line: 9, Broken: &sheet.Flaw{Line: 9, Column: 11, Cell: 1, What: "a quote within a quoted cell is not doubled"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A lone surrogate is no character: what stood there is lost.
func TestReader_BrokenUTF16(t *testing.T) {
	t.Parallel()
	got := read(t, "\xFF\xFEa\x00,\x00b\x00\x00\xD8c\x00")
	if len(got) != 1 || got[0].Spoiled == nil || got[0].Spoiled.Cell != 1 || got[0].Spoiled.Column != 4 {
		t.Errorf("%+v", got)
	}
}

func TestReader_GivesUpOnOpenQuotes(t *testing.T) {
	t.Parallel()
	got := read(t, strings.Repeat("a,\"b,x\n", 5_001))
	last := got[len(got)-1]
	if len(got) > 60 || last.Broken == nil || !strings.Contains(last.Broken.What, "was not read") {
		t.Errorf("%d records, the last %+v", len(got), last)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		comma   rune
		records [][]string
		want    string
	}{
		{',', [][]string{{"a", "b"}, {"=1", `say "x"`}}, "a,b\r\n'=1,\"say \"\"x\"\"\"\r\n"},
		{';', [][]string{{"a;b", "c,d"}, {"e\tf", "g\nh"}}, "\"a;b\";\"c,d\"\r\n\"e\tf\";\"g\nh\"\r\n"},
		{'|', [][]string{{"a|b"}}, "\"a|b\"\r\n"},
		{',', [][]string{{"sep=;"}}, "sep=,\r\n\"sep=;\"\r\n"},
	} {
		if got := string(sheet.Write(tc.comma, tc.records)); got != "\uFEFF"+tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
