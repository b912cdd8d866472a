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

// Write writes the whole report into dir, which it creates. Everything is put together and redacted in memory, then
// stored beside its final place, synced, and only then renamed, the manifest last: whoever looks, and whenever the
// process dies, each file is the old one or the new one, never half. A failure leaves the earlier report as it was
// as far as the file system lets it; the fault says which file.
func Write(dir string, a Account) error {
	parts := []struct {
		name  string
		write func(io.Writer, Account) error
	}{
		{FilePage, HTML}, {FileResults, Results}, {FileFailed, Failed}, {FileFindings, Findings},
		{FileRun, JSON}, {FileAudit, auditLines},
	}
	files := make([]file, len(parts), len(parts)+1)
	var g errgroup.Group
	g.SetLimit(2) // the page and run.json are the large ones; more at once only costs memory
	for i, p := range parts {
		g.Go(func() error {
			var b bytes.Buffer
			if err := p.write(&b, a); err != nil {
				return fault.Wrap(fault.Internal, "report.render", "could not put "+p.name+" together", "", err)
			}
			files[i] = file{name: p.name, bytes: redacted(b.Bytes())}
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
