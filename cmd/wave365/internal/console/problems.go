package console

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/summary"
	"wave365/pkg/summary/groups"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// Findings prints findings grouped by problem: its name once, then each line, lines with the same message together, and
// below the lines what to do; a line on its own comes with its user.
func Findings(w io.Writer, sh wording.Shell, findings []wave.Finding) {
	for _, g := range groups.Findings(findings) {
		fmt.Fprintf(w, "%s  %s\n", strings.ToUpper(string(g.Severity)), g.Code)
		remedies, of := grouped(g.Findings, func(f wave.Finding) string { return sh.Remedy(f.Remedy()) })
		for _, remedy := range remedies {
			printSaid(w, of[remedy])
			Remedy(w, "  remedy:  ", sh, of[remedy][0].Remedy())
		}
		fmt.Fprintln(w)
	}
}

// printSaid prints findings, each message once with all its lines.
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
		Say(w, fmt.Sprintf("  %-8s ", lineList(lines)), who+message)
	}
}

// grouped returns the keys in the order of their first appearance, and what belongs to each.
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

// lineList lists lines of the file, in their order, ranges as one: "lines 2-4, 9". 0 is the wave as a whole.
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

// outcomeRows is how many rows of one kind of problem are listed on a terminal; the report and failed.csv have all of
// them.
const outcomeRows = 12

// Outcome lists the rows that need a person, one kind of problem after the other: which rows, what happened, what to
// do. A command that applies to several kinds is printed with the first.
func Outcome(w io.Writer, sh wording.Shell, a summary.Record) {
	records, _ := summary.RowRecords(a)
	told := map[string]bool{}
	for _, group := range groups.Problems(records) {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(strings.ToUpper(string(group.Class))+"  "+group.Code))
		left := outcomeRows
		for _, advice := range group.Advice {
			shown := advice.Rows[:min(left, len(advice.Rows))]
			left -= len(shown)
			printRows(w, shown)
			if len(shown) > 0 {
				do := advice.Remedy
				do.Commands = slices.DeleteFunc(slices.Clone(do.Commands), func(c fault.Command) bool {
					line := sh.Line(c)
					defer func() { told[line] = true }()
					return told[line]
				})
				Remedy(w, "  remedy:   ", sh, do)
			}
		}
		if more := group.Len() - outcomeRows; more > 0 {
			fmt.Fprintf(w, "  … and %d more: see the report\n", more)
		}
	}
}

// printRows prints rows with what happened to them.
func printRows(w io.Writer, rows []summary.RowRecord) {
	for _, d := range rows {
		fmt.Fprintf(w, "  line %-4d %s\n", d.Row.Target.Line, wording.OneLine(d.Row.Target.User))
		Say(w, "            ", d.Why.Text)
	}
}
