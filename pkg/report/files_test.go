package report_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// dropLine removes the first line that holds the text.
func dropLine(t *testing.T, dir, name, text string) {
	t.Helper()
	lines := strings.SplitAfter(read(t, dir, name), "\n")
	for i, line := range lines {
		if strings.Contains(line, text) {
			write(t, dir, name, strings.Join(append(lines[:i], lines[i+1:]...), ""))
			return
		}
	}
	t.Fatalf("no line of %s holds %q", name, text)
}

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// link puts a link to another path in a file's place.
func link(t *testing.T, dir, name, to string) {
	t.Helper()
	remove(t, dir, name)
	if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
		t.Skip(err)
	}
}
