package summary

import (
	"path/filepath"
	"strings"

	"wave365/pkg/migration"
)

// Dir returns the folder of a run's report: base/<wave>-<run>. Characters that a file name may not contain become "_".
func Dir(base string, run migration.Run) string {
	return filepath.Join(base, fileName(run.Wave)+"-"+fileName(run.ID))
}

// FailedFile returns the path, with slashes, of the file in which a run leaves the rows that did not succeed, to be corrected.
func FailedFile(run migration.Run) string {
	return filepath.ToSlash(filepath.Join(Dir(run.ReportDir, run), "failed.csv"))
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
