package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"wave365/pkg/migration"
)

// outcomeRows is how many rows of one kind of end the terminal lists; the report and failed.csv have them all.
const outcomeRows = 12

// printOutcome lists the rows that need a person, one problem after the other: which rows, what happened, what to do.
func printOutcome(w io.Writer, rows []migration.Row) {
	type class struct {
		word, code, hint string
		rows             []migration.Row
	}
	var classes []*class
	by := map[string]*class{}
	for _, r := range rows {
		word := endWord(r)
		if word == "" {
			continue
		}
		c := &class{word: word}
		if r.Problem != nil {
			c.code, c.hint = r.Problem.Code, r.Problem.Hint
		}
		key := word + " " + c.code
		if by[key] == nil {
			by[key] = c
			classes = append(classes, c)
		}
		by[key].rows = append(by[key].rows, r)
	}
	// What went wrong in the tenant comes before what was never started.
	slices.SortStableFunc(classes, func(a, b *class) int { return cmp.Compare(endOrder(a.word), endOrder(b.word)) })
	for _, c := range classes {
		fmt.Fprintf(w, "\n%s\n", endTitle(c.word, c.code))
		for i, r := range c.rows {
			if i == outcomeRows {
				fmt.Fprintf(w, "  … and %d more: see the report\n", len(c.rows)-i)
				break
			}
			what := r.Facts.Warning
			if r.Problem != nil {
				what = r.Problem.Message
			}
			fmt.Fprintf(w, "  line %-4d %s\n            %s\n", r.Target.Line, r.Target.User, what)
		}
		if c.hint != "" {
			fmt.Fprintf(w, "  remedy:   %s\n", c.hint)
		}
	}
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
