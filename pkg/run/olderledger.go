package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// auditFile is the part of a report folder that the ledger is compared with.
const auditFile = "audit.jsonl"

// notOlder refuses a ledger that went back in time: one that lacks entries which the report folder of one of its runs
// has, or that lacks a run which followed (Conflict, "ledger.older"). The folders searched are those its runs used, and
// reportDir, which may be empty. A folder that is missing or cannot be read is ignored.
func notOlder(ctx context.Context, l *ledger.Ledger, reportDir string) error {
	runs, err := l.Runs(ctx)
	if err != nil {
		return err
	}
	known, bases := map[string]migration.Run{}, []string{reportDir}
	for _, r := range runs {
		known[r.ID] = r
		bases = append(bases, r.ReportDir)
	}
	slices.Sort(bases)
	for _, base := range slices.Compact(bases) {
		found, err := os.ReadDir(base)
		if base == "" || err != nil {
			continue
		}
		for _, d := range found {
			if err := covers(ctx, l, known, filepath.Join(base, d.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// covers checks one folder.
func covers(ctx context.Context, l *ledger.Ledger, known map[string]migration.Run, dir string) error {
	if strings.HasSuffix(dir, "-redacted") {
		return nil // its entries are sealed again, under pseudonyms
	}
	path := filepath.Join(dir, auditFile)
	first, last, err := endsOf(path)
	if err != nil {
		return nil
	}
	run, mine := known[first.Run]
	seq, hash := first.Seq-1, first.Prev
	if mine {
		if filepath.Base(summary.Dir("", run)) != filepath.Base(dir) {
			return nil // a copy of a report, under another name
		}
		seq, hash = last.Seq, last.Hash
	}
	there, err := l.HasEntry(ctx, seq, hash)
	if err != nil || there == mine {
		return err
	}
	return older(ctx, l, dir, last)
}

// NotBefore refuses to write over a run's report that has more entries than the ledger: one that begins with this ledger's own entries
// and whose last one the ledger lacks (Conflict, "ledger.older"). The ledger went back in time since, and that report is the evidence. A
// folder that is missing, or whose report is another ledger's, is ignored.
func NotBefore(ctx context.Context, l *ledger.Ledger, dir string) error {
	first, last, err := endsOf(filepath.Join(dir, auditFile))
	if err != nil {
		return nil
	}
	if begun, err := l.HasEntry(ctx, first.Seq, first.Hash); err != nil || !begun {
		return err
	}
	if there, err := l.HasEntry(ctx, last.Seq, last.Hash); err != nil || there {
		return err
	}
	return older(ctx, l, dir, last)
}

// older is the refusal of a ledger that lacks entries of the report in dir, up to last.
func older(ctx context.Context, l *ledger.Ledger, dir string, last audit.Entry) error {
	path := filepath.Join(dir, auditFile)
	n, err := missingFrom(ctx, l, path)
	if err != nil {
		return err
	}
	missing, are := "1 entry", "is"
	if n != 1 {
		missing, are = strconv.Itoa(n)+" entries", "are"
	}
	return fault.New(fault.Conflict, "ledger.older",
		fmt.Sprintf("the ledger is older than its own report: %s about run %s, the last of %s, %s in %s and not in the ledger",
			missing, last.Run, clocks.Second(last.At.In(l.Zone())), are, filepath.ToSlash(path)),
		"restore the ledger that wrote that report; if it no longer exists, move the folder "+filepath.ToSlash(dir)+
			" away: the tenant is then checked before anything is changed")
}

// missingFrom counts the entries of a file that the ledger does not hold.
func missingFrom(ctx context.Context, l *ledger.Ledger, path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for e, err := range audit.Lines(f) {
		if err != nil {
			return n, nil // only what can be read is counted
		}
		there, err := l.HasEntry(ctx, e.Seq, e.Hash)
		if err != nil {
			return n, err
		}
		if !there {
			n++
		}
	}
	return n, nil
}

// endsOf reads the first and the last entry of a file, which may be large.
func endsOf(path string) (first, last audit.Entry, err error) {
	const window = 1 << 20 // a line is a few hundred bytes
	f, err := os.Open(path)
	if err != nil {
		return first, last, err
	}
	defer f.Close()
	for e, err := range audit.Lines(f) {
		if err != nil {
			return first, last, err
		}
		first = e
		break
	}
	info, err := f.Stat()
	if err != nil {
		return first, last, err
	}
	tail := make([]byte, min(info.Size(), window))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return first, last, err
	}
	tail = bytes.TrimRight(tail, "\r\n")
	for e, err := range audit.Lines(bytes.NewReader(tail[bytes.LastIndexByte(tail, '\n')+1:])) {
		if err != nil {
			return first, last, err
		}
		last = e
	}
	if first.Hash == "" || last.Run != first.Run {
		return first, last, fs.ErrInvalid
	}
	return first, last, nil
}
