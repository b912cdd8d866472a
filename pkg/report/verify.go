package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
)

// Verify checks a report folder without the ledger: every file against the manifest, then the audit chain. The
// fault (Conflict, "report.touched") names the first file or entry that is not as it was written; a folder without
// a manifest is Invalid, "report.not-a-report".
func Verify(dir string) error {
	manifest, err := os.ReadFile(filepath.Join(dir, FileManifest))
	if err != nil {
		return fault.Wrap(fault.Invalid, "report.not-a-report", filepath.ToSlash(dir)+" is not a report folder",
			"name the folder that holds "+FileManifest, err)
	}
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimRight(string(manifest), "\n"), "\n") {
		sum, name, ok := strings.Cut(strings.TrimRight(line, "\r"), "  ")
		if !ok || name != filepath.Base(name) || len(sum) != 2*sha256.Size {
			return touched(fmt.Sprintf("line %d of %s is not a hash and a file name", i+1, FileManifest))
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return touched(name + " is listed in the manifest but cannot be read")
		}
		got := sha256.Sum256(data)
		if hex.EncodeToString(got[:]) != strings.ToLower(sum) {
			where := ""
			if name == FileAudit {
				if err := audit.Verify(audit.Lines(bytes.NewReader(data))); err != nil {
					where = ": " + err.Error()
				}
			}
			return touched(name + " is not as it was written" + where)
		}
		seen[name] = true
	}
	for _, name := range []string{FilePage, FileResults, FileFailed, FileFindings, FileRun, FileAudit} {
		if !seen[name] {
			return touched(name + " is missing from the manifest")
		}
	}
	lines, err := os.ReadFile(filepath.Join(dir, FileAudit))
	if err != nil {
		return touched(FileAudit + " cannot be read")
	}
	if err := audit.Verify(audit.Lines(bytes.NewReader(lines))); err != nil {
		return touched(FileAudit + ": " + err.Error())
	}
	return nil
}

func touched(msg string) error {
	return fault.New(fault.Conflict, "report.touched", msg,
		"write the report again and compare; the ledger holds the facts", fault.NewCommand("report"))
}
