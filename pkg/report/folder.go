package report

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/fault"
	"wave365/pkg/report/document"
	"wave365/pkg/report/page"
	"wave365/pkg/report/pseudonym"
	"wave365/pkg/report/tables"
	"wave365/pkg/summary"
	"wave365/pkg/summary/compare"
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

// part is how one file is made. seam ends each piece that is searched for secrets: a string that no value in the file
// can contain. Without one the file is searched as a whole.
type part struct {
	name  string
	write func(io.Writer, summary.Record) error
	seam  string
}

func parts() []part {
	return []part{
		{FilePage, HTML, "\n<"}, // "<" is always escaped in a value
		{FileResults, tables.Results, ""}, {FileFailed, tables.Failed, ""}, {FileFindings, tables.Findings, ""},
		{FileRun, document.Write, "\n"}, {FileAudit, auditLines, "\n"},
	}
}

// Write writes the whole report into dir, which it creates. Each file is stored beside its final place, redacted on its
// way there, and synced; only when all are safe are they renamed, the manifest last. So every file is always either the
// old one or the new one, never half of one, even if the process dies. A failure leaves the earlier report as it was as
// far as the file system allows; the fault names the file.
func Write(dir string, a summary.Record) error {
	if err := MakeFolder(dir); err != nil {
		return err
	}
	sweep(dir)
	s := &stored{dir: dir}
	defer s.drop()
	all := parts()
	files := make([]file, len(all))
	var g errgroup.Group
	g.SetLimit(2) // the page and run.json are the large ones; more at once would only cost memory
	for i, p := range all {
		g.Go(func() error {
			var err error
			files[i], err = s.put(p.name, p.seam, func(w io.Writer) error { return p.write(w, a) })
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	manifest, err := s.put(FileManifest, "", func(w io.Writer) error {
		for _, f := range files {
			if _, err := fmt.Fprintf(w, "%s  %s\n", hex.EncodeToString(f.sum), f.name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.publish(append(files, manifest))
}

// MakeFolder makes the folder of a report, readable by the operator alone, because it names people. A folder that exists
// is restricted to the operator too. A link is Invalid ("report.place"): the report would be written somewhere else.
func MakeFolder(dir string) error {
	const private = 0o700
	if info, err := os.Lstat(dir); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return fault.New(fault.Invalid, "report.place", "the report folder "+dir+" is a link, which is not followed", "remove the link, or name another folder with --report-dir")
	}
	if err := os.MkdirAll(dir, private); err != nil {
		return writeFault(dir, err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return writeFault(dir, err)
	}
	if info.Mode().Perm()&^private != 0 && runtime.GOOS != "windows" { // Windows reports other modes than it has
		if err := os.Chmod(dir, private); err != nil {
			return writeFault(dir, err)
		}
	}
	return nil
}

// Formats lists what [Print] can write.
func Formats() []string { return []string{"html", "csv", "failed", "findings", "json", "audit"} }

// Print writes one file of the report, without its secrets, to w: html, csv (results.csv), failed, findings, json or
// audit. Another format is Invalid, "report.format".
func Print(w io.Writer, format string, a summary.Record) error {
	i := slices.Index(Formats(), format)
	if i < 0 {
		return fault.New(fault.Invalid, "report.format", fmt.Sprintf("%q is not a format of the report", format), "use one of "+strings.Join(Formats(), ", "))
	}
	p := parts()[i]
	g := &gate{w: w, seam: p.seam}
	return errors.Join(p.write(g, a), g.close())
}

// HTML writes the page.
func HTML(w io.Writer, a summary.Record) error { return page.Write(w, a) }

// CompareHTML writes a page on a comparison, without secrets.
func CompareHTML(w io.Writer, c compare.Comparison) error {
	g := &gate{w: w, seam: "\n<"}
	return errors.Join(page.WriteComparison(g, c), g.close())
}

// Pseudonymous returns a copy of a that may be shown outside the organization; see [pseudonym.Record].
func Pseudonymous(a summary.Record, key []byte) summary.Record { return pseudonym.Record(a, key) }

func auditLines(w io.Writer, a summary.Record) error {
	for _, line := range a.Audit {
		if _, err := w.Write(append(bytes.TrimSpace(line), '\n')); err != nil {
			return err
		}
	}
	return nil
}

func writeFault(path string, err error) error {
	return fault.Wrap(fault.Unavailable, "report.write", "could not write "+filepath.ToSlash(path),
		"check the disk and the folder's permissions, close the file where it is open, then write the report again; the ledger holds everything",
		err, fault.NewCommand("report"))
}
