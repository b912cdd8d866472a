package reading_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

var update = flag.Bool("update", false, "write testdata/corpus again")

// export is one way in which a spreadsheet writes the wave below.
type export struct {
	name  string
	comma rune
	// eol ends records; cell breaks are always LF, as both programs write them.
	eol string
	// encoding is utf-8, utf-16le or utf-16be.
	encoding string
	bom      bool
	// sep writes a first line "sep=…".
	sep bool
	// quoteAll puts every text into quotes, as LibreOffice does when asked to.
	quoteAll bool
	// columns too many, and blank records at the end, as a spreadsheet writes them that was once larger.
	extra, blank int
	// short drops the empty cells at the end of a record, as Excel does beyond the first rows.
	short bool
	// noLast leaves the last record without a line end.
	noLast bool
	header []string
}

func exports() []export {
	english := []string{"user", "blob", "policy", "guest_state_blob", "license", "priority", "department", "notes"}
	spaced := []string{"User", "Blob", "Policy", "Guest State Blob", "License", "Priority", "Department", "Notes"}
	upn := []string{"UserPrincipalName", "BlobPath", "TargetPolicy", "VMGS", "SKU", "PRIORITY", "DEPARTMENT", "NOTES"}
	dashed := []string{"assigned-user", "blob-path", "provisioning-policy", "guest-state-blob", "licence", "priority", "department", "notes"}
	return []export{
		{name: "excel-en-csv-utf8", comma: ',', eol: "\r\n", encoding: "utf-8", bom: true, header: english},
		{name: "excel-en-unicode-text", comma: '\t', eol: "\r\n", encoding: "utf-16le", bom: true, header: spaced},
		{name: "excel-en-trailing-columns", comma: ',', eol: "\r\n", encoding: "utf-8", bom: true, extra: 3, blank: 4, header: upn},
		{name: "excel-en-sep-line", comma: ',', eol: "\r\n", encoding: "utf-8", sep: true, header: english},
		{name: "excel-mac-en-cr", comma: ',', eol: "\r", encoding: "utf-8", bom: true, header: spaced},
		{name: "libreoffice-en-utf8", comma: ',', eol: "\n", encoding: "utf-8", header: english},
		{name: "excel-de-csv-utf8", comma: ';', eol: "\r\n", encoding: "utf-8", bom: true, header: spaced},
		{name: "excel-de-unicode-text", comma: '\t', eol: "\r\n", encoding: "utf-16le", bom: true, blank: 2, header: upn},
		{name: "excel-de-sep-line", comma: ';', eol: "\r\n", encoding: "utf-8", bom: true, sep: true, header: english},
		{name: "libreoffice-de-quoted", comma: ';', eol: "\n", encoding: "utf-8", quoteAll: true, header: dashed},
		{name: "excel-fr-csv-utf8", comma: ';', eol: "\r\n", encoding: "utf-8", bom: true, extra: 1, header: upn},
		{name: "excel-fr-short-records", comma: ';', eol: "\r\n", encoding: "utf-8", bom: true, short: true, noLast: true, header: english},
		{name: "libreoffice-fr-utf16", comma: ';', eol: "\n", encoding: "utf-16le", bom: true, header: spaced},
		{name: "libreoffice-fr-tab", comma: '\t', eol: "\n", encoding: "utf-8", header: dashed},
		{name: "excel-ja-csv-utf8", comma: ',', eol: "\r\n", encoding: "utf-8", bom: true, header: english},
		{name: "excel-ja-unicode-text", comma: '\t', eol: "\r\n", encoding: "utf-16le", bom: true, extra: 2, header: spaced},
		{name: "libreoffice-ja-quoted-crlf", comma: ',', eol: "\r\n", encoding: "utf-8", quoteAll: true, noLast: true, header: upn},
		{name: "excel-pl-csv-utf8", comma: ';', eol: "\r\n", encoding: "utf-8", bom: true, short: true, blank: 1, header: dashed},
		{name: "libreoffice-pl-utf16be", comma: ';', eol: "\r\n", encoding: "utf-16be", bom: true, quoteAll: true, header: english},
		{name: "libreoffice-pl-sep-quoted", comma: '\t', eol: "\n", encoding: "utf-8", sep: true, quoteAll: true, header: spaced},
	}
}

// corpus is the wave that all of them hold, and on which line of the sheet's text each row starts.
func corpus() (rows [][]string, lines []int) {
	return [][]string{
		{"anna.muller@contoso.com", "vhds/anna/os.vhd", "Zürich – Büro", "", "CPC_E_2C_8GB_128GB", "10", "Geschäftsführung", ""},
		{"beaute@contoso.fr", "vhds/élodie/os.vhd", "Siège, 1er étage; côté cour", "vhds/élodie/état.vmgs", "", "-5", "Qualité", "dit « d'accord »"},
		{"86d70dbb-d4c6-4662-ba17-3014204cbb28", "vhds/tanaka/os.vhd", "東京オフィス", "", "", "", "営業部", "一行目\n二行目\n\n四行目"},
		{"zolw@contoso.pl", "https://contoso.blob.core.windows.net/vhds/%C5%BC%C3%B3%C5%82w/os.vhd", "Kraków", "", "Windows_365_Enterprise_16_vCPU,_64_GB,_512_GB", "0", "Księgowość", `nazywa się "żółw"; tak, naprawdę`},
		{"o'hara@contoso.com", "vhds/o hara/os.vhd", "Head Office", "", "", "+3", "", "tab\there"},
		{"😀.last@contoso.com", "vhds/last/os.vhd", "Head Office", "", "", "", "", ""},
	}, []int{2, 3, 4, 8, 9, 10}
}

func (e export) bytes() []byte {
	var b strings.Builder
	if e.sep {
		line := "sep=" + string(e.comma)
		if e.quoteAll {
			line = `"` + line + `"`
		}
		b.WriteString(line + e.eol)
	}
	rows, _ := corpus()
	records := append([][]string{e.header}, rows...)
	for range e.blank {
		records = append(records, make([]string, len(e.header)))
	}
	for i, cells := range records {
		cells = append(append([]string(nil), cells...), make([]string, e.extra)...)
		for e.short && i > 0 && len(cells) > 1 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		for j, c := range cells {
			if j > 0 {
				b.WriteRune(e.comma)
			}
			if strings.ContainsRune(c, e.comma) || strings.ContainsAny(c, "\"\n") || e.quoteAll && c != "" {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		if !e.noLast || i < len(records)-1 {
			b.WriteString(e.eol)
		}
	}
	return e.encode(b.String())
}

func (e export) encode(s string) []byte {
	if e.bom {
		s = "\uFEFF" + s
	}
	if e.encoding == "utf-8" {
		return []byte(s)
	}
	var order binary.AppendByteOrder = binary.LittleEndian
	if e.encoding == "utf-16be" {
		order = binary.BigEndian
	}
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

// Twenty files as Excel and LibreOffice write them in five locales hold one wave.
func TestRead_Corpus(t *testing.T) {
	t.Parallel()
	want, lines := corpus()
	all := exports()
	if len(all) != 20 {
		t.Fatalf("%d exports", len(all))
	}
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "corpus", e.name+".csv")
			if *update {
				if err := os.WriteFile(path, e.bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(data, e.bytes()) {
				t.Fatal("the file is not what its description says: git may have changed its line ends (see .gitattributes)")
			}
			f, findings := reading.Read(path, data, wave.Options{})
			if len(findings) != 0 {
				t.Fatalf("%+v", findings)
			}
			dialect := wave.Dialect{Encoding: e.encoding, Comma: e.comma}
			if diff := cmp.Diff(dialect, f.Dialect); diff != "" {
				t.Errorf("dialect (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(e.header, f.Columns); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
			var cells [][]string
			for i, r := range f.Rows {
				cells = append(cells, r.Cells)
				line := lines[i]
				if e.sep {
					line++
				}
				if r.Line != line || r.Index != i {
					t.Errorf("row %d is on line %d, want %d", r.Index, r.Line, line)
				}
			}
			if diff := cmp.Diff(want, cells); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
			first, _ := reading.Read("", all[0].bytes(), wave.Options{})
			if diff := cmp.Diff(first.Rows, f.Rows, cmpopts.IgnoreFields(wave.Row{}, "Line")); diff != "" {
				t.Errorf("rows (-first +this):\n%s", diff)
			}
		})
	}
}
