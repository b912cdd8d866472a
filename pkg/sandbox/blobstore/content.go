package blobstore

import (
	"io"
	"os"
)

// content is the content of a blob: a few extents of bytes with zeros between them, or a real file. It is never
// changed.
type content struct {
	extents []extent // in order, without overlap
	file    string
}

type extent struct {
	offset int64
	data   []byte
}

// write adds data after everything that was written before. It retains data.
func (c *content) write(offset int64, data []byte) {
	c.extents = append(c.extents, extent{offset, data})
}

// ReadAt implements [io.ReaderAt]; what was never written reads as zeros, without an end.
func (c content) ReadAt(b []byte, offset int64) (int, error) {
	clear(b)
	for _, e := range c.extents {
		if at := e.offset - offset; at >= 0 && at < int64(len(b)) {
			copy(b[at:], e.data)
		} else if at < 0 && -at < int64(len(e.data)) {
			copy(b, e.data[-at:])
		}
	}
	return len(b), nil
}

// open opens the content, which the caller closes. The error is that of a file that no longer exists.
func (c content) open() (io.ReaderAt, io.Closer, error) {
	if c.file == "" {
		return c, io.NopCloser(nil), nil
	}
	f, err := os.Open(c.file)
	if err != nil {
		return nil, nil, err
	}
	return f, f, nil
}
