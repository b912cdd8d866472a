package reading_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// utf16le is a text as Windows PowerShell writes it.
func utf16le(text string) []byte {
	data := []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune(text)) {
		data = append(data, byte(unit), byte(unit>>8))
	}
	return data
}

// Files that people had, each of which must be read, or refused for the one thing that is wrong with it.
func TestRead_Cases(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		want     []string
		mentions string
	}{
		{name: "01-ps-type-line"},
		{"03-mojibake", []string{"2 csv.garbled-text department", "3 csv.garbled-text user"}, `"jörg@contoso.example" before the file was read in a wrong code page (Windows-1252)`},
		{name: "04-nbsp-zwsp"},
		{"08-comments", []string{"1 csv.not-a-header", "4 csv.not-a-header", "5 csv.not-a-header"}, "the line is a comment"},
		{name: "10-leading-apostrophe"},
		{name: "11-smart-quotes"},
		{"18-numbers-table", []string{"1 csv.not-a-header"}, "above the header, which is on line 3"},
		{"76-ps-redirect-cp437", []string{"2 csv.garbled-text department", "3 csv.garbled-text department"}, `was "Küche" before the file was read in a wrong code page (437`},
		{"76-ps-redirect-cp1252", []string{"2 csv.garbled-text department", "3 csv.garbled-text department"}, `was "Küche" before the file was read in a wrong code page (Windows-1252)`},
		{name: "79-trailing-garbage"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join("testdata", "cases", tc.name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			file, findings := reading.Read(tc.name, data, wave.Options{})
			if diff := cmp.Diff(tc.want, brief(findings)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, findings)
			}
			if tc.mentions != "" && !strings.Contains(findings[len(findings)-1].Message, tc.mentions) {
				t.Errorf("%q does not mention %q", findings[len(findings)-1].Message, tc.mentions)
			}
			if tc.want == nil && (file.Rows[0].User != "anna@contoso.example" || file.Rows[0].Blob != "wave/anna.vhd" || wave.NameKey(file.Rows[0].Policy) != "w365 pilot" || file.Rows[1].License != "CPC_E_2C_8GB_128GB") {
				t.Errorf("%+v", file.Rows)
			}
		})
	}
}

// What PowerShell shows on a screen, or makes of objects, is no wave: the one cause is told, and none of its consequences.
func TestRead_PowerShell(t *testing.T) {
	t.Parallel()
	const row = "anna@contoso.com,vhds/a.vhd,P,pilots\n"
	for name, tc := range map[string]struct{ file, want, mentions, hint string }{
		"Format-Table":   {"\nuser             blob       policy\n----             ----       ------\nanna@contoso.com vhds/a.vhd P\n\n", "2 csv.missing-column", `separated by " "`, "Export-Csv"},
		"Format-List":    {"\nuser   : anna@contoso.com\nblob   : vhds/a.vhd\npolicy : P\n", "2 csv.missing-column", "Format-List", "Export-Csv"},
		"Texts":          {"\"Length\"\n\"85\"\n\"77\"\n", "1 csv.missing-column", "how long each is", "Format-Table"},
		"A list":         {"user,blob,policy,group\nanna@contoso.com,vhds/a.vhd,P,System.Object[]\n", "2 csv.value-bad", "a list or an object", "-join"},
		"A typed list":   {"user,blob,policy,group\nanna@contoso.com,vhds/a.vhd,System.Collections.Generic.List`1[System.String],pilots\n", "2 csv.value-bad", "a list or an object", "-join"},
		"An object":      {"user,blob,policy,group\n@{UserPrincipalName=anna@contoso.com},vhds/a.vhd,P,pilots\n", "2 csv.value-bad", "a list or an object", "Select-Object"},
		"Colors":         {"user,blob,policy,group\n\x1b[33manna@contoso.com\x1b[0m,vhds/a.vhd,P,pilots\n", "2 csv.garbled-text", "color codes of a terminal", "UTF-8"},
		"Colored header": {"\x1b[32;1muser\x1b[0m,blob,policy,group\n" + row, "1 csv.garbled-text", "color codes of a terminal", "UTF-8"},
		"Mail":           {"user,blob,policy,group\nanna@contoso.com,vhds/a.vhd,M=C3=BCnchen,pilots\n", "2 csv.garbled-text", `was "München" before`, "UTF-8"},
	} {
		_, findings := reading.Read("w", []byte(tc.file), wave.Options{})
		if got := brief(findings); len(findings) != 1 || !strings.HasPrefix(got[0], tc.want) || !strings.Contains(findings[0].Message, tc.mentions) || !strings.Contains(findings[0].Hint, tc.hint) {
			t.Errorf("%s: %+v", name, findings)
		}
	}
	for _, name := range []string{"System.Pilot a=b", "Büro RAM=16", "Küche =", "Größe 50%25", "Müller &amp; Co"} {
		if _, findings := reading.Read("w", []byte("user,blob,policy,group\n"+strings.Replace(row, ",P,", ","+name+",", 1)), wave.Options{}); len(findings) > 0 {
			t.Errorf("the name %q: %+v", name, findings)
		}
	}
}

// What a code page makes of UTF-8 is told with the code page and the text as it was, whatever the page and the language.
func TestRead_Garbled(t *testing.T) {
	t.Parallel()
	const file = "user,blob,policy,department,notes\r\nanna@contoso.com,vhds/anna.vhd,P,X,\r\nbo@contoso.com,vhds/bo.vhd,P,Kitchen,\r\n"
	pages := map[string]encoding.Encoding{
		"Windows-1252": charmap.Windows1252, "437": charmap.CodePage437, "850": charmap.CodePage850, "Windows-1250": charmap.Windows1250,
		"852": charmap.CodePage852, "Mac OS Roman": charmap.Macintosh, "Windows-1251": charmap.Windows1251, "866": charmap.CodePage866, "Shift-JIS": japanese.ShiftJIS, "Windows-1257": charmap.Windows1257,
	}
	words := []string{"München", "Größe", "Qualité", "Łódź", "Žižkov", "Ångström", "Español", "Curaçao", "İstanbul", "Việt", "Київ", "Ελλάς", "東京本社", "Müller – Söhne"}
	for page, enc := range pages {
		for _, word := range words {
			garbled, err := enc.NewDecoder().String(word)
			if err != nil || page == "Shift-JIS" && word != "München" {
				continue // not every byte has a letter there
			}
			text := strings.Replace(file, "X", garbled, 1)
			for name, data := range map[string][]byte{"UTF-8": []byte(text), "UTF-16": utf16le(text)} {
				_, findings := reading.Read("w", data, wave.Options{})
				if len(findings) != 1 || findings[0].Line != 2 || findings[0].Severity != wave.Error || findings[0].Code != "csv.garbled-text" && findings[0].Code != "csv.encoding" {
					t.Errorf("%s in %s (%s): %q: %+v", word, page, name, garbled, findings)
				}
			}
		}
	}
	// In a column that names something, what it names is not looked for; in free text it is a warning.
	for _, tc := range []struct{ file, want string }{
		{"user,blob,policy\nj├╝rg@contoso.com,vhds/j.vhd,P\n", "user:error"},
		{"user,blob,policy\njo@contoso.com,vhds/M├╝nchen.vhd,P\n", "blob:error"},
		{"user,blob,policy,group\njo@contoso.com,vhds/a.vhd,P,ZÃ¼rich\n", "group:error"},
		{"user,blob,policy,notes\njo@contoso.com,vhds/a.vhd,P,gehÃ¶rt Anna\n", "notes:warning"},
		{"user,blob,policy,x_site\njo@contoso.com,vhds/a.vhd,P,ZÃ¼rich\n", "x_site:warning"},
		{"user,blob,policy,x_GebÃ¤ude\njo@contoso.com,vhds/a.vhd,P,7\n", "x_GebÃ¤ude:warning"},
		{"user,blob,policy,notes\njo@contoso.com,vhds/a.vhd,P,M\uFFFDnchen\n", "notes:error"},
		{"user,blob,policy\nj?rg@contoso.com,vhds/j.vhd,P\n", "user:error"},
		{"user,blob,policy\njo@contoso.com,vhds/M?nchen.vhd,P\n", "blob:error"},
		{"user,blob,policy\njo@contoso.com,vhds/a.vhd,?????\n", "policy:error"},
		{"user,blob,policy,department\njo@contoso.com,vhds/a.vhd,P,?ukasz\n", "department:error"},
		{"user,blob,policy,department\njo@contoso.com,vhds/a.vhd,P,M\u0081nchen\n", "department:error"},
		{"user,blob,policy,department\njo@contoso.com,vhds/a.vhd,P,M³nchen\n", "department:warning"},
		{"user,blob,policy,department\njo@contoso.com,vhds/a.vhd,P,ZÃƒÂ¼rich\n", "department:error"},
	} {
		file, findings := reading.Read("w", []byte(tc.file), wave.Options{})
		if len(findings) != 1 || findings[0].Column+":"+string(findings[0].Severity) != tc.want || findings[0].Code != "csv.garbled-text" {
			t.Errorf("%q: %+v", tc.file, findings)
			continue
		}
		if r := file.Rows[0]; tc.want == "user:error" && r.User != "" || tc.want == "blob:error" && r.Blob != "" || tc.want == "policy:error" && r.Policy != "" || tc.want == "group:error" && r.Group != "" {
			t.Errorf("%+v", r)
		}
	}
}

// Text that only looks like it is left alone.
func TestRead_NotGarbled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Größe", "« qualité »", "dit : « é\u00A0»", "CAFÉ”", "“CAFÉ”", "É…", "Straße – Büro", "Київ", "Ні, дякую", "Сі", "東京オフィス", "财务部", "眉山", "ﾃｽﾄ", "한국", "Ελλάδα", "القاهرة", "Łódź ©",
		"Why?", "what???", "¿Qué?", "https://tickets.contoso.com/?id=7&q=a?b", "R&D (?)", "5³", "CO₂neutral", "O’Neill", "col·legi", "a…b", "5° Ost", `R&D 100% &amp; C:\users`, "50%25", "Größe=42", "Süd &amp; Nord", "Zürich=3D 100%25", "Web&ethics",
	} {
		_, findings := reading.Read("w", []byte("user,blob,policy,department\na@contoso.com,vhds/a.vhd,P,\""+text+"\"\n"), wave.Options{})
		if len(findings) != 0 {
			t.Errorf("%q: %+v", text, findings)
		}
	}
}

func TestRead_AroundTheTable(t *testing.T) {
	t.Parallel()
	const rows = "a@contoso.com,vhds/a.vhd,P\nb@contoso.com,vhds/b.vhd,P\n"
	for _, tc := range []struct {
		name, file string
		want       []string
	}{
		{"type line, quoted", "\"#TYPE System.Object\"\n" + head + rows, nil},
		{"type line in UTF-16", string(utf16le("#TYPE Selected.User\r\n" + head + rows)), nil},
		{"marks twice", "\uFEFF\uFEFF" + head + rows, nil},
		{"a mark and a misread one", "\uFEFFï»¿" + head + rows, nil},
		{"a mark in Mac OS Roman", "Ôªø" + head + rows, nil},
		{"title with separators", "Wave 3; approved, by the board\n\n" + head + rows, []string{"1 csv.not-a-header"}},
		{"title with a quote", "Wave for 5\" disks\n" + head + rows, []string{"1 csv.not-a-header"}},
		{"several lines above", "Contoso\nWave 3\n2026-11-27\n" + head + rows, []string{"1 csv.not-a-header", "2 csv.not-a-header", "3 csv.not-a-header"}},
		{"numbered columns above", "Column1,Column2,Column3\n" + head + rows, []string{"1 csv.not-a-header"}},
		{"a header that is misspelled", "usr,blob,polcy\n" + rows, []string{"1 csv.unknown-column usr", "1 csv.unknown-column polcy"}},
		{"the header again", head + rows + head + "c@contoso.com,vhds/c.vhd,P\n", []string{"4 csv.not-a-header"}},
		{"the header again, with its mark", "\uFEFF\"user\",\"blob\",\"policy\"\n" + rows + "\uFEFF\"user\",\"blob\",\"policy\"\n", []string{"4 csv.not-a-header"}},
		{"another header", head + rows + "UPN,VHD,Target Policy\n", []string{"4 csv.not-a-header"}},
		{"a rule", "user,blob,policy\n----,----,------\n" + rows, []string{"2 csv.not-a-header"}},
		{"a total", head + rows + "Total: 2\n(2 rows affected)\n,,2 rows\n", []string{"4 csv.not-a-header", "5 csv.not-a-header", "6 csv.not-a-header"}},
		{"a total with numbers", head + rows + "Total,2,64 GiB\nSumme,2,\n\"Grand total:\",,2\n", []string{"4 csv.not-a-header", "5 csv.not-a-header", "6 csv.not-a-header"}},
		{"comments of other kinds", head + "// bo is ill\n-- and so is cy\n; dee\n;d@contoso.com,vhds/d.vhd,P\n" + rows, []string{"2 csv.not-a-header", "3 csv.not-a-header", "4 csv.not-a-header", "5 csv.not-a-header"}},
		{"a name that begins as comments do", "policy,user,blob\nP,a@contoso.com,vhds/a.vhd\n#1 Team,b@contoso.com,vhds/b.vhd\n% of IT,e@contoso.com,vhds/e.vhd\nTotal,c@contoso.com,vhds/c.vhd\nREM Lab,d@contoso.com,vhds/d.vhd\n", nil},
		{"a comment before a row with its notes first", "notes,user,blob,policy\n#later,a@contoso.com,vhds/a.vhd,P\nSum,b@contoso.com,vhds/b.vhd,P\n# a,,,\n", []string{"2 csv.not-a-header", "4 csv.not-a-header"}},
		{"a comment where the policy is first", "policy,user,blob\n# bo is ill,,\n#P, bo is ill,\n", []string{"2 csv.not-a-header", "3 csv.not-a-header"}},
		{"Ctrl-Z behind the last cell", head + "a@contoso.com,vhds/a.vhd,P\x1A", nil},
		{"Ctrl-Z in UTF-16", string(utf16le(head + rows + "\x1A")), nil},
		{"Ctrl-Z where files were joined", head + rows + "\x1A\nc@contoso.com,vhds/c.vhd,P\n", []string{"4 csv.not-a-header"}},
		{"padded with Ctrl-Z", head + rows + strings.Repeat("\x1A", 60) + "\r\n", nil},
		{"zeros behind the last line", head + rows + strings.Repeat("\x00", 400), nil},
		{"zeros in the last line", head + "a@contoso.com,vhds/a.vhd,P\nb@contoso.com,vhds/b" + strings.Repeat("\x00", 400), []string{"1 csv.encoding"}},
		{"apostrophes in the header", "'user,'blob,'policy\n" + rows, nil},
		{"quotes of several kinds", "„user“,«blob»,‘policy’\n„a@contoso.com“,« vhds/a.vhd »,'P'\n`b@contoso.com´,”vhds/b.vhd”,「P」\n", nil},
		{"a comma in typographic quotes", head + "a@contoso.com,vhds/a.vhd,“Pilot, Zürich”\n", []string{"2 csv.syntax"}},
		{"the error of a formula for a blob", head + "a@contoso.com,#NAME?,P\n", []string{"2 csv.value-bad blob"}},
		{"joiners, fillers and selectors of variants", head + "\u034Fa@contoso.com\u17B4,vhds/a.vhd\U000E0100,\u180BP\uFFA0\n", nil},
		{"double primes of East Asia", head + "〝a@contoso.com〞,〝vhds/a.vhd〟,P\n", nil},
		{"direction marks", head + "\u200Ea@contoso.com\u202C,vhds/a.vhd\u200F,P\n", nil},
		{"errors of formulas", head + "#N/A,#REF!,P\nb@contoso.com,vhds/b.vhd,#NAME?\nc@contoso.com,vhds/c.vhd,#¡VALOR!\n#NV,vhds/d.vhd,#NV\n########,vhds/e.vhd,P\n", []string{"2 csv.value-bad user", "3 csv.value-bad policy", "4 csv.value-bad policy", "5 csv.value-bad user", "6 csv.value-bad user"}},
		{"nothing but the error of a formula", head + rows + "#DIV/0!,,\n", []string{"4 csv.not-a-header"}},
		{"the error of a formula for a priority", "user,blob,policy,priority,notify,department,notes\na@contoso.com,vhds/a.vhd,P,#VALUE!,#N/A,#N/A,#N/A\n", []string{"2 csv.value-bad priority"}},
		{"the error of a formula above", "#REF!,x\n" + head + rows, []string{"1 csv.not-a-header"}},
		{"the error of a formula in the header", "user,blob,policy,#NAME?\n" + rows, []string{"1 csv.unknown-column #NAME?"}},
		{"a comment that begins like one", head + "#later!\n# N/A!\n" + rows, []string{"2 csv.not-a-header", "3 csv.not-a-header"}},
		{"ISO-2022-JP", head + "a@contoso.com,vhds/a.vhd,\x1b$BEl5~\x1b(B\n", []string{"1 csv.encoding"}},
		{"UTF-7", "+/v8-" + head + rows, []string{"1 csv.encoding"}},
		{"blanks round quotes", head + "a@contoso.com, \"vhds/a.vhd\" ,\"P\"\n \"b@contoso.com\",\"vhds/b.vhd\" , \"P, \"\"Q\"\"\"\n", nil},
		{"the text of a spreadsheet", "=\"user\",=\"blob\",=\"policy\"\n=\"a@contoso.com\",=\"vhds/a.vhd\",=\"P\"\n", nil},
		{"the text of a spreadsheet, in quotes", head + "\"=\"\"a@contoso.com\"\"\",\"=\"\"vhds/a.vhd\"\"\",\"=\"\"P\"\"\"\n", nil},
		{"primes", head + "″a@contoso.com″,′vhds/a.vhd′,″P″\n", nil},
		{"a quote in the middle", head + "a@contoso.com,vhds/a.vhd,27\" x\nb@contoso.com, \"vhds/b.vhd\"x,P\n", []string{"2 csv.syntax policy", "3 csv.syntax blob"}},
		{"U+2028 for line ends", strings.ReplaceAll(head+rows, "\n", "\u2028"), nil},
		{"NEL for line ends", strings.ReplaceAll(head+rows, "\n", "\u0085"), nil},
		{"vertical tabs for line ends", strings.ReplaceAll(head+rows, "\n", "\v"), nil},
		{"a zero byte in a cell", head + "a@con\x00toso.com,vhds/a.vhd,P\nb@contoso.com,b.vhd,P\n", []string{"2 csv.encoding user", "3 csv.value-bad blob"}},
		{"a zero byte at each line's end", strings.ReplaceAll(head+rows, "\n", "\x00\n"), []string{"1 csv.encoding", "2 csv.encoding", "3 csv.encoding"}},
		{"UTF-16 behind UTF-8", head + rows + string(utf16le("c@contoso.com,vhds/c.vhd,P\r\n"))[2:], []string{"1 csv.encoding"}},
		{"UTF-16 with its mark behind UTF-8", head + rows + string(utf16le("c@contoso.com,vhds/c.vhd,P\r\n")), []string{"1 csv.encoding"}},
		{"plain text behind UTF-16", string(utf16le(head+rows)) + "c@contoso.com,vhds/c.vhd,P\r\n", []string{"1 csv.encoding"}},
		{"an odd line end behind UTF-16", string(utf16le(head+rows)) + "\n", []string{"4 csv.encoding user"}},
		{"totals in other words", head + rows + "Gesamtergebnis,2,\nTotal général,2,\n2,2,\nSubtotal A,2,x\n", []string{"4 csv.not-a-header", "5 csv.not-a-header", "6 csv.not-a-header", "7 csv.not-a-header"}},
		{"a line that describes the columns", head + "(UPN),required,text\n" + rows, []string{"2 csv.not-a-header"}},
		{"a row with two faults", head + "anna,anna.vhd,P\na@contoso,disk,P\n", []string{"2 csv.value-bad user", "2 csv.value-bad blob", "3 csv.value-bad user", "3 csv.value-bad blob"}},
		{"columns that must be filled in", "user*,blob*,policy\n" + rows, []string{"1 csv.unknown-column user*", "1 csv.unknown-column blob*"}},
		{"escapes of a web page", head + "a@contoso.com,vhds/a.vhd,M&uuml;nchen\nb@contoso.com,vhds/b.vhd,M%C3%BCnchen\nc@contoso.com,vhds/c.vhd,M\\u00fcnchen\n", []string{"2 csv.garbled-text policy", "3 csv.garbled-text policy", "4 csv.garbled-text policy"}},
		{"an invisible character in a blob", head + "a@contoso.com,vhds/a\u200B.vhd,P\n", []string{"2 csv.value-bad blob"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file, findings := reading.Read("w", []byte(tc.file), wave.Options{})
			if diff := cmp.Diff(tc.want, brief(findings)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, findings)
			}
			if tc.want == nil && (file.Rows[0].User != "a@contoso.com" || file.Rows[0].Blob != "vhds/a.vhd" || file.Rows[0].Policy != "P") {
				t.Errorf("%+v", file.Rows[0])
			}
		})
	}
}

// What people have at hand in place of a user is told for what it is, with what to write.
func TestRead_PastedPeople(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string][2]string{
		"mailto:ada@contoso.com": {"a mail link", "write ada@contoso.com"}, "MAILTO:ada@contoso.com?subject=x": {"a mail link", "write ada@contoso.com"},
		"[Ada](mailto:ada@contoso.com)": {"a mail link", "write ada@contoso.com"}, "Ada Lovelace <ada@contoso.com>": {"a name with an address", "write ada@contoso.com"},
		"<ada@contoso.com>": {"a name with an address", "write ada@contoso.com"}, "SMTP:ada@contoso.com": {"as Exchange lists it", "write ada@contoso.com"},
		"i:0#.f|membership|ada@contoso.com": {"SharePoint", "write ada@contoso.com"}, "{11111111-1111-4111-8111-111111111111}": {"in brackets", "write 11111111-1111-4111-8111-111111111111"},
		`CONTOSO\ada`: {"Windows sign-in name", "name@domain"}, "CN=Ada,OU=x,DC=contoso": {"a directory path", "name@domain"}, "ada@contoso.com; bo@contoso.com": {"more than one address", "name@domain"},
		"Ada\u00a0Lovelace@contoso.com": {`looks like a blank (U+00A0) is in the user, after "Ada"`, "name@domain"}, "ada\u200b@contoso.com": {`an invisible character (U+200B) is in the user, after "ada"`, "name@domain"},
		"ada @contoso.com": {`a blank is in the user, after "ada"`, "name@domain"}, "ada@contoso.com;": {"the separator of a list", "write ada@contoso.com"}, "ada＠contoso.com": {"full-width", "write ada@contoso.com"},
		"o’brien@contoso.com": {`"’" (U+2019), a typographic apostrophe, is in the user in place of ', after "o"`, "write o'brien@contoso.com"}, "ann‑mary@contoso.com": {"a non-breaking hyphen", "write ann-mary@contoso.com"},
		"аda@contoso.com": {`(U+0430), a Cyrillic letter, is in the user in place of a, at its beginning`, "write ada@contoso.com"}, "ada.lovelace@contoso.o...": {"ends in three dots: a console or a table has cut it off", "Export-Csv"},
		"ada.lovelace@cont…": {"ends in three dots", "write it whole"}, "１1111111-1111-4111-8111-111111111111": {"full-width", "write 11111111-1111-4111-8111-111111111111"},
		"ada\x07@contoso.com": {"control character (U+0007)", "name@domain"}, "ada": {"neither a user principal name", "name@domain"}, "mailto:": {"a mail link", "name@domain"},
	} {
		_, findings := reading.Read("w", []byte("user,blob,policy\n\""+cell+"\",vhds/a.vhd,P\n"), wave.Options{})
		if len(findings) != 1 || findings[0].Column != "user" || !strings.Contains(findings[0].Message, want[0]) || !strings.Contains(findings[0].Hint, want[1]) {
			t.Errorf("user %s: %+v", cell, findings)
		}
		if strings.HasPrefix(cell, "{") || strings.HasPrefix(cell, "１") {
			continue
		}
		_, findings = reading.Read("w", []byte("user,blob,policy,notify\na@contoso.com,vhds/a.vhd,P,\""+cell+"\"\n"), wave.Options{})
		said := strings.NewReplacer("the user", "notify", "neither a user principal name", "not one mail address").Replace(want[0])
		if len(findings) != 1 || findings[0].Column != "notify" || !strings.Contains(findings[0].Message, said) {
			t.Errorf("notify %s: %+v", cell, findings)
		}
	}
	_, findings := reading.Read("w", []byte("user,blob,policy\nada_fabrikam.com#EXT#@contoso.onmicrosoft.com,vhds/a.vhd,P\n"), wave.Options{})
	if len(findings) > 0 {
		t.Errorf("a guest: %+v", findings)
	}
}

// Addresses that people paste: each is refused for what it is, and never with a signature.
func TestRead_PastedAddresses(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string][2]string{
		"https://contosovhds.blob.core.windows.net/wave/a.vhd;https://contosovhds.blob.core.windows.net/wave/b.vhd": {"more than one URL", "one blob in each row"},
		"https://contosovhds.blob.core.windows.net/wave/a.vhd%3Fsv=2024-11-04&sig=SECRET":                           {"percent-encoded (%3F)", "write ? in its place"},
		"https://contosovhds.blob.core.windows.net/wave/a.vhd&sv=2024-11-04&sr=b&sig=SECRET":                        {"begins with & where a question mark belongs", "write ? in place of the first &"},
		"wave/anna.vhd; wave/bo.vhd":                           {"more than one path", "one blob in each row"},
		"https://cоntosovhds.blob.core.windows.net/wave/a.vhd": {`(U+043E), a Cyrillic letter, is in the blob in place of o, after "https://c"`, "container/path.vhd"},
		"my–wave/a.vhd":                                        {"a dash as word processors set it", "container/path.vhd"}, "wave／a.vhd": {"a full-width character", "container/path.vhd"}, "wave/anna-lovel...": {"ends in three dots", "container/path.vhd"},
		"https://contosovhds.blob.core.windows.net/wave/anna-lov…":                                      {"ends in three dots", "container/path.vhd"},
		"DefaultEndpointsProtocol=https;AccountName=contosovhds;AccountKey=SECRET==":                    {"connection string", "container/path.vhd"},
		"BlobEndpoint=https://contosovhds.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=SECRET": {"connection string", "container/path.vhd"},
		"?sv=2024-11-04&sp=r&sig=SECRET":                                                                {"a SAS token without the URL", "the blob's URL with the SAS behind it"}, "sp=r&sig=SECRET": {"a SAS token without the URL", "the blob's URL"},
		"https://contosovhds.dfs.core.windows.net/wave/anna.vhd":                                           {"Data Lake (dfs) endpoint", "write https://contosovhds.blob.core.windows.net/wave/anna.vhd"},
		"https://contosovhds.dfs.core.usgovcloudapi.net/wave/anna.vhd?sig=SECRET":                          {"Data Lake (dfs) endpoint", "write https://contosovhds.blob.core.usgovcloudapi.net/wave/anna.vhd"},
		"https://contosovhds.z12.dfs.storage.azure.net/wave/anna.vhd":                                      {"Data Lake (dfs) endpoint", "write https://contosovhds.z12.blob.storage.azure.net/wave/anna.vhd"},
		"abfss://wave@contosovhds.dfs.core.windows.net/anna.vhd":                                           {"Data Lake (dfs)", "write https://contosovhds.blob.core.windows.net/wave/anna.vhd"},
		"wasbs://wave@contosovhds.blob.core.windows.net/a/anna.vhd":                                        {"Hadoop", "write https://contosovhds.blob.core.windows.net/wave/a/anna.vhd"},
		"https://contosovhds.privatelink.blob.core.windows.net/wave/cy.vhd":                                {"private endpoint (privatelink)", "write https://contosovhds.blob.core.windows.net/wave/cy.vhd"},
		"https://contosovhds.privatelink.dfs.core.windows.net/wave/cy.vhd":                                 {"private endpoint (privatelink)", "write https://contosovhds.blob.core.windows.net/wave/cy.vhd"},
		"https://md-abc123xyz.z12.blob.storage.azure.net/vt0abc/abcd?sv=2018-03-28&sr=b&si=1&sig=SECRET":   {"export link of a managed disk", "azcopy copy"},
		"https://md-abc123.blob.core.windows.net/vt0abc/abcd?sig=SECRET":                                   {"export link of a managed disk", "azcopy copy"},
		"https://contosovhds.file.core.windows.net/share/anna.vhd":                                         {"Azure Files", "page blob"},
		"https://contosovhds.z6.web.core.windows.net/wave/anna.vhd":                                        {"the web endpoint", "write https://contosovhds.blob.core.windows.net/wave/anna.vhd"},
		"https://contosovhds-secondary.blob.core.windows.net/wave/anna.vhd":                                {"second region", "write https://contosovhds.blob.core.windows.net/wave/anna.vhd"},
		"https://portal.azure.com/#view/Microsoft_Azure_Storage/BlobPropertiesBladeV2/storageAccountId/x":  {"page of the Azure portal", "copy the URL"},
		"https://ms.portal.azure.com/#@contoso/resource/subscriptions/1/resourceGroups/rg/overview":        {"page of the Azure portal", "copy the URL"},
		"/subscriptions/1/resourceGroups/rg/providers/Microsoft.Compute/disks/anna_OsDisk":                 {"resource id (ARM id) of a managed disk", "grant-access"},
		"subscriptions/1/resourceGroups/rg/providers/Microsoft.Compute/snapshots/anna":                     {"resource id (ARM id) of a managed disk or snapshot", "grant-access"},
		"/subscriptions/1/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/anna":              {"virtual machine", "snapshot"},
		"/subscriptions/1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contosovhds":       {"resource id (ARM id) of a storage account", "container/path.vhd"},
		"https://management.azure.com/subscriptions/1/resourceGroups/rg/providers/Microsoft.Compute/disks": {"resource id", "write container/path.vhd"},
		"azcopy copy 'https://contosovhds.blob.core.windows.net/wave/anna.vhd?sig=SECRET' .":               {"command line (azcopy", "only the blob's URL"},
		"storageexplorer://v=1&accountid=%2Fsubscriptions%2F1&resourcetype=Azure.BlobContainer":            {"Storage Explorer", "Copy URL"},
		`file:///C:/disks/anna.vhd`: {"file on a computer", "upload"}, `\\server\vhds\anna.vhd`: {"disk or share", "container/path.vhd"}, `C:\vhds\anna.vhd`: {"disk or share", "container/path.vhd"},
		`https:\\contosovhds.blob.core.windows.net\wave\anna.vhd`:                                                     {"backslashes", "slashes"},
		"contosovhds.blob.core.windows.net/wave/anna.vhd":                                                             {"lacks its beginning", "https://"},
		"https%3A%2F%2Fcontosovhds.blob.core.windows.net%2Fwave%2Fanna.vhd%3Fsig%3DSECRET":                            {"percent-encoded", "decoded"},
		"<https://contosovhds.blob.core.windows.net/wave/anna.vhd>":                                                   {"brackets", "without brackets"},
		"[anna](https://contosovhds.blob.core.windows.net/wave/anna.vhd)":                                             {"brackets", "without brackets"},
		"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fcontosovhds.blob.core.windows.net&data=05": {"Safe Links", "container/path.vhd"},
		"https://contoso.sharepoint.com/sites/it/Shared%20Documents/anna.vhd":                                         {"SharePoint", "page blob"},
		"https://contosovhds.blob.core.windows.net/wave/anna.vhd?snapshot=2026-11-20T10:00:00.0000000Z":               {"older state of the blob", "without snapshot="},
		"https://vhds.s3.eu-central-1.amazonaws.com/anna.vhd?X-Amz-Signature=SECRET":                                  {"in Amazon S3", "page blob"},
		"https://storage.googleapis.com/vhds/anna.vhd":                                                                {"in Google Cloud Storage", "page blob"},
		"s3://vhds/anna.vhd": {"neither https nor http", "container/path.vhd"},
	} {
		_, findings := reading.Read("w", []byte(head+"a@contoso.com,\""+cell+"\",P\n"), wave.Options{})
		if len(findings) != 1 || findings[0].Column != "blob" || !strings.Contains(findings[0].Message, want[0]) || !strings.Contains(findings[0].Hint, want[1]) {
			t.Errorf("%s: %+v", cell, findings)
			continue
		}
		if f := findings[0]; strings.Contains(f.Message+f.Hint+f.Value, "SECRET") {
			t.Errorf("%s gives a signature away: %+v", cell, f)
		}
	}
}
