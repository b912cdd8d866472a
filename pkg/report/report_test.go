package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/audit"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
)

var update = flag.Bool("update", false, "rewrite the golden files of the sample report")

// sample is the sample run with an audit chain made by the ledger.
func sample(t testing.TB) summary.Record {
	t.Helper()
	a := reporttest.Sample()
	prev := strings.Repeat("0", 64)
	for i, e := range a.Events {
		body, err := json.Marshal(map[string]any{"reason": e.Reason, "note": e.Note + " <&>"})
		if err != nil {
			t.Fatal(err)
		}
		entry := audit.Entry{
			Seq: int64(10 + 2*i), At: e.At, Kind: "transition", Run: e.Run, Row: e.Row, Body: body, Prev: prev,
		}
		entry.Hash = entry.Sum()
		prev = entry.Hash
		line, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		a.Audit = append(a.Audit, line)
	}
	return a
}

func files() []string {
	return []string{
		report.FilePage, report.FileResults, report.FileFailed, report.FileFindings, report.FileRun, report.FileAudit,
		report.FileManifest,
	}
}

func TestWrite_golden(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "friday")
	if *update {
		if err := report.Write(golden, sample(t)); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := report.Write(dir, sample(t)); err != nil {
		t.Fatal(err)
	}
	for _, name := range files() {
		got, want := read(t, dir, name), read(t, golden, name)
		if got == want {
			continue
		}
		if name == report.FilePage || name == report.FileManifest || name == report.FileAudit {
			t.Errorf("%s has changed; look at it, then go test ./pkg/report -update", name)
			continue
		}
		t.Errorf("%s has changed; if that is wanted: go test ./pkg/report -update\n%s", name, cmp.Diff(want, got))
	}
	if err := report.Verify(golden); err != nil {
		t.Error(err)
	}
}

func TestWrite_sameFactsSameBytes(t *testing.T) {
	t.Parallel()
	one, two := t.TempDir(), t.TempDir()
	for range 2 {
		if err := report.Write(one, sample(t)); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.Write(two, sample(t)); err != nil {
		t.Fatal(err)
	}
	for _, name := range files() {
		if read(t, one, name) != read(t, two, name) {
			t.Errorf("%s differs between two writings of the same facts", name)
		}
	}
}

func TestWrite_leavesNothingElse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "friday-1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".report.html.123.wave365-tmp"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "minutes.txt"), []byte("somebody's own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := report.Write(dir, sample(t)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{
		"audit.jsonl", "failed.csv", "findings.csv", "manifest.sha256", "minutes.txt", "report.html", "results.csv", "run.json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestWrite_failureKeepsTheOldReport: a folder that cannot be written keeps every file as it was.
func TestWrite_failureKeepsTheOldReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := report.Write(dir, sample(t)); err != nil {
		t.Fatal(err)
	}
	before := read(t, dir, report.FileResults)
	if err := os.Remove(filepath.Join(dir, report.FilePage)); err != nil {
		t.Fatal(err)
	}
	// A folder in a file's place: the rename of the first file fails.
	if err := os.MkdirAll(filepath.Join(dir, report.FilePage, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := report.Write(dir, reporttest.Running())
	if err == nil || !strings.Contains(err.Error(), "could not write") {
		t.Fatalf("got %v, want a failure that names the file", err)
	}
	if read(t, dir, report.FileResults) != before {
		t.Error("results.csv was replaced although the report could not be written")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*wave365-tmp")); len(left) > 0 {
		t.Errorf("temporary files were left behind: %v", left)
	}
}

func TestVerify_namesWhatWasTouched(t *testing.T) {
	t.Parallel()
	edit := func(name, old, new string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			text := read(t, dir, name)
			if !strings.Contains(text, old) {
				t.Fatalf("%s does not hold %q", name, old)
			}
			write(t, dir, name, strings.Replace(text, old, new, 1))
		}
	}
	// reseal fixes the manifest, like somebody who knows how it is made.
	reseal := func(t *testing.T, dir string, touch func(*testing.T, string)) {
		touch(t, dir)
		lines := strings.Split(strings.TrimSpace(read(t, dir, report.FileManifest)), "\n")
		for i, line := range lines {
			_, name, _ := strings.Cut(line, "  ")
			lines[i] = sha(read(t, dir, name)) + "  " + name
		}
		write(t, dir, report.FileManifest, strings.Join(lines, "\n")+"\n")
	}
	for name, c := range map[string]struct {
		touch func(*testing.T, string)
		want  string
	}{
		"page":          {edit(report.FilePage, "14 of 23", "23 of 23"), "report.html is not as it was written"},
		"csv":           {edit(report.FileResults, "failed", "succeeded"), "results.csv is not as it was written"},
		"missing":       {func(t *testing.T, dir string) { remove(t, dir, report.FileRun) }, "run.json is listed in the manifest but cannot be read"},
		"endless":       {func(t *testing.T, dir string) { link(t, dir, report.FileResults, "/dev/zero") }, "results.csv is listed in the manifest but cannot be read"},
		"unlisted":      {func(t *testing.T, dir string) { dropLine(t, dir, report.FileManifest, report.FileFailed) }, "failed.csv is missing from the manifest"},
		"no report":     {func(t *testing.T, dir string) { remove(t, dir, report.FileManifest) }, "is not a report folder"},
		"outside":       {edit(report.FileManifest, "run.json", "../run.json"), "is not a hash and a file name"},
		"audit content": {func(t *testing.T, dir string) { reseal(t, dir, edit(report.FileAudit, "Ctrl-C", "nothing")) }, "was touched: its content does not fit its hash"},
		"audit removed": {func(t *testing.T, dir string) {
			reseal(t, dir, func(t *testing.T, dir string) { dropLine(t, dir, report.FileAudit, "Ctrl-C") })
		}, "does not follow"},
		"audit unsealed": {edit(report.FileAudit, "Ctrl-C", "nothing"), "audit.jsonl is not as it was written: entry "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := report.Write(dir, sample(t)); err != nil {
				t.Fatal(err)
			}
			if err := report.Verify(dir); err != nil {
				t.Fatalf("fresh report: %v", err)
			}
			c.touch(t, dir)
			if err := report.Verify(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ wave, id, want string }{
		{"friday", "20260306-k7f3", "friday-20260306-k7f3"},
		{`a/b\c:d`, "1", "a_b_c_d-1"},
		{"..", "1", "-1"},
	} {
		got := summary.Dir("reports", migration.Run{Wave: c.wave, ID: c.id})
		if want := filepath.Join("reports", c.want); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestWrite_noSecret puts secrets in unexpected places and looks for them in every file.
func TestWrite_noSecret(t *testing.T) {
	t.Parallel()
	a := sample(t)
	const sig = "Zm9vYmFyc2VjcmV0c2lnbmF0dXJl"
	secret := "https://acct.blob.core.windows.net/c/d.vhd?sv=2024-11-04&sr=b&sig=" + sig + "%3D&se=2026-03-07"
	a.Rows[0].Note, a.Rows[0].Facts.Proof, a.Rows[1].Target.Notes = secret, secret, secret
	a.Rows[0].Input = append([]string{}, a.Rows[0].Input...)
	a.Rows[0].Input[1] = secret
	a.Shell.Ledger = secret
	big := reporttest.Large(800)
	a.Rows, a.Events = append(a.Rows, big.Rows[24:]...), append(a.Events, big.Events...)
	a.Rows[700].Note, a.Rows[700].Facts.Proof = secret, secret
	dir := t.TempDir()
	if err := report.Write(dir, a); err != nil {
		t.Fatal(err)
	}
	for _, name := range files() {
		if strings.Contains(read(t, dir, name), sig) {
			t.Errorf("%s holds the signature", name)
		}
	}
}

func TestHTML_sizeGuard(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	if err := report.HTML(&page, reporttest.Large(1000)); err != nil {
		t.Fatal(err)
	}
	if page.Len() > 3_000_000 {
		t.Errorf("1,000 users make a page of %d bytes, at most 3,000,000 are wanted", page.Len())
	}
}
