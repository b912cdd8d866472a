package report

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
)

// Verify checks a report folder without the ledger: every file against the manifest, then the audit chain. The fault
// (Conflict, "report.touched") names the first file or entry that has changed; a folder without a manifest is Invalid,
// "report.not-a-report".
func Verify(dir string) error {
	manifest, err := readManifest(dir)
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
		got, err := hashOf(dir, name)
		if err != nil {
			return touched(name + " is listed in the manifest but cannot be read")
		}
		if got != strings.ToLower(sum) {
			where := ""
			if name == FileAudit {
				if err := verifyChain(dir); err != nil {
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
	if err := verifyChain(dir); err != nil {
		return touched(FileAudit + ": " + err.Error())
	}
	return nil
}

// maxManifest is the largest manifest, in bytes: it has one line for each file of the folder.
const maxManifest = 64 << 10

func readManifest(dir string) ([]byte, error) {
	f, err := openFile(dir, FileManifest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxManifest))
}

// hashOf returns the SHA-256 of a file in hex. It does not read the file into memory: its size is not known.
func hashOf(dir, name string) (string, error) {
	f, err := openFile(dir, name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func verifyChain(dir string) error {
	f, err := openFile(dir, FileAudit)
	if err != nil {
		return errors.New("cannot be read")
	}
	defer func() { _ = f.Close() }()
	return audit.Verify(audit.Lines(f))
}

// openFile opens a regular file, and neither a link nor a device, which may have no end.
func openFile(dir, name string) (*os.File, error) {
	path := filepath.Join(dir, name)
	if info, err := os.Lstat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	return os.Open(path)
}

func touched(msg string) error {
	return fault.New(fault.Conflict, "report.touched", msg,
		"write the report again and compare; the ledger holds the facts", fault.NewCommand("report"))
}
