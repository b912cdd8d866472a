package report_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/report"
	"wave365/pkg/report/browsertest"
	"wave365/pkg/report/reporttest"
)

// TestCSV_opensInASpreadsheet opens the files in LibreOffice with a point and with a comma as decimal separator: every
// cell is as it was written, and nothing is calculated.
func TestCSV_opensInASpreadsheet(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts an office")
	}
	if _, err := exec.LookPath("soffice"); err != nil {
		browsertest.Missing(t, "there is no LibreOffice on this machine")
	}
	a := reporttest.Sample()
	for i, cell := range []string{"=1+1", "+41 44 123", "-2", "@SUM(1;2)", "two\nlines", `"quoted"; 1,5`, "Zoë – 日本 👩‍💻"} {
		r := &a.Rows[i]
		r.Input = slices.Clone(r.Input)
		r.Input[5] = cell
		r.Target.Disk.Virtual = 127<<30 + 1<<29
	}
	dir := t.TempDir()
	if err := report.Write(dir, a); err != nil {
		t.Fatal(err)
	}
	for _, locale := range []string{"en_US", "de_DE"} {
		out := t.TempDir()
		args := []string{
			"-env:UserInstallation=file://" + filepath.ToSlash(t.TempDir()), "--headless", "--infilter=CSV:44,34,76,1",
			"--convert-to", "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,true,false", "--outdir", out,
		}
		for _, name := range []string{report.FileResults, report.FileFailed, report.FileFindings} {
			args = append(args, filepath.Join(dir, name))
		}
		cmd := exec.CommandContext(t.Context(), "soffice", args...)
		cmd.Env = append(os.Environ(), "LC_ALL="+locale+".UTF-8", "LANG="+locale+".UTF-8")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, name := range []string{report.FileResults, report.FileFailed, report.FileFindings} {
			want, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(read(t, dir, name), "\ufeff"))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			r := csv.NewReader(bytes.NewReader([]byte(read(t, out, name))))
			r.Comma, r.FieldsPerRecord = '\t', -1
			got, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s in %s: %s", name, locale, diff)
			}
		}
	}
}
