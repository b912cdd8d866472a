package report

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"wave365/pkg/fault"
)

// file is one finished file, still under its temporary name.
type file struct {
	name, temp string
	// sum is the SHA-256 of its bytes.
	sum []byte
}

const tempSuffix = ".wave365-tmp"

// stored holds the files of a folder that are not yet renamed. It may be used by several goroutines.
type stored struct {
	dir   string
	mu    sync.Mutex
	temps []string
}

// put writes one file under a temporary name in the folder, readable by the operator alone, and syncs it. What write writes is redacted.
func (s *stored) put(name, seam string, write func(io.Writer) error) (file, error) {
	place := filepath.Join(s.dir, name)
	t, err := os.CreateTemp(s.dir, "."+name+".*"+tempSuffix)
	if err != nil {
		return file{}, writeFault(place, err)
	}
	s.mu.Lock()
	s.temps = append(s.temps, t.Name())
	s.mu.Unlock()
	sum := sha256.New()
	g := &gate{w: io.MultiWriter(t, sum), seam: seam}
	werr := write(g)
	if werr != nil && g.err == nil {
		_ = t.Close()
		return file{}, fault.Wrap(fault.Internal, "report.render", "could not put "+name+" together", "", werr)
	}
	if err := errors.Join(g.close(), t.Sync(), t.Close()); err != nil {
		return file{}, writeFault(place, err)
	}
	return file{name: name, temp: t.Name(), sum: sum.Sum(nil)}, nil
}

// publish renames the files to their final names.
func (s *stored) publish(files []file) error {
	for _, f := range files {
		if err := os.Rename(f.temp, filepath.Join(s.dir, f.name)); err != nil {
			return writeFault(filepath.Join(s.dir, f.name), err)
		}
	}
	if err := syncFolder(s.dir); err != nil {
		return writeFault(s.dir, err)
	}
	return nil
}

// drop removes the files that were not renamed.
func (s *stored) drop() {
	for _, t := range s.temps {
		_ = os.Remove(t)
	}
}

// sweep removes the temporary files of a killed process.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), tempSuffix) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
