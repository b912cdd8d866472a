package simtest

import (
	"bytes"
	"os"
	"syscall"
	"testing"
)

func mountSmall(dir string) error { return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m") }

func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }

func remove(path string) error { return os.Remove(path) }

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	f, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(bytes.Repeat([]byte{1}, size)); err != nil {
			size /= 2
		}
	}
}
