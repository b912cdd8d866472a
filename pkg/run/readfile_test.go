package run

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file is read up to its limit; one that is larger, or endless, is refused.
func TestReadFile(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	path := filepath.Join(t.TempDir(), "f")
	for size, ok := range map[int]bool{0: true, 1: true, most: true, most + 1: false, 3 * most: false} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		data, err := ReadFile(path, most)
		if ok != (err == nil) || ok && len(data) != size || !ok && !isTooLarge(err) {
			t.Errorf("%d bytes: %d read, %v", size, len(data), err)
		}
	}
	if _, err := ReadFile(path+"x", most); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if info, err := os.Stat("/dev/zero"); err == nil && !info.Mode().IsRegular() {
		if data, err := ReadFile("/dev/zero", most); !isTooLarge(err) {
			t.Errorf("a device: %d read, %v", len(data), err)
		}
	}
}

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*tooLargeError](err)
	return ok && strings.Contains(err.Error(), "larger than 1 MiB")
}
