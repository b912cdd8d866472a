package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"wave365/pkg/migration"
	"wave365/pkg/preflight"
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

func printJSON(w io.Writer, doc any) {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	_ = e.Encode(doc)
}

func emptyNotNull(f []wave.Finding) []wave.Finding {
	if f == nil {
		return []wave.Finding{}
	}
	return f
}

// printFindings prints findings grouped by problem: what it is and how to mend it once, and in between each line, those
// of which the same is to be said together; a line that stands alone with the user it is about.
func printFindings(w io.Writer, findings []wave.Finding) {
	var codes []string
	by := map[string][]wave.Finding{}
	for _, f := range findings {
		key := string(f.Severity) + " " + f.Code
		if by[key] == nil {
			codes = append(codes, key)
		}
		by[key] = append(by[key], f)
	}
	slices.SortStableFunc(codes, func(x, y string) int { return grade(by[x][0].Severity) - grade(by[y][0].Severity) })
	for _, key := range codes {
		group := by[key]
		fmt.Fprintf(w, "%s  %s\n", strings.ToUpper(string(group[0].Severity)), group[0].Code)
		var said []string
		lines, users := map[string][]int{}, map[string]string{}
		for _, f := range group {
			if lines[f.Message] == nil {
				said = append(said, f.Message)
			}
			lines[f.Message], users[f.Message] = append(lines[f.Message], f.Line), f.User
		}
		for _, message := range said {
			who := ""
			if user := users[message]; len(lines[message]) == 1 && user != "" && !strings.Contains(message, user) {
				who = user + ": "
			}
			fmt.Fprintf(w, "  %-8s %s\n", lineList(lines[message]), printable(who+message))
		}
		if h := group[0].Hint; h != "" {
			fmt.Fprintf(w, "  remedy:  %s\n", h)
		}
		fmt.Fprintln(w)
	}
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

// printable keeps what a cell or a service brings along from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

func grade(s wave.Severity) int {
	return slices.Index([]wave.Severity{wave.Error, wave.Warning, wave.Info}, s)
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
		fmt.Fprintf(w, "%s checked: the wave may run.\n", plural(rows, "row"))
	case errors == 0:
		fmt.Fprintf(w, "%s checked: the wave may run, with %s.\n", plural(rows, "row"), plural(warnings, "warning"))
	case bad == 0:
		fmt.Fprintf(w, "%s checked: %s; the wave does not start.\n", plural(rows, "row"), plural(errors, "error"))
	default:
		fmt.Fprintf(w, "%s checked: %s with errors, %d clean. Mend the file, or run the clean rows with --skip-invalid.\n", plural(rows, "row"), plural(bad, "row"), rows-bad)
	}
}

func printExplanation(w io.Writer, e wave.Explanation) {
	fmt.Fprintf(w, "%s (%s): %s\n\n%s\n\nRemedy: %s\n", e.Code, e.Severity, e.Title, e.Meaning, e.Remedy)
}

// printPlan shows what a run is about to do, by policy.
func printPlan(w io.Writer, tenant string, rows []migration.Row, slots int) {
	type sum struct {
		rows, license, membership int
		bytes                     int64
	}
	var names []string
	by := map[string]*sum{}
	skipped := 0
	for _, r := range rows {
		if r.State == migration.Skipped {
			skipped++
			continue
		}
		s := by[r.Target.PolicyName]
		if s == nil {
			s = &sum{}
			by[r.Target.PolicyName] = s
			names = append(names, r.Target.PolicyName)
		}
		s.rows++
		s.bytes += r.Target.Disk.Virtual
		if r.Target.Trigger == migration.TriggerLicense {
			s.license++
		} else {
			s.membership++
		}
	}
	slices.Sort(names)
	fmt.Fprintf(w, "Plan for %s: %s to import, %d at a time; %d skipped.\n", tenant, plural(len(rows)-skipped, "disk"), slots, skipped)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "  POLICY\tROWS\tDISKS\tLICENSE LAST\tMEMBERSHIP LAST")
	for _, n := range names {
		s := by[n]
		fmt.Fprintf(t, "  %s\t%d\t%d GiB\t%d\t%d\n", n, s.rows, s.bytes>>30, s.license, s.membership)
	}
	_ = t.Flush()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
