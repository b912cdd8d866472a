package report

import (
	"errors"
	"io"

	"wave365/pkg/migration"
	"wave365/pkg/report/page"
	"wave365/pkg/report/pseudonym"
	"wave365/pkg/report/story"
)

// Account is everything a report is written from.
type Account = story.Account

// Forecast is what was reckoned with when a run began.
type Forecast = story.Forecast

// AuditLine is one entry of the audit chain as raw JSON.
type AuditLine = story.AuditLine

// Verdict is the run in one or two sentences with numbers. A rehearsal says so first.
func Verdict(a Account) string { return story.Verdict(a) }

// Quote makes a word of a command safe to paste into sh and PowerShell alike.
func Quote(s string) string { return story.Quote(s) }

// HTML writes the page.
func HTML(w io.Writer, a Account) error { return page.Write(w, a) }

// Comparison is what a second run changed.
type Comparison = story.Comparison

// Compare compares two runs, person by person.
func Compare(first, second Account) Comparison { return story.Compare(first, second) }

// CompareHTML writes a page on a comparison, without secrets.
func CompareHTML(w io.Writer, c Comparison) error {
	g := &gate{w: w, seam: "\n<"}
	return errors.Join(page.WriteComparison(g, c), g.close())
}

// Pseudonymous gives a copy of a that may be shown outside; see [pseudonym.Account].
func Pseudonymous(a Account, key []byte) Account { return pseudonym.Account(a, key) }

// Dir is the folder of a run's report: base/<wave>-<run>. What a file name may not hold becomes "_".
func Dir(base string, run migration.Run) string { return story.Dir(base, run) }
