package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/fault"
)

// The files of a report folder.
const (
	FilePage     = "report.html"
	FileResults  = "results.csv"
	FileFailed   = "failed.csv"
	FileFindings = "findings.csv"
	FileRun      = "run.json"
	FileAudit    = "audit.jsonl"
	FileManifest = "manifest.sha256"
)

// part is how one file is made; perRow is about how many bytes a row takes in it.
type part struct {
	name   string
	write  func(io.Writer, Account) error
	redact func([]byte) []byte
	perRow int
}

// Write writes the whole report into dir, which it creates. Everything is put together and redacted in memory, then
// stored beside its final place, synced, and only then renamed, the manifest last: whoever looks, and whenever the
// process dies, each file is the old one or the new one, never half. A failure leaves the earlier report as it was
// as far as the file system lets it; the fault says which file.
func Write(dir string, a Account) error {
	parts := []part{
		{FilePage, HTML, redacted, 1500}, {FileResults, Results, redacted, 400}, {FileFailed, Failed, redacted, 100},
		{FileFindings, Findings, redacted, 50}, {FileRun, JSON, redactedLines, 3500}, {FileAudit, auditLines, redactedLines, 0},
	}
	files := make([]file, len(parts), len(parts)+1)
	var g errgroup.Group
	g.SetLimit(2) // the page and run.json are the large ones; more at once only costs memory
	for i, p := range parts {
		g.Go(func() error {
			var b bytes.Buffer
			b.Grow(p.perRow * len(a.Rows))
			if err := p.write(&b, a); err != nil {
				return fault.Wrap(fault.Internal, "report.render", "could not put "+p.name+" together", "", err)
			}
			files[i] = file{name: p.name, bytes: p.redact(b.Bytes())}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var manifest bytes.Buffer
	for _, f := range files {
		sum := sha256.Sum256(f.bytes)
		fmt.Fprintf(&manifest, "%s  %s\n", hex.EncodeToString(sum[:]), f.name)
	}
	files = append(files, file{name: FileManifest, bytes: manifest.Bytes()})
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return writeFault(dir, err)
	}
	return replaceAll(dir, files)
}

func auditLines(w io.Writer, a Account) error {
	for _, line := range a.Audit {
		if _, err := w.Write(append(bytes.TrimSpace(line), '\n')); err != nil {
			return err
		}
	}
	return nil
}

func writeFault(path string, err error) error {
	return fault.Wrap(fault.Unavailable, "report.write", "could not write "+filepath.ToSlash(path),
		"check the disk and the folder's permissions, close the file where it is open, then write the report again "+
			"with `wave365 report`; the ledger holds everything", err)
}
