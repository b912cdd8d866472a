package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/groups"
	"wave365/pkg/summary/wording"
)

// outcomeRows is how many rows of one kind of problem the terminal lists; the report and failed.csv have them all.
const outcomeRows = 12

// shell says how commands on a ledger are written here; run may be empty.
func shell(ledger, run string) wording.Shell {
	if ledger == defaultLedger {
		ledger = ""
	}
	return wording.Shell{Ledger: ledger, Run: run, Windows: runtime.GOOS == "windows"}
}

// shell says how commands are written that go on from this one: on its ledger, and to its tenant.
func (g *globals) shell(run string) wording.Shell {
	sh := shell(g.ledger, run)
	sh.Place = g.at.flags()
	return sh
}

// printOutcome lists the rows that need a person, one kind of problem after the other: which rows, what happened, what to
// do. A command that helps several kinds stands at the first.
func printOutcome(w io.Writer, sh wording.Shell, rows []migration.Row) {
	records, _ := summary.RowRecords(summary.Record{Rows: rows})
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
				printRemedy(w, "  remedy:   ", sh, do)
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
		fmt.Fprint(w, folded("            ", wording.OneLine(d.Why.Text), columns(w)))
	}
}

// printCommand says what a command is for, and the command: behind it, or below it where the line has no room for both.
func printCommand(w io.Writer, said string, sh wording.Shell, command string) {
	if width := columns(w); wider(said+" "+command, width) {
		fmt.Fprint(w, folded("", said, width), typed("  ", command, width, sh.Windows))
		return
	}
	fmt.Fprintln(w, said, command)
}

// printRemedy prints what to do, and below it each command.
func printRemedy(w io.Writer, lead string, sh wording.Shell, r fault.Remedy) {
	if r.Text != "" {
		fmt.Fprint(w, folded(lead, wording.OneLine(r.Text), columns(w)))
		lead = strings.Repeat(" ", len(lead))
	}
	for _, line := range sh.Lines(r) {
		fmt.Fprint(w, typed(lead, line, columns(w), sh.Windows))
		lead = strings.Repeat(" ", len(lead))
	}
}
