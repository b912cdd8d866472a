package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wave365/pkg/wave"
)

// expectation is expect.json of a case: what went wrong for users of similar tools, and what is right.
type expectation struct {
	Title    string
	Validate *struct {
		Exit      []int
		Rows      *int
		ErrorsOn  []int `json:"errors_on"`
		MaxErrors *int  `json:"max_errors"`
		Find, Not []struct {
			Line     int
			Severity []wave.Severity
			Word     string
		}
	}
	Run *struct {
		Exit     []int
		Done     json.RawMessage // how many, or who
		MinDone  int             `json:"min_done"`
		Accepted *int
		Most     int
		NoCode   []string `json:"no_code"`
	}
}

// TestCases plays what happened to people, each in a tenant of its own, and checks the findings and their lines, who is
// done, and that no import was accepted twice.
func TestCases(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(dirs) < 10 {
		t.Fatalf("%d cases, %v", len(dirs), err)
	}
	for _, from := range dirs {
		t.Run(filepath.Base(from), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "expect.json"))
			if err != nil {
				t.Fatal(err)
			}
			var want expectation
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			url := startTenant(t, dir, "wave.tenant.yaml", "3000")
			if want.Validate != nil {
				want.judgeValidation(t, dir, url)
			}
			if want.Run != nil {
				want.judgeRun(t, dir, url)
			}
			if t.Failed() {
				t.Log("right is: " + want.Title)
			}
		})
	}
}

// answered runs the program and returns its exit code and its output.
func answered(dir string, args ...string) (code int, out []byte) {
	cmd := tool(dir, args...)
	out, _ = cmd.Output()
	return cmd.ProcessState.ExitCode(), out
}

func (e expectation) judgeValidation(t *testing.T, dir, url string) {
	t.Helper()
	want := e.Validate
	code, out := answered(dir, "validate", "wave.csv", "--sandbox="+url, "--json")
	var doc validateDocument
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if !slices.Contains(want.Exit, code) {
		t.Errorf("exit %d, want one of %v", code, want.Exit)
	}
	if want.Rows != nil && doc.Rows != *want.Rows {
		t.Errorf("%d rows, want %d", doc.Rows, *want.Rows)
	}
	var on []int
	for _, f := range doc.Findings {
		if f.Severity == wave.Error && !slices.Contains(on, f.Line) {
			on = append(on, f.Line)
		}
	}
	slices.Sort(on)
	if want.ErrorsOn != nil && !slices.Equal(on, want.ErrorsOn) {
		t.Errorf("errors on lines %v, want %v", on, want.ErrorsOn)
	}
	if want.MaxErrors != nil && doc.Errors > *want.MaxErrors {
		t.Errorf("%d errors, want at most %d: the cause, and not its consequences", doc.Errors, *want.MaxErrors)
	}
	says := func(line int, severities []wave.Severity, word string) bool {
		return slices.ContainsFunc(doc.Findings, func(f wave.Finding) bool {
			return (line == 0 || f.Line == line) && (severities == nil || slices.Contains(severities, f.Severity)) &&
				regexp.MustCompile("(?i)"+word).MatchString(f.Code+" "+f.Message+" "+f.Hint)
		})
	}
	for _, w := range want.Find {
		severities := w.Severity
		if severities == nil {
			severities = []wave.Severity{wave.Error}
		}
		if !says(w.Line, severities, w.Word) {
			t.Errorf("no finding on line %d says /%s/: %v", w.Line, w.Word, doc.Findings)
		}
	}
	for _, w := range want.Not {
		if says(w.Line, nil, w.Word) {
			t.Errorf("a finding on line %d says /%s/", w.Line, w.Word)
		}
	}
}

func (e expectation) judgeRun(t *testing.T, dir, url string) {
	t.Helper()
	want := e.Run
	code, out := answered(dir, "run", "wave.csv", "--sandbox="+url, "--skip-invalid", "--yes", "--json", "--run-id", "case")
	if !slices.Contains(want.Exit, code) {
		t.Errorf("exit %d, want one of %v:\n%s", code, want.Exit, out)
	}
	log, err := os.ReadFile(filepath.Join(dir, "state", "requests.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	accepted, per := 0, map[string]int{}
	for line := range bytes.Lines(log) {
		var q struct{ Effect, User string }
		if json.Unmarshal(line, &q) == nil && q.Effect == "importSnapshot accepted" {
			accepted++
			per[q.User]++
		}
	}
	for user, n := range per {
		if n > max(1, want.Most) {
			t.Errorf("%d imports were accepted for %s", n, user)
		}
	}
	if want.Accepted != nil && accepted != *want.Accepted {
		t.Errorf("%d imports were accepted, want %d", accepted, *want.Accepted)
	}
	var done []string
	for user, row := range reportRows(t, dir) {
		if row.Status == "succeeded" || row.Status == "warned" {
			done = append(done, user)
		}
		if slices.Contains(want.NoCode, row.Code) {
			t.Errorf("%s ends as %s, which is not so", user, row.Code)
		}
	}
	var number int
	var who []string
	switch {
	case want.Done == nil:
	case json.Unmarshal(want.Done, &number) == nil:
		if len(done) != number {
			t.Errorf("%v are done, want %d", done, number)
		}
	case json.Unmarshal(want.Done, &who) == nil:
		for _, u := range who {
			if !slices.Contains(done, u) {
				t.Errorf("%s is not done, only %v", u, done)
			}
		}
	}
	if len(done) < want.MinDone {
		t.Errorf("%v are done, want at least %d", done, want.MinDone)
	}
}

type reportRow struct {
	Status string
	Code   string `json:"reason_code"`
	Input  []string
	Target struct{ User string }
}

// reportRows returns the rows of run.json by the name before the @.
func reportRows(t *testing.T, dir string) map[string]reportRow {
	t.Helper()
	rows := map[string]reportRow{}
	text, err := os.ReadFile(filepath.Join(dir, "reports", "wave-case", "run.json"))
	if os.IsNotExist(err) {
		return rows
	}
	var doc struct{ Rows []reportRow }
	if err != nil || json.Unmarshal(text, &doc) != nil {
		t.Fatalf("run.json: %v", err)
	}
	for _, r := range doc.Rows {
		user := r.Target.User
		if user == "" && len(r.Input) > 0 {
			user = r.Input[0]
		}
		name, _, _ := strings.Cut(user, "@")
		rows[name] = r
	}
	return rows
}
