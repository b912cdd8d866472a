//go:build ignore

// Bench runs what is promised about speed and memory, one figure after the other, and prints one table: figure, target,
// value. It judges nothing by its exit code: figures depend on the machine, and a person reads them. A figure that could
// not be had says why. Arguments choose figures by a part of their names; none: all.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// source is one run of go test that gives figures.
type source struct {
	pkg   string
	bench string // a benchmark, run for times
	times string
	test  string // or a test that logs its figures
	env   string
	gives []figure
}

// figure is one line of the table.
type figure struct {
	name string
	// unit is the metric's, or a regular expression with one group on what a test logs.
	unit   string
	target string
	show   string
}

var sources = []source{
	{pkg: "./cmd/wave365", bench: "Validate10000", times: "1x", gives: []figure{
		{"validate 10,000 rows on the sandbox", "rows/s", "", "%.0f rows/s"}, {"  memory", "MB-held", "", "%.0f MB"}}},
	{pkg: "./pkg/preflight", bench: "CheckAzurite", times: "1x", gives: []figure{
		{"validate on Azurite, by what bare reads of the same bytes reach", "%ofGET", "", "%.0f %%"}}},
	{pkg: "./pkg/ledger", bench: "Transition", times: "2000x", gives: []figure{
		{"a transition, by a bare durable commit", "x-bare", "at most 1.6", "%.2f"}}},
	{pkg: "./cmd/wave365", bench: "Resume10000", times: "2x", gives: []figure{
		{"resume of 10,000 rows, to the first request about a row", "rows-s", "at most 0.5 s", "%.2f s"}, {"  memory", "rows-MB", "at most 80 MB", "%.0f MB"}}},
	{pkg: "./pkg/runner/simtest", test: "TestSpeed", env: "WAVE365_ROWS=3000", gives: []figure{
		{"makespan of 3,000 rows, by its lower bound", `ratio ([0-9.]+)`, "at most 1.03 at 10,000", "%.4f"},
		{"  Graph requests a user", `([0-9.]+) Graph requests`, "at most 12", "%.2f"}, {"  HTTP calls a user", `in ([0-9.]+) HTTP calls`, "at most 5.75", "%.2f"}}},
	{pkg: "./pkg/runner/simtest", test: "TestForecast", env: "WAVE365_EVENINGS=500", gives: []figure{
		{"500 evenings: the end lies in the range of the start", `start in ([0-9]+) %`, "at least 90 %", "%.0f %%"},
		{"  is within 15 % of what is likely after a third", `a third in ([0-9]+) %`, "at least 80 %", "%.0f %%"}}},
	{pkg: "./pkg/report", bench: "Write10000", times: "2x", gives: []figure{
		{"report of 10,000 rows", "ns/op", "at most 2 s", "%.2f s"}, {"  memory", "peak-MB", "", "%.0f MB"}}},
	{pkg: "./pkg/report", bench: "FirstPaint10000", times: "2x", gives: []figure{
		{"its page: first paint", "first-paint-ms", "at most 1500 ms", "%.0f ms"}, {"  filter", "filter-ms", "", "%.0f ms"}, {"  search", "search-ms", "", "%.0f ms"}}},
	{pkg: "./pkg/sandbox", bench: "Reads", times: "2s", gives: []figure{{"sandbox, reads over loopback", "req/s", "", "%.0f a second"}}},
	{pkg: "./pkg/estimate", bench: "Left10000", times: "50x", gives: []figure{{"forecast of 10,000 rows", "ns/op", "", "%.3f s"}}},
}

type line struct{ name, target, value string }

func main() {
	var table []line
	began := time.Now()
	for _, s := range sources {
		if !wanted(s.gives[0].name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%5.0f s  %s …\n", time.Since(began).Seconds(), s.gives[0].name)
		out, err := s.run()
		for _, f := range s.gives {
			table = append(table, line{f.name, f.target, f.value(out, err)})
		}
	}
	table = append(table, programs()...)
	wide := 0
	for _, l := range table {
		wide = max(wide, len(l.name))
	}
	for _, l := range table {
		fmt.Printf("%-*s  %-24s  %s\n", wide, l.name, l.target, l.value)
	}
	fmt.Printf("\n%s/%s, %d CPUs, %s, in %.0f s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), time.Since(began).Seconds())
}

func wanted(name string) bool {
	return len(os.Args) == 1 || slices.ContainsFunc(os.Args[1:], func(a string) bool { return strings.Contains(name, a) })
}

func (s source) run() (string, error) {
	args := []string{"test", "-count=1", "-timeout", "10m", s.pkg}
	if s.bench != "" {
		args = append(args, "-run", "^$", "-bench", "^Benchmark"+s.bench+"$", "-benchtime", s.times)
	} else {
		args = append(args, "-v", "-run", "^"+s.test+"$")
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if s.env != "" {
		cmd.Env = append(cmd.Env, s.env)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (f figure) value(out string, err error) string {
	pattern := f.unit
	if !strings.Contains(pattern, "(") {
		pattern = `([0-9.]+) ` + regexp.QuoteMeta(f.unit) + `\b`
	}
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		if strings.Contains(out, "SKIP") || strings.Contains(out, "skipping") || err == nil {
			return "not measured here (what it needs is missing)"
		}
		return "failed: " + strings.TrimSpace(lastLine(out))
	}
	v, _ := strconv.ParseFloat(all[len(all)-1][1], 64)
	if f.unit == "ns/op" {
		v /= 1e9
	}
	text := fmt.Sprintf(f.show, v)
	if err != nil {
		text += "  (its test failed)"
	}
	return text
}

func lastLine(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}

// programs says how large what make build made is, and how quickly it answers.
func programs() []line {
	var lines []line
	files, _ := filepath.Glob("bin/wave365*")
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.IsDir() {
			continue
		}
		var took []time.Duration
		for range 20 {
			start := time.Now()
			if exec.Command(file, "version").Run() != nil {
				break
			}
			took = append(took, time.Since(start))
		}
		lines = append(lines, line{file, "wave365: under 24 MB", fmt.Sprintf("%.1f MB (%d bytes)", float64(info.Size())/1e6, info.Size())})
		if len(took) > 0 {
			slices.Sort(took)
			lines = append(lines, line{"  version", "under 15 ms", fmt.Sprintf("%d ms", took[len(took)/2].Milliseconds())})
		}
	}
	return lines
}
