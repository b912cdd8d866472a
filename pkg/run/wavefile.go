package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
	"wave365/pkg/wave/sheet"
)

// notAWave describes why a path cannot be a wave file.
func notAWave(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fault.New(fault.Invalid, "wave.unreadable", path+" is a folder, not a wave file", "name the CSV file in it")
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml":
		return fault.New(fault.Invalid, "wave.unreadable", path+" is not a wave: a wave is a CSV file",
			"a tenant to rehearse on is given with --sandbox=FILE, a policy to policy apply -f FILE, a configuration with --config")
	case ".xlsx", ".xls", ".ods":
		return fault.New(fault.Invalid, "wave.unreadable", path+" is a workbook: a wave is a CSV file", "save it as CSV UTF-8 and name that file")
	}
	return nil
}

// missingHint suggests what was probably meant by a path at which there is no file.
func missingHint(path string) string {
	slashed := strings.ReplaceAll(path, `\`, "/")
	switch _, err := os.Stat(slashed); {
	case path == "-":
		return "a wave is read from a file, because each row is identified by its line in it: save it and name the file"
	case strings.ContainsAny(path, "*?"):
		return "no file has such a name; name one wave file"
	case strings.HasPrefix(path, "~"):
		return "the shell did not replace ~: write the whole path"
	case filepath.Separator == '/' && slashed != path && err == nil:
		return "paths have slashes here: did you mean " + slashed + "?"
	case filepath.Separator == '/' && len(path) > 1 && path[1] == ':':
		return "this is a Windows path: write it as this system does, with slashes and without the drive"
	}
	all, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.csv"))
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	if near := wave.Nearest(filepath.Base(path), all); near != "" {
		return "did you mean " + filepath.Join(filepath.Dir(path), near) + "? template writes an empty wave"
	}
	return "check the path; template writes an empty wave"
}

// ReadWave reads a wave file; secrets are removed from its raw cells. Findings of the file are returned as such; the error is for a file that cannot be
// read.
func ReadWave(path string, opt wave.Options) (*wave.File, []wave.Finding, error) {
	if err := notAWave(path); err != nil {
		return nil, nil, err
	}
	data, err := ReadFile(path, sheet.MaxBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fault.Wrap(fault.Invalid, "wave.unreadable", "there is no wave file "+path, missingHint(path), err, fault.NewCommand("template", "--out", "WAVE.csv"))
	case errors.As(err, new(*tooLargeError)):
		return nil, []wave.Finding{wave.NewFinding("csv.too-large", 0, "", "", "", fmt.Sprintf("the wave file %s is larger than %d MiB", path, sheet.MaxBytes>>20))}, nil
	case err != nil:
		return nil, nil, fault.Wrap(fault.Invalid, "wave.unreadable", "the wave file "+path+" cannot be read: "+err.Error(), "check the path and its permissions", err)
	}
	file, findings := reading.Read(WaveName(path), data, opt)
	if file != nil {
		// The cells go into the ledger as they are read, and what people paste into a note may be a token or a key.
		for _, r := range file.Rows {
			for i, cell := range r.Cells {
				r.Cells[i] = redact.String(cell)
			}
		}
	}
	return file, findings, nil
}

// WaveName returns the name of a wave: the name of its file without folder and extension.
func WaveName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}

// sourcesOf returns the blob references for the playbook. A signature in the wave file is taken from the file, which is
// read again when it is first needed and must not have changed; the ledger never holds one.
func sourcesOf(run migration.Run, blobRoot string) playbook.Sources {
	read := func() (*wave.File, error) {
		file, _, err := ReadWave(run.WavePath, wave.Options{AllowUnknownColumns: true})
		if err != nil {
			return nil, err
		}
		if file == nil || file.Hash != run.WaveHash {
			return nil, fault.New(fault.Conflict, "wave.changed", "the wave file "+run.WavePath+" has changed since the run began, so its signatures cannot be used",
				"put the file back as it was")
		}
		return file, nil
	}
	once := sync.OnceValues(read)
	return func(_ int, guestState bool, s migration.Source) (bloburl.Ref, error) {
		if !s.Signed {
			// By its place in the account, not by its URL: a sandbox has another port after a restart.
			return bloburl.Ref{Root: blobRoot, Container: s.Container, Name: s.Name}, nil
		}
		file, err := once()
		if err != nil {
			return bloburl.Ref{}, err
		}
		for _, r := range file.Rows {
			text := r.Blob
			if guestState {
				text = r.GuestStateBlob
			}
			// Not by line: rows may have moved since, when an edit of the file was taken over.
			if ref, err := bloburl.Parse(text, blobRoot); err == nil && ref.URL() == s.URL {
				return ref, nil
			}
		}
		return bloburl.Ref{}, fault.New(fault.Conflict, "wave.changed", "the wave file "+run.WavePath+" does not name "+s.URL+" any more", "put its line back")
	}
}
