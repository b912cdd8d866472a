package tables_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/report/tables"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

func linesOf(t *testing.T, b []byte) [][]string {
	t.Helper()
	if !bytes.HasPrefix(b, []byte("\ufeff")) {
		t.Fatal("no byte order mark")
	}
	if bytes.Contains(bytes.ReplaceAll(b, []byte("\r\n"), nil), []byte("\n")) {
		t.Fatal("a line ends in LF alone")
	}
	lines, err := csv.NewReader(bytes.NewReader(b[3:])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestResults_oneLinePerRowInInputOrder(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	var b bytes.Buffer
	if err := tables.Results(&b, a); err != nil {
		t.Fatal(err)
	}
	lines := linesOf(t, b.Bytes())
	header := append(slices.Clone(a.Run.Columns), "status", "step", "reason_code", "reason", "remedy", "started_at",
		"finished_at", "duration_seconds", "import_seconds", "provision_seconds", "snapshot_id", "cloud_pc_id",
		"cloud_pc_name", "disk_gib", "plan_gib", "attempts", "request_id",
		"provisioning_policy_id", "user_setting_id", "group_id", "import_filename", "request_ids")
	if diff := cmp.Diff(header, lines[0]); diff != "" {
		t.Error(diff)
	}
	if len(lines) != 1+len(a.Rows) {
		t.Fatalf("%d lines for %d rows", len(lines), len(a.Rows))
	}
	for i, r := range a.Rows {
		if diff := cmp.Diff(r.Input, lines[i+1][:len(r.Input)]); diff != "" {
			t.Errorf("row %d: %s", i, diff)
		}
	}
	cell := func(row int, column string) string { return lines[row+1][slices.Index(header, column)] }
	for _, c := range []struct {
		row          int
		column, want string
	}{
		{0, "status", "succeeded"}, {0, "reason_code", ""}, {0, "attempts", "1"}, {0, "disk_gib", "128"},
		{0, "started_at", "2026-03-06T18:30:20Z"}, {0, "plan_gib", "128"}, {0, "step", "prove"},
		{2, "status", "warned"}, {2, "reason_code", "cloudpc.warnings"},
		{3, "status", "succeeded"}, {3, "attempts", "2"},
		{5, "status", "skipped"}, {5, "reason_code", "vhd.dynamic"}, {5, "started_at", ""}, {5, "duration_seconds", ""},
		{8, "status", "failed"}, {8, "reason_code", "import.failed"}, {8, "cloud_pc_id", ""},
		{13, "reason_code", "provision.failed"}, {15, "reason_code", "proof.not-from-snapshot"},
		{20, "status", "held"}, {22, "status", "cancelled"}, {23, "status", "deferred"}, {23, "reason_code", "stop-by"},
	} {
		if got := cell(c.row, c.column); got != c.want {
			t.Errorf("row %d, %s: got %q, want %q", c.row, c.column, got, c.want)
		}
	}
	if cell(8, "request_id") != a.Rows[8].Problem.RequestID || cell(0, "request_id") == "" {
		t.Errorf("request ids: %q and %q", cell(8, "request_id"), cell(0, "request_id"))
	}
}

func TestFailed_loadsAsAWave(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	a.Run.Columns = append(slices.Clone(a.Run.Columns), "Cost Centre", "x_wave365_status")
	for i := range a.Rows {
		a.Rows[i].Input = append(slices.Clone(a.Rows[i].Input), "4711", "failed")
	}
	a.Rows[8].Input[5] = "=1+1"
	a.Rows[13].Input[5] = "line one\nline two, \"quoted\""
	a.Rows[23].Input[5] = "'-quoted already"
	var b bytes.Buffer
	if err := tables.Failed(&b, a); err != nil {
		t.Fatal(err)
	}
	header := linesOf(t, b.Bytes())[0]
	want := []string{"User", "Blob", "Policy", "Licence", "Department", "Notes", "x_ticket", "x_Cost Centre", "x_wave365_status", "x_wave365_reason"}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Error(diff)
	}
	file, findings := reading.Read("failed", b.Bytes(), wave.Options{})
	for _, f := range findings {
		if f.Severity == wave.Error && f.Code != "user.duplicate" && f.Code != "blob.duplicate" {
			t.Errorf("line %d: %s %s: %s", f.Line, f.Code, f.Column, f.Message)
		}
	}
	if file == nil {
		t.Fatal("failed.csv is not a wave")
	}
	var loose []migration.Row
	for _, r := range a.Rows {
		if slices.Contains([]migration.State{migration.Failed, migration.Deferred, migration.Skipped, migration.Cancelled}, r.State) {
			loose = append(loose, r)
		}
	}
	if len(file.Rows) != len(loose) || len(loose) != 9 {
		t.Fatalf("%d rows in the wave, %d rows without a Cloud PC, want 9", len(file.Rows), len(loose))
	}
	for i, r := range loose {
		got := file.Rows[i]
		if diff := cmp.Diff(r.Input[:8], got.Cells[:8]); diff != "" {
			t.Errorf("row %d does not survive the round trip: %s", r.Index, diff)
		}
		if got.User != r.Input[0] || got.Notes != r.Input[5] {
			t.Errorf("row %d: %q %q", r.Index, got.User, got.Notes)
		}
	}
}

// A user whose line was removed from the wave file on purpose does not return with failed.csv.
func TestFailed_removedLines(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	const cancelled = 22
	r := &a.Rows[cancelled]
	gone := migration.Remove(migration.Row{State: migration.Pending, Input: r.Input, Target: r.Target}, time.Time{}).To()
	for _, tc := range []struct {
		row  migration.Row
		want int
	}{{*r, 1}, {gone, 0}} {
		a.Rows = []migration.Row{tc.row}
		var b bytes.Buffer
		if err := tables.Failed(&b, a); err != nil {
			t.Fatal(err)
		}
		if got := len(linesOf(t, b.Bytes())) - 1; tc.row.State != migration.Cancelled || got != tc.want {
			t.Errorf("%s, removed %v: %d lines in failed.csv, want %d", tc.row.State, tc.row.Removed(), got, tc.want)
		}
	}
}

// TestFailed_skipped: a row that another run has is left to that run; every other skipped row is corrected in the file.
func TestFailed_skipped(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		problem migration.Problem
		want    string
	}{
		{migration.Problem{Code: "blob.not-found", Message: "it is not there", Hint: "upload it"}, "it is not there · upload it; correct the row here, then: wave365 validate "},
		{migration.Problem{Code: "blob.not-found", Message: "it is not there"}, "it is not there · correct the row here, then: wave365 validate "},
		{
			migration.Problem{Code: "user.has-import", Message: "an import", Hint: "purge it", Commands: []fault.Command{fault.NewCommand("purge", "--id", "i1")}},
			"an import · purge it: wave365 purge --id i1; correct the row here, then: wave365 validate ",
		},
		{
			migration.Problem{Code: "user.in-other-run", Message: "it failed there", Hint: "retry it there", Commands: []fault.Command{fault.NewCommand("retry", "--row", "ada@contoso.com").For("r0")}},
			"it failed there · retry it there: wave365 retry r0 --row ada@contoso.com",
		},
	} {
		a := reporttest.Sample()
		at := slices.IndexFunc(a.Rows, func(r migration.Row) bool { return r.State == migration.Skipped })
		a.Rows = a.Rows[at : at+1]
		a.Rows[0].Problem = &tc.problem
		var b bytes.Buffer
		if err := tables.Failed(&b, a); err != nil {
			t.Fatal(err)
		}
		line := linesOf(t, b.Bytes())[1]
		got := line[len(line)-1]
		if !strings.HasPrefix(got, tc.want) || strings.Contains(got, "correct the row") != strings.Contains(tc.want, "correct the row") {
			t.Errorf("%s: %q, want %q", tc.problem.Code, got, tc.want)
		}
	}
}

// TestCSV_nothingRuns: no cell of any file begins with what a spreadsheet would execute.
func TestCSV_nothingRuns(t *testing.T) {
	t.Parallel()
	a := reporttest.Hostile()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"results":  func(b *bytes.Buffer) error { return tables.Results(b, a) },
		"failed":   func(b *bytes.Buffer) error { return tables.Failed(b, a) },
		"findings": func(b *bytes.Buffer) error { return tables.Findings(b, a) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			for i, line := range linesOf(t, b.Bytes()) {
				for _, cell := range line {
					if strings.ContainsRune("=+-@\t\r", []rune(cell + "x")[0]) {
						t.Errorf("line %d: %.40q would run", i+1, cell)
					}
				}
			}
		})
	}
}

// What would steer a terminal on which the file is printed is made visible, whoever wrote it; failed.csv keeps the cells
// of the wave, because it is one again.
func TestCSV_steersNoTerminal(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	const evil = "a\x1b[2J\u202eb\x00"
	a.Rows = slices.Clone(a.Rows)
	for i := range a.Rows {
		a.Rows[i].Facts.CloudPCName = evil
		a.Rows[i].Input = slices.Clone(a.Rows[i].Input)
		a.Rows[i].Input[len(a.Rows[i].Input)-1] = evil
	}
	a.Findings = slices.Clone(a.Findings)
	for i := range a.Findings {
		a.Findings[i].Value, a.Findings[i].Message = evil, evil
	}
	for name, write := range map[string]func(io.Writer, summary.Record) error{"results": tables.Results, "findings": tables.Findings} {
		var b bytes.Buffer
		if err := write(&b, a); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(strings.TrimPrefix(b.String(), "\ufeff"), func(r rune) bool { return r == 0x1b || r == 0x202e || r == 0 }); i >= 0 {
			t.Errorf("%s: %q", name, b.String()[max(0, i-20):i+20])
		}
		if !strings.Contains(b.String(), "a[U+001B][2J[U+202E]b[U+0000]") {
			t.Errorf("%s does not show what was there", name)
		}
	}
	var b bytes.Buffer
	if err := tables.Failed(&b, a); err != nil || !strings.Contains(b.String(), evil) {
		t.Errorf("failed.csv changed a cell of the wave, or %v", err)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	a := reporttest.Sample()
	if err := tables.Findings(&b, a); err != nil {
		t.Fatal(err)
	}
	lines := linesOf(t, b.Bytes())
	if len(lines) != 1+len(a.Findings) {
		t.Fatalf("%d lines for %d findings", len(lines), len(a.Findings))
	}
	if diff := cmp.Diff([]string{"error", "vhd.dynamic", "7", "blob"}, lines[1][:4]); diff != "" {
		t.Error(diff)
	}
}
