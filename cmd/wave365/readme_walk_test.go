//go:build !race

package main

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// walker types the commands of the README in a copy of the project's files, with an empty home.
type walker struct {
	t   *testing.T
	dir string
}

// types runs one command and gives its two streams. The exit code must be want.
func (w walker) types(want int, args ...string) (out, errs string) {
	w.t.Helper()
	cmd := tool(w.dir, args...)
	cmd.Env = []string{"HOME=" + filepath.Join(w.dir, "home"), "PATH=" + os.Getenv("PATH"), beTheTool + "=1", "NO_COLOR=1"}
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		w.t.Errorf("wave365 %s: exit %d, want %d\n%s\n%s", strings.Join(args, " "), got, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

// masked makes what differs from one evening to the next, and how lines are folded, the same: IDs of runs, times of day and
// durations.
func masked(text string) string {
	for _, m := range []struct{ pattern, name string }{
		{`\d{8}-\d{4}-[0-9a-f]{4}`, "RUN"}, {`\b\d\d:\d\d(:\d\d)?\b`, "TIME"}, {`\b(\d+h)?\d+m(\d+s)?\b`, "LASTING"}, {`\s+`, " "},
	} {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.name)
	}
	return strings.TrimSpace(text)
}

// prints reports whether a command printed the lines of a block, in order; a line that begins with an ellipsis stands for
// anything.
func (w walker) prints(printed, block string) {
	w.t.Helper()
	printed = masked(printed)
	for _, part := range regexp.MustCompile(`(?m)^… .*$`).Split(block, -1) {
		part = masked(part)
		_, after, found := strings.Cut(printed, part)
		if !found {
			w.t.Errorf("the README has\n%s\nand the program printed\n%s", part, printed)
			return
		}
		printed = after
	}
}

// TestReadmeWalk goes through the README from top to bottom: the demo prints what stands there, and every other command
// that the sample's tenant can answer works where the one before it has left things. A tenant of one's own is stood in for by the
// sample's. As with the scripts, it is the program as it is that is walked with: the tenants' time runs thousands of times faster
// than the wall clock.
func TestReadmeWalk(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	w := walker{t, t.TempDir()}
	if err := errors.Join(os.Mkdir(filepath.Join(w.dir, "home"), 0o700), os.CopyFS(filepath.Join(w.dir, "waves"), os.DirFS("../../waves"))); err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)\n```[a-z]*\n(.*?)\n```\n").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, m[1])
	}
	block := func(begins string) string {
		i := slices.IndexFunc(blocks, func(b string) bool { return strings.HasPrefix(b, begins) })
		if i < 0 {
			t.Fatalf("no block of the README begins with %q", begins)
		}
		return blocks[i]
	}

	// What make demo does, ten times as fast.
	demo := []string{"--sandbox", "--sandbox-speed", "6000", "--ledger", ".wave365/demo/ledger.db"}
	out, _ := w.types(exitInvalid, append([]string{"validate", "waves/friday.csv"}, demo...)...)
	w.prints(out, block("ERROR  vhd.dynamic"))
	out, errs := w.types(exitFailedRows, append([]string{"run", "waves/friday.csv", "--skip-invalid", "--yes", "--slots", "8"}, demo...)...)
	// The screen that follows is drawn on terminals only.
	plan := regexp.MustCompile(`(?s)\n\n\d\d:\d\d:\d\d  .*`).ReplaceAllString(block("Plan for"), "")
	w.prints(errs, plan)
	w.prints(out, block("FAILED  import.failed"))

	// The rest, on a tenant that stays.
	sandbox := "--sandbox=" + startTenant(t, w.dir, filepath.Join(w.dir, "waves", "friday.tenant.yaml"), "6000")
	evening := "--sandbox=" + startTenant(t, t.TempDir(), filepath.Join(w.dir, "waves", "evening.tenant.yaml"), "6000")
	run, left := "", commandLines(string(text))
	for _, step := range readmeSteps() {
		if !slices.Contains(commandLines(string(text)), step.line) {
			t.Errorf("the README does not have the command %q", step.line)
		}
		left = slices.DeleteFunc(left, func(line string) bool { return line == step.line })
		typed := cmp.Or(step.as, strings.NewReplacer("--storage-account contosovhds", sandbox, " friday.csv", " waves/friday.csv").Replace(step.line)) + " " + step.with
		typed = strings.NewReplacer("\"", "", "SANDBOX", sandbox, "EVENING", evening, "20261127-1800-ab12", run, "RUN", run, "ada@contoso.com", step.user).Replace(typed)
		out, _ := w.types(step.code, strings.Fields(typed)[1:]...)
		if m := regexp.MustCompile(`reports/friday-([0-9a-f-]+)/`).FindStringSubmatch(out); run == "" && m != nil {
			run = m[1]
		}
		if out == "" && step.code != exitNothing {
			t.Errorf("%s: nothing was printed", step.line)
		}
	}
	for _, line := range slices.Compact(slices.Sorted(slices.Values(left))) {
		if notTyped()[line] == "" {
			t.Errorf("the README has the command %q, which is neither typed here nor listed with the reason why not", line)
		}
	}
	for line := range notTyped() {
		if !slices.Contains(left, line) {
			t.Errorf("%q is listed as not typed, and the README does not have it, or it is typed", line)
		}
	}
}

// notTyped are commands of the README that the walk does not type, and why.
func notTyped() map[string]string {
	const database = "needs PostgreSQL; the tests of the fleet type it"
	return map[string]string{
		"wave365 retry 20261127-0439-e51c --ledger .wave365/demo/ledger.db":                                                 "stands in what the demo prints, which is compared",
		"wave365 deprovision --row jan.kowalski@nordwind.example --run 20261127-0439-e51c --ledger .wave365/demo/ledger.db": "stands in what the demo prints, which is compared",
		"wave365 run my.csv --sandbox":                        "is what the demo types, with another wave",
		"wave365 sandbox --scenario waves/friday.tenant.yaml": "serves until it is stopped: the walk's tenants are started so",
		"wave365 ledger copy":                                 "is named without its arguments",
		"wave365 worker --database postgres://wave365@db.example.com/fleet --credentials fleet.yaml":                       database,
		"wave365 submit waves/friday.csv --ledger 'postgres://ada@db.example.com/fleet?ledger=contoso' --at \"fri 18:00\"": database,
		"wave365 fleet --database postgres://ada@db.example.com/fleet":                                                     database,
	}
}

// step is a command of the README, what is typed in its place where it has placeholders, the flags that a sandbox needs
// besides, and how it ends there. RUN is the run of the walk, user stands in for Ada.
type step struct {
	line, as, with string
	code           int
	user           string
}

func readmeSteps() []step {
	return []step{
		{line: "wave365 resume --ledger .wave365/demo/ledger.db", code: exitNothing},
		{line: "wave365 completion bash"},
		{line: "wave365 help evening"},
		{line: "wave365 help wave-file"},
		{line: "wave365 template --out friday.csv", as: "wave365 template --out empty.csv"},
		{line: "wave365 doctor --storage-account contosovhds", with: "--record evening.jsonl"},
		{line: "wave365 pilot evening.jsonl"},
		{line: "wave365 validate --explain vhd.dynamic"},
		{line: "wave365 validate friday.csv --storage-account contosovhds", code: exitInvalid},
		{line: "wave365 plan     friday.csv --storage-account contosovhds --canary 2 --out friday.plan.json", with: "--skip-invalid"},
		// One of the two canaries is a row that the scenario lets fail.
		{line: "wave365 run      friday.csv --storage-account contosovhds --plan friday.plan.json", with: "--yes", code: exitHalted},
		{line: "wave365 status"},
		{line: "wave365 runs"},
		{line: "wave365 resume", with: "--canary 0", code: exitFailedRows},
		{line: "wave365 retry", with: "--yes", code: exitFailedRows},
		{line: "wave365 report"},
		{line: "wave365 report [RUN]", as: "wave365 report RUN"},
		{line: "wave365 report verify DIR", as: "wave365 report verify reports/friday-RUN"},
		{line: "wave365 report compare RUN RUN"},
		{line: "wave365 notify --dry-run DIR", as: "wave365 notify --dry-run messages"},
		{line: "wave365 notify RUN --notify-from it@contoso.com", as: "wave365 notify RUN --notify-from anna.keller@nordwind.example", with: "--yes"},
		{line: "wave365 close", with: "--yes"},
		{line: "wave365 policy list", with: "SANDBOX"},
		{line: "wave365 policy apply -f waves/evening.policy.yaml", with: "EVENING --yes"},
		{line: "wave365 image list", with: "SANDBOX"},
		{line: "wave365 setting list", with: "SANDBOX"},
		{line: "wave365 license list --wave friday.csv", with: "SANDBOX"},
		{line: "wave365 cloudpc list", with: "SANDBOX"},
		{line: "wave365 purge --run 20261127-1800-ab12", with: "--yes"},
		{line: "wave365 undo --row ada@contoso.com", with: "--yes", user: "mei.chen@nordwind.example"},
		{line: "wave365 undo --groups", with: "--yes", code: exitNothing},
		{line: "wave365 deprovision --user ada@contoso.com", with: "SANDBOX --yes", user: "rafael.moreno@nordwind.example"},
		{line: "wave365 rehearse friday.csv", with: "--offline", code: exitFailedRows},
		{line: "wave365 rehearse friday.csv --faults storm", with: "--offline", code: exitFailedRows},
		{line: "wave365 rehearse --sample"},
		{line: "wave365 sandbox generate --rows 1000"},
		{line: "wave365 worker --help"},
		{line: "wave365 ledger copy .wave365/ledger.db friday.db", with: "--yes"},
	}
}
