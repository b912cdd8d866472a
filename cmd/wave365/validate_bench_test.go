package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/sandbox/generate"
)

// BenchmarkValidate10000 is `wave365 validate` of ten thousand rows as it is used: a process of its own, against a sandbox
// that is another. Start, reading the file and printing the answer are in the time; processor time and memory are those of
// the validating process, the latter the most that it held, which is told on Linux only. The aim is 1,500 rows a second and
// less than 150 MB.
func BenchmarkValidate10000(b *testing.B) {
	const rows = 10_000
	dir := b.TempDir()
	csv, scenario, err := generate.Wave(rows, 1, false)
	if err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{"wave.csv": csv, "wave.tenant.yaml": scenario} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	url := startTenant(b, dir, "wave.tenant.yaml", "600")
	var took, busy, held []float64
	for b.Loop() {
		cmd := tool(dir, "validate", "wave.csv", "--sandbox="+url)
		began := time.Now()
		out, err := cmd.Output()
		took = append(took, time.Since(began).Seconds())
		// Its time runs on between the rounds, and network checks grow old: warnings are fine.
		if err != nil || !strings.Contains(string(out), "10000 rows checked: the wave may run") {
			b.Fatalf("%v\n%s", err, out)
		}
		busy = append(busy, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		held = append(held, mostHeld(cmd.ProcessState))
	}
	slices.Sort(took)
	slices.Sort(busy)
	b.ReportMetric(rows/took[len(took)/2], "rows/s")
	b.ReportMetric(busy[len(busy)/2], "cpu-s")
	if most := slices.Max(held); most > 0 {
		b.ReportMetric(most, "MB-held")
	}
}
