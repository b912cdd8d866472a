package run

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// tooLargeError reports that a file holds more bytes than its kind may.
type tooLargeError struct {
	// Max is the limit in bytes.
	Max int64
}

// Error implements error.
func (e *tooLargeError) Error() string { return fmt.Sprintf("it is larger than %d MiB", e.Max>>20) }

// ReadFile reads a file of at most max bytes; of an endless one, such as a pipe or a device, it reads no more than that. A
// larger one is a *tooLargeError; the other errors are those of [os.Open] and of reading.
func ReadFile(path string, max int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var b bytes.Buffer
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		if info.Size() > max {
			return nil, &tooLargeError{max}
		}
		b.Grow(int(info.Size()) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(file, max+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > max {
		return nil, &tooLargeError{max}
	}
	return b.Bytes(), nil
}
