package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// file is one finished file of the folder.
type file struct {
	name  string
	bytes []byte
}

const tempSuffix = ".wave365-tmp"

// replaceAll stores all files beside their places first and renames them after the last one is safe, so that a full
// disk leaves the earlier folder untouched.
func replaceAll(dir string, files []file) error {
	sweep(dir)
	temps := make([]string, 0, len(files))
	defer func() {
		for _, t := range temps {
			_ = os.Remove(t)
		}
	}()
	for _, f := range files {
		temp, err := store(dir, f)
		if err != nil {
			return writeFault(filepath.Join(dir, f.name), err)
		}
		temps = append(temps, temp)
	}
	for i, f := range files {
		if err := os.Rename(temps[i], filepath.Join(dir, f.name)); err != nil {
			return writeFault(filepath.Join(dir, f.name), err)
		}
	}
	temps = nil
	if err := syncFolder(dir); err != nil {
		return writeFault(dir, err)
	}
	return nil
}

// store writes one file under a name of its own in the same folder and syncs it.
func store(dir string, f file) (string, error) {
	t, err := os.CreateTemp(dir, "."+f.name+".*"+tempSuffix)
	if err != nil {
		return "", err
	}
	_, werr := t.Write(f.bytes)
	err = errors.Join(werr, t.Chmod(0o644), t.Sync(), t.Close())
	if err != nil {
		_ = os.Remove(t.Name())
		return "", err
	}
	return t.Name(), nil
}

// sweep removes what a killed process left behind.
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
