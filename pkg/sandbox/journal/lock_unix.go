//go:build !windows

package journal

import (
	"io"
	"os"
	"syscall"
)

// takeLock holds a file that no other process can hold; the end of the process lets go of it.
func takeLock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
