package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"wave365/pkg/migration"
)

// outcomeRows is how many rows of one kind of end the terminal lists; the report and failed.csv have them all.
const outcomeRows = 12

// printOutcome lists the rows that need a person, one problem after the other: which rows, what happened, what to do.
// ledger is what --ledger says.
func printOutcome(w io.Writer, ledger string, rows []migration.Row) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r migration.Row) bool { return endWord(r) == "" })
	ends, by := grouped(rows, func(r migration.Row) string { return endTitle(endWord(r), problemCode(r)) })
	// What went wrong in the tenant comes before what was never started.
	slices.SortStableFunc(ends, func(x, y string) int { return cmp.Compare(endOrder(endWord(by[x][0])), endOrder(endWord(by[y][0]))) })
	for _, end := range ends {
		fmt.Fprintf(w, "\n%s\n", end)
		if more := len(by[end]) - outcomeRows; more > 0 {
			printEnded(w, ledger, by[end][:outcomeRows])
			fmt.Fprintf(w, "  … and %d more: see the report\n", more)
			continue
		}
		printEnded(w, ledger, by[end])
	}
}

// printEnded lists rows of one kind of end; those that are mended in the same way stand together above the remedy.
func printEnded(w io.Writer, ledger string, rows []migration.Row) {
	width := columns(w)
	hints, by := grouped(rows, remedyFor)
	for _, hint := range hints {
		for _, r := range by[hint] {
			what := r.Facts.Warning
			if r.Problem != nil {
				what = r.Problem.Message
			}
			fmt.Fprintf(w, "  line %-4d %s\n", r.Target.Line, r.Target.User)
			fmt.Fprint(w, folded("            ", what, width))
		}
		if len(by[hint]) == 1 && hint != "" {
			hint = by[hint][0].Problem.Hint
		}
		if hint != "" {
			fmt.Fprint(w, folded("  remedy:   ", here(ledger, hint), width))
		}
	}
}

// problemCode is the code of what stands in the row's way; empty when nothing does.
func problemCode(r migration.Row) string {
	if r.Problem == nil {
		return ""
	}
	return r.Problem.Code
}

// remedyFor is what to do about the row, with USER for its user: the same for all rows that are mended alike.
func remedyFor(r migration.Row) string {
	if r.Problem == nil {
		return ""
	}
	return strings.ReplaceAll(r.Problem.Hint, r.Target.User, "USER")
}

func endTitle(word, code string) string {
	if code == "" {
		return word
	}
	return word + "  " + code
}

// endWord names an end that needs a person; "" for one that does not.
func endWord(r migration.Row) string {
	switch r.State {
	case migration.Succeeded:
		if r.Warned {
			return "WARNING"
		}
	case migration.Failed:
		return "FAILED"
	case migration.Held:
		return "HELD"
	case migration.Deferred:
		return "DEFERRED"
	case migration.Skipped:
		return "SKIPPED"
	case migration.Cancelled:
		return "CANCELLED"
	}
	return ""
}

func endOrder(word string) int {
	return slices.Index([]string{"HELD", "FAILED", "WARNING", "DEFERRED", "CANCELLED", "SKIPPED"}, word)
}
