package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/summary/groups"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// validateDocument is the answer of `validate --json`.
type validateDocument struct {
	Schema   string         `json:"schema"`
	Rows     int            `json:"rows"`
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
	Findings []wave.Finding `json:"findings"`
}

// runDocument is the answer of `run`, `resume` and `status` with --json.
type runDocument struct {
	Schema    string           `json:"schema"`
	Run       string           `json:"run"`
	Wave      string           `json:"wave"`
	Tenant    string           `json:"tenant"`
	State     string           `json:"state"`
	Counts    migration.Counts `json:"counts"`
	ExitCode  int              `json:"exit_code"`
	ReportDir string           `json:"report_dir"`
}

// printJSON prints a document. What a terminal or an eye could be led astray by is escaped, which programs do not notice.
func printJSON(w io.Writer, doc any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	_ = e.Encode(doc)
	_, _ = io.WriteString(w, wording.EscapeJSON(b.String()))
}

func emptyNotNull(f []wave.Finding) []wave.Finding {
	if f == nil {
		return []wave.Finding{}
	}
	return f
}

// printFindings prints findings grouped by problem: what it is once, then each line, those of which the same is to be
// said together, and under the lines what to do; a line that stands alone with the user it is about.
func printFindings(w io.Writer, sh wording.Shell, findings []wave.Finding) {
	for _, g := range groups.Findings(findings) {
		fmt.Fprintf(w, "%s  %s\n", strings.ToUpper(string(g.Severity)), g.Code)
		remedies, of := grouped(g.Findings, func(f wave.Finding) string { return sh.Remedy(f.Remedy()) })
		for _, remedy := range remedies {
			printSaid(w, of[remedy])
			printRemedy(w, "  remedy:  ", sh, of[remedy][0].Remedy())
		}
		fmt.Fprintln(w)
	}
}

// printSaid prints what is found, each message once with all its lines.
func printSaid(w io.Writer, findings []wave.Finding) {
	messages, by := grouped(findings, func(f wave.Finding) string { return f.Message })
	for _, message := range messages {
		var lines []int
		for _, f := range by[message] {
			lines = append(lines, f.Line)
		}
		who := ""
		if user := by[message][0].User; len(lines) == 1 && user != "" && !strings.Contains(message, user) {
			who = user + ": "
		}
		fmt.Fprint(w, folded(fmt.Sprintf("  %-8s ", lineList(lines)), wording.OneLine(who+message), columns(w)))
	}
}

// grouped gives the keys in the order in which they first come, and what belongs to each.
func grouped[T any](all []T, key func(T) string) ([]string, map[string][]T) {
	var keys []string
	by := map[string][]T{}
	for _, one := range all {
		k := key(one)
		if by[k] == nil {
			keys = append(keys, k)
		}
		by[k] = append(by[k], one)
	}
	return keys, by
}

// lineList names lines of the file, in their order, runs of them as one: "lines 2-4, 9". 0 is the wave as a whole.
func lineList(lines []int) string {
	var parts []string
	for i := 0; i < len(lines); {
		end := i
		for end+1 < len(lines) && lines[end+1]-lines[end] <= 1 {
			end++
		}
		switch {
		case lines[i] == 0:
			return "wave"
		case lines[end] == lines[i]:
			parts = append(parts, fmt.Sprint(lines[i]))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", lines[i], lines[end]))
		}
		i = end + 1
	}
	if lines[0] == lines[len(lines)-1] {
		return "line " + parts[0]
	}
	return "lines " + strings.Join(parts, ", ")
}

func printValidity(w io.Writer, rows int, res preflight.Result) {
	bad := 0
	for _, b := range res.Bad {
		if b {
			bad++
		}
	}
	errors, warnings := res.Count(wave.Error), res.Count(wave.Warning)
	switch {
	case errors == 0 && warnings == 0:
		fmt.Fprintf(w, "%s checked: the wave may run.\n", wording.Count(rows, "row"))
	case errors == 0:
		fmt.Fprintf(w, "%s checked: the wave may run, with %s.\n", wording.Count(rows, "row"), wording.Count(warnings, "warning"))
	case bad == 0:
		fmt.Fprintf(w, "%s checked: %s; the wave does not start.\n", wording.Count(rows, "row"), wording.Count(errors, "error"))
	default:
		next := "Fix the file, or run the clean rows with --skip-invalid."
		switch {
		case bad == rows:
			next = "Fix the file."
		case res.Whole() || res.Denied():
			next = "What is said of the wave as a whole keeps every row from running: fix that first."
		}
		fmt.Fprint(w, folded("", fmt.Sprintf("%s checked: %s with errors, %d clean. %s", wording.Count(rows, "row"), wording.Count(bad, "row"), rows-bad, next), columns(w)))
	}
}
