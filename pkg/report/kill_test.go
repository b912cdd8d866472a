package report_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"wave365/pkg/report"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
)

// writerDir names the folder in the environment of the process that is killed.
const writerDir = "WAVE365_TEST_WRITER_DIR"

// TestWriter is not a test: it is the process that TestWrite_killed kills. It writes two records alternately.
func TestWriter(t *testing.T) {
	dir := os.Getenv(writerDir)
	if dir == "" {
		return // it runs only in a process of its own
	}
	for _, a := range slices.Repeat([]summary.Record{reporttest.Sample(), reporttest.Running()}, 1000) {
		if err := report.Write(dir, a); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWrite_killed kills a process while it writes: every file is the old one or the new one, and the next write cleans
// up.
func TestWrite_killed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	good := map[string][]string{}
	for _, a := range []summary.Record{reporttest.Sample(), reporttest.Running()} {
		dir := t.TempDir()
		if err := report.Write(dir, a); err != nil {
			t.Fatal(err)
		}
		for _, name := range files() {
			good[name] = append(good[name], read(t, dir, name))
		}
	}
	dir := t.TempDir()
	if err := report.Write(dir, reporttest.Sample()); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestWriter$")
		cmd.Env = append(os.Environ(), writerDir+"="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(150+70*i) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		for _, name := range files() {
			if !slices.Contains(good[name], read(t, dir, name)) {
				t.Errorf("round %d: %s is neither the old file nor the new one", i, name)
			}
		}
	}
	if err := report.Write(dir, reporttest.Sample()); err != nil {
		t.Fatal(err)
	}
	if err := report.Verify(dir); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files()) {
		t.Errorf("%d entries after the cleaning, %v", len(entries), err)
	}
}
