package reading_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// brief is a finding in one line: where, what.
func brief(findings []wave.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, strings.TrimSuffix(fmt.Sprintf("%d %s %s", f.Line, f.Code, f.Column), " "))
	}
	return out
}

const head = "user,blob,policy\n"

func TestRead_Findings(t *testing.T) {
	t.Parallel()
	const good = "anna@contoso.com,vhds/anna.vhd,P\n"
	tests := []struct {
		name, file string
		want       []string
	}{
		{"sound", head + good, nil},
		{"all aliases", "assigned-User,BLOB path,Target_Policy,VMGS,SKU\n" + "anna@contoso.com,vhds/a.vhd,P,vhds/a.vmgs,X\n", nil},
		{"more aliases", "User Principal Name;vhd;provisioningPolicy;licence\n" + "anna@contoso.com;vhds/a.vhd;P;X\n", nil},
		{"nothing", "", []string{"0 csv.empty"}},
		{"blank lines only", "\n\n;;;\n", []string{"0 csv.empty"}},
		{"header only", head, []string{"0 csv.empty"}},
		{"header and blank rows", head + ",,\n , ,\t\n", []string{"0 csv.empty"}},
		{"blank line before the header", "\n,,\n" + head + "anna,vhds/a.vhd,P\n", []string{"4 csv.value-bad user"}},
		{"missing column", "user,blob\nanna@contoso.com,vhds/a.vhd\n", []string{"1 csv.missing-column policy"}},
		{"unknown column", "user,blob,policy,colour\n" + good, []string{"1 csv.unknown-column colour"}},
		{"column of one's own", "user,blob,policy,X_Colour\n" + good, nil},
		{"bars between the cells", "user|blob|policy\na@contoso.com|vhds/a.vhd|P\n", []string{"1 csv.missing-column"}},
		{"a table of Markdown", "| user | blob | policy |\n", []string{"1 csv.missing-column"}},
		{"blanks between the cells", "user  blob  policy\n", []string{"1 csv.missing-column"}},
		{"no header at all", good + good, []string{"1 csv.missing-column"}},
		{"two columns with one meaning", "user,upn,blob,policy\nanna@contoso.com,x,vhds/a.vhd,P\n", []string{"1 csv.syntax user"}},
		{"trailing empty columns", "user,blob,policy,,,\nanna@contoso.com,vhds/a.vhd,P,,,\n,,,,,\n", nil},
		{"a cell without a column", head + "anna@contoso.com,vhds/a.vhd,P,,lost\n", []string{"2 csv.syntax"}},
		{"empty column between", "user,,blob,policy\nanna@contoso.com,,vhds/a.vhd,P\n", nil},
		{"short row", "user,blob,policy,notes\nanna@contoso.com,vhds/a.vhd,P\nbob@contoso.com,vhds/b.vhd\n", []string{"3 csv.value-missing policy"}},
		{"missing values", head + ",vhds/a.vhd,P\nanna@contoso.com,,P\nbob@contoso.com,vhds/b.vhd,\" \"\n",
			[]string{"2 csv.value-missing user", "3 csv.value-missing blob", "4 csv.value-missing policy"}},
		{"bad values", "user,blob,policy,priority,notify,vmgs\nanna,disk.vhd,P,high,anna at contoso,C:\\a.vmgs\n",
			[]string{"2 csv.value-bad priority", "2 csv.value-bad user", "2 csv.value-bad blob", "2 csv.value-bad guest_state_blob", "2 csv.value-bad notify"}},
		{"guest state is the disk", "user,blob,policy,vmgs\nanna@contoso.com,https://A.blob.core.windows.net/vhds/a%2Evhd?sig=1,P,https://a.blob.core.windows.net/vhds/a.vhd\n",
			[]string{"2 guest.same-as-disk guest_state_blob"}},
		{"user twice, in several spellings", head + "anna@contoso.com,vhds/a.vhd,P\nbob@contoso.com,vhds/b.vhd,P\n ANNA@Contoso.com ,vhds/c.vhd,P\n'anna@contoso.com,vhds/d.vhd,P\nAnna@contoso.com,vhds/d.vhd,P\n",
			[]string{"2 user.duplicate user", "4 user.duplicate user", "5 user.duplicate user", "6 user.duplicate user"}},
		{"object id twice", head + "86D70DBB-d4c6-4662-ba17-3014204cbb28,vhds/a.vhd,P\n86d70dbb-d4c6-4662-ba17-3014204cbb28,vhds/b.vhd,P\n",
			[]string{"2 user.duplicate user", "3 user.duplicate user"}},
		{"one user, one disk, twice", head + good + good, []string{"2 user.duplicate user", "3 user.duplicate user"}},
		{"one disk, two users", head + good + "bob@contoso.com,vhds/anna.vhd,P\n", []string{"2 blob.duplicate blob", "3 blob.duplicate blob"}},
		{"one guest state, two users", "user,blob,policy,vmgs\na@contoso.com,vhds/a.vhd,P,vhds/g\nb@contoso.com,vhds/b.vhd,P,vhds/g\n",
			[]string{"2 blob.duplicate guest_state_blob", "3 blob.duplicate guest_state_blob"}},
		{"a row inside quotes counts its lines", "user,blob,policy,notes\nanna@contoso.com,vhds/a.vhd,P,\"one\ntwo\n\nfour\"\nbob,vhds/b.vhd,P,\n", []string{"6 csv.value-bad user"}},
		{"sep line counts", "sep=;\nuser;blob;policy\nanna;vhds/a.vhd;P\n", []string{"3 csv.value-bad user"}},
		{"old Mac line ends", "user,blob,policy\ranna@contoso.com,vhds/a.vhd,P\rbob,vhds/b.vhd,P\r", []string{"3 csv.value-bad user"}},
		{"quote in the middle", head + "anna@contoso.com,vhds/5\" disk.vhd,P\n" + "bob,vhds/b.vhd,P\n", []string{"2 csv.syntax blob", "3 csv.value-bad user"}},
		{"text behind a closing quote", head + "anna@contoso.com,\"vhds/a\".vhd,P\n" + "bob,vhds/b.vhd,P\n", []string{"2 csv.syntax blob", "3 csv.value-bad user"}},
		{"quote never closed", head + "anna@contoso.com,\"vhds/a.vhd,P\n" + "bob,vhds/b.vhd,P\n", []string{"2 csv.syntax blob", "3 csv.value-bad user"}},
		{"quote never closed, before a quoted row", head + "anna@contoso.com,\"vhds/a.vhd,P\n" + "bob,vhds/b.vhd,P\n" + "carl@contoso.com,\"vhds/c.vhd\",P\n",
			[]string{"2 csv.syntax blob", "3 csv.value-bad user"}},
		{"quote not doubled in a cell of two lines", "user,blob,policy,notes\nanna@contoso.com,vhds/a.vhd,P,\"one\nthe \"best\" disk\"\nbob,vhds/b.vhd,P,\n", []string{"2 csv.syntax notes", "4 csv.value-bad user"}},
		{"broken header", "user,\"blob,policy\n" + good, []string{"1 csv.syntax"}},
		{"every line in quotes", "\"user;blob;policy\"\n\"a@contoso.com;vhds/a.vhd;P\"\n", []string{"1 csv.syntax"}},
		{"a row with another separator", head + "a@contoso.com;vhds/a.vhd;P\nbob,vhds/b.vhd,P\n", []string{"2 csv.syntax", "3 csv.value-bad user"}},
		{"workbook", "PK\x03\x04\x14\x00", []string{"1 csv.encoding"}},
		{"UTF-16 without its mark", "u\x00s\x00e\x00r\x00", []string{"1 csv.encoding"}},
		{"Windows-1252", head + "anna@contoso.com,vhds/a.vhd,P\nj\xFCrgen@contoso.com,vhds/j.vhd,Gr\xFCn\n", []string{"3 csv.encoding user"}},
		{"Windows-1252 behind a sep line", "sep=,\n" + head + "j\xFCrgen@contoso.com,vhds/j.vhd,P\n", []string{"3 csv.encoding user"}},
		{"Windows-1252 in another column", head + "anna@contoso.com,\"vhds/a.vhd\",\"P,\n\xFC\"\nbob,vhds/b.vhd,P\n", []string{"2 csv.encoding policy", "4 csv.value-bad user"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, findings := reading.Read("wave.csv", []byte(tc.file), wave.Options{})
			if diff := cmp.Diff(tc.want, brief(findings)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, findings)
			}
			for _, f := range findings {
				if f.Message == "" || f.Hint == "" || f.Severity != wave.Error {
					t.Errorf("says too little: %+v", f)
				}
			}
		})
	}
}

// Windows PowerShell reads what a program prints in the console's code page and writes UTF-16: the template's mark comes back as text.
func TestRead_TemplateThroughPowerShell(t *testing.T) {
	t.Parallel()
	for _, misread := range []string{"∩╗┐", "´╗┐", "ï»¿"} {
		text := misread + strings.TrimPrefix(string(wave.Template(',')), "\uFEFF") + "a@contoso.com,vhds/a.vhd,P\r\n"
		utf16le := []byte{0xFF, 0xFE}
		for _, unit := range utf16.Encode([]rune(text)) {
			utf16le = append(utf16le, byte(unit), byte(unit>>8))
		}
		for _, data := range [][]byte{utf16le, []byte(text)} {
			file, findings := reading.Read("wave.csv", data, wave.Options{})
			if len(findings) > 0 || file == nil || len(file.Rows) != 1 || file.Rows[0].User != "a@contoso.com" {
				t.Errorf("%q: %+v", misread, findings)
			}
		}
	}
}

func TestRead_Messages(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, want string }{
		{"misspelled column", "user,blob,policy,lisense\na@contoso.com,vhds/a.vhd,P,\n", `did you mean "license"?`},
		{"abbreviated column", "user,blob,policy,prio\na@contoso.com,vhds/a.vhd,P,\n", `did you mean "priority"?`},
		{"swapped letters", "user,blob,polciy\na@contoso.com,vhds/a.vhd,P\n", `did you mean "policy"?`},
		{"nothing like it", "user,blob,policy,zzzzzz\na@contoso.com,vhds/a.vhd,P,\n", `unknown column "zzzzzz"`},
		{"two words that are no column", "user,blob,policy,Cost Center\na@contoso.com,vhds/a.vhd,P,\n", `unknown column "Cost Center"`},
		{"place of a quote, in characters", head + "änna@contoso.com,\"vhds/a\"x,P\n", "character 25: a quote within a quoted cell is not doubled"},
		{"place of an open quote", head + "anna@contoso.com,vhds/a.vhd,P\nbob@contoso.com,\"vhds/b.vhd,P\n", "character 17: a quote is opened and never closed"},
		{"place of a bad byte", head + "j\xFCrgen@contoso.com,vhds/j.vhd,P\n", `character 2 is not utf-8; if the file is Windows-1252 it is "ü"`},
		{"place of a bad byte on a row's second line", "user,blob,policy,notes\na@contoso.com,vhds/a.vhd,P,\"one\nz\xFCri\"\n", `line 3, character 2 is not utf-8`},
		{"another separator in a row", head + "a@contoso.com;vhds/a.vhd;P\n", "the whole row is in one cell: its cells are separated by a semicolon, those of the header by a comma"},
		{"the header in one cell", "\"user,blob,policy\"\n\"a@contoso.com,vhds/a.vhd,P\"\n", "the whole first line is in one cell, in quotes"},
		{"an invisible character", head + "an\u200bna@contoso.com,vhds/a.vhd,P\n", `an invisible character (U+200B) is in the user, after "an"`},
		{"cells too many", head + "a@contoso.com,vhds/a,b.vhd,P\n", "the row has 4 cells and the header 3: a cell that holds a comma must be in quotes"},
		{"other lines", head + strings.Repeat("a@contoso.com,vhds/a.vhd,P\n", 3), "also on lines 3 and 4"},
		{"many other lines", head + strings.Repeat("a@contoso.com,vhds/a.vhd,P\n", 15), "also on lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 4 more"},
		{"other user of a blob", head + "a@contoso.com,vhds/a.vhd,P\nb@contoso.com,vhds/a.vhd,P\n", "also on line 3, for another user"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, findings := reading.Read("wave.csv", []byte(tc.file), wave.Options{})
			if len(findings) == 0 || !strings.Contains(findings[0].Message, tc.want) {
				t.Errorf("want %q in %+v", tc.want, findings)
			}
		})
	}
}

func TestRead_UnknownColumnAllowed(t *testing.T) {
	t.Parallel()
	f, findings := reading.Read(`C:\waves\friday.v2.csv`, []byte("colour,user,blob,policy\n red ,a@contoso.com,vhds/a.vhd,P\n"), wave.Options{AllowUnknownColumns: true})
	if len(findings) != 0 || f.Name != "friday.v2" {
		t.Errorf("%q %+v", f.Name, findings)
	}
	if diff := cmp.Diff([]string{"", "user", "blob", "policy"}, f.Canonical); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{" red ", "a@contoso.com", "vhds/a.vhd", "P"}, f.Rows[0].Cells); diff != "" {
		t.Error(diff)
	}
}

// A file whose rows are broken still gives every row, so that results have one line for each.
func TestRead_KeepsBrokenRows(t *testing.T) {
	t.Parallel()
	f, findings := reading.Read("w", []byte(head+"a@contoso.com,\"vhds/a.vhd,P\nb@contoso.com,vhds/b.vhd,P,extra\nc@contoso.com,vhds/c.vhd,P\n"), wave.Options{})
	want := []string{"2 csv.syntax blob", "3 csv.syntax"}
	if diff := cmp.Diff(want, brief(findings)); diff != "" {
		t.Error(diff)
	}
	for i, user := range []string{"a@contoso.com", "b@contoso.com", "c@contoso.com"} {
		if r := f.Rows[i]; r.User != user || r.Line != i+2 || r.Index != i || len(r.Cells) != 3 {
			t.Errorf("row %d: %+v", i, r)
		}
	}
}

func TestRead_TenThousandRowsThreeErrors(t *testing.T) {
	t.Parallel()
	lines := strings.SplitAfter(string(tenThousand()), "\n")
	lines[4_000] = "nobody,vhds/x.vhd,P,,,,\r\n"
	lines[7_000] = "y@contoso.com,,P,,,,\r\n"
	lines[9_000] = "z@contoso.com,vhds/z.vhd,P,,soon,,\r\n"
	f, findings := reading.Read("w", []byte(strings.Join(lines, "")), wave.Options{})
	want := []string{"4001 csv.value-bad user", "7001 csv.value-missing blob", "9001 csv.value-bad priority"}
	if diff := cmp.Diff(want, brief(findings)); diff != "" || len(f.Rows) != 10_000 {
		t.Errorf("%d rows (-want +got):\n%s", len(f.Rows), diff)
	}
}

func TestRead_Values(t *testing.T) {
	t.Parallel()
	users := map[string]bool{
		"anna@contoso.com": true, "o'hara@contoso.com": true, "jürgen@contoso.com": true, "a_b.com#EXT#@x.onmicrosoft.com": true,
		"86d70dbb-d4c6-4662-ba17-3014204cbb28": true, "anna": false, "anna@contoso": false, "@contoso.com": false, "a@b@c.com": false,
		"a b@contoso.com": false, "<a@contoso.com>": false, "86d70dbb-d4c6-4662-ba17-3014204cbb2": false, "86d70dbb-d4c6-4662-ba17-3014204cbb2g": false,
		"anna@contoso..com": false, `CONTOSO\anna`: false,
	}
	blobs := map[string]bool{
		"vhds/a.vhd": true, "vhds/plan/a b.vhd": true, "$root/a.vhd": true, "https://x.blob.core.windows.net/vhds/a.vhd": true,
		"https://x.blob.core.windows.net/vhds/a.vhd?sp=r&sig=abc": true, "http://127.0.0.1:10000/devstoreaccount1/vhds/a.vhd": true,
		"/vhds/a.vhd": true, `vhds\a.vhd`: true, "vhds/a.vhd?sig=abc": true, "vhds/" + strings.Repeat("é", 1024): true,
		"a.vhd": false, `\\server\vhds\a.vhd`: false, "vhds/../a.vhd": false, "https://x.blob.core.windows.net/vhds/./a.vhd": false, "vhds/": false, "vhds/x/": false, "Vhds/a.vhd": false, "v/a.vhd": false, "vh--ds/a.vhd": false,
		`C:\a.vhd`: false, "C:/a.vhd": false, "ftp://x/vhds/a.vhd": false,
		"https://x.blob.core.windows.net/vhds": false, "https://x.blob.core.windows.net": false, "https:///vhds/a.vhd": false,
		"http://127.0.0.1:10000/devstoreaccount1/vhds": false, "https://u:p@x.blob.core.windows.net/vhds/a.vhd": false,
		"https://x.blob.core.windows.net/vhds/a#1.vhd": false, "https://x.blob.core.windows.net/vhds/%zz": false, "vhds/a\nb.vhd": false,
		"vhds/" + strings.Repeat("a", 1025): false,
	}
	priorities := map[string]int{"5": 5, "-5": -5, "+7": 7, " 3 ": 3, "": 0}
	read := func(user, blob, priority string) (*wave.File, []wave.Finding) {
		f := &wave.File{Columns: []string{"user", "blob", "policy", "priority"}}
		return reading.Read("w", write(f, []wave.Row{{Cells: []string{user, "vhds/ok.vhd", "P", priority}}}), wave.Options{})
	}
	for user, ok := range users {
		if _, findings := read(user, "", ""); (len(findings) == 0) != ok {
			t.Errorf("user %q: %+v", user, findings)
		}
	}
	for priority, want := range priorities {
		if f, findings := read("a@contoso.com", "", priority); len(findings) != 0 || f.Rows[0].Priority != want {
			t.Errorf("priority %q: %d, %+v", priority, f.Rows[0].Priority, findings)
		}
	}
	if f, _ := reading.Read("w", []byte("user,blob,policy,priority\na@contoso.com,vhds/a.vhd,P,'-5\n"), wave.Options{}); f.Rows[0].Priority != -5 || f.Rows[0].Cells[3] != "-5" {
		t.Errorf("neutralised priority: %+v", f.Rows[0])
	}
	for _, priority := range []string{"5.0", "1e3", "0x10", "99999999999", "--5", "high"} {
		if _, findings := read("a@contoso.com", "", priority); len(findings) != 1 || findings[0].Column != "priority" {
			t.Errorf("priority %q: %+v", priority, findings)
		}
	}
	for blob, ok := range blobs {
		// By hand, since Write would cut the signature.
		_, findings := reading.Read("w", []byte(head+"a@contoso.com,\""+blob+"\",P\n"), wave.Options{})
		if (len(findings) == 0) != ok {
			t.Errorf("blob %q: %+v", blob, findings)
		}
	}
}

// The twenty places a signature could leak through.
func TestRead_NoSecrets(t *testing.T) {
	t.Parallel()
	const canary = "S3CR3TsigNATURE"
	url := "https://x.blob.core.windows.net/vhds/a.vhd?sv=2024-01-01&sp=r&sig=" + canary + "%3D"
	for _, file := range []string{
		head + "a@contoso.com," + url + ",P\nb@contoso.com," + url + ",P\n",
		head + url + "," + url + "," + url + "\n",
		head + "a@contoso.com," + url + ",P," + url + "\n",
		head + "a@contoso.com,vhds/a.vhd?sig=" + canary + ",P\n",
		head + "a@contoso.com,\"" + url + ",P\n",
		head + "a@contoso.com,\"" + url + "\"x,P\n",
		head + "a@contoso.com," + url + "\xFC,P\n",
		url + "," + url + "\n" + "a,b\n",
		"user,blob,policy," + url + "\na@contoso.com,vhds/a.vhd,P,\n",
		"user,blob,policy,vmgs,notes,notify,priority\na@contoso.com," + url + ",P," + url + ",see " + url + " please," + url + "," + url + "\n",
		"user,blob,policy,notes\na@contoso.com,vhds/a.vhd,P,sv=1&sig=" + canary + "\nb@contoso.com,ftp" + url + ",P,https%3A%2F%2Fx%3Fsv%3D1%26sig%3D" + canary + "\n",
	} {
		f, findings := reading.Read("w", []byte(file), wave.Options{})
		seen := fmt.Sprintf("%+v", findings)
		if f != nil {
			seen += fmt.Sprint(f.Columns)
			for _, r := range f.Rows {
				seen += fmt.Sprint(r.Cells)
			}
			seen += string(write(f, f.Rows))
		}
		if strings.Contains(strings.ToLower(seen), strings.ToLower(canary)) {
			t.Errorf("%s\ngave\n%s", file, seen)
		}
	}
	f, _ := reading.Read("w", []byte(head+"a@contoso.com,"+url+",P\n"), wave.Options{})
	if f.Rows[0].Blob != url {
		t.Errorf("the run needs the signature: %q", f.Rows[0].Blob)
	}
}
