package report

import (
	"io"
	"path/filepath"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/report/page"
	"wave365/pkg/report/story"
)

// Account is everything a report is written from.
type Account = story.Account

// AuditLine is one entry of the audit chain as raw JSON.
type AuditLine = story.AuditLine

// Verdict is the run in one or two sentences with numbers. A rehearsal says so first.
func Verdict(a Account) string { return story.Verdict(a) }

// HTML writes the page.
func HTML(w io.Writer, a Account) error { return page.Write(w, a) }

// Dir is the folder of a run's report: base/<wave>-<run>. What a file name may not hold becomes "_".
func Dir(base string, run migration.Run) string {
	return filepath.Join(base, fileName(run.Wave)+"-"+fileName(run.ID))
}

func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, s)
	return strings.Trim(s, " .")
}
