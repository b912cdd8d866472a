package console

import (
	"io"
	"sync"
	"unicode/utf8"

	"wave365/pkg/summary/wording"
)

// Cleaned is a standard stream that people may read: text from a file, the tenant or a service cannot steer their
// terminal, even if a caller forgot to clean it. What is not text goes through [AsIs].
type Cleaned struct {
	io.Writer
	mu sync.Mutex
	// Wrote: something was written.
	Wrote bool
	// rest is the beginning of a character that is not completely written yet.
	rest []byte
}

func (c *Cleaned) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Wrote = true
	text := append(c.rest, p...)
	c.rest = nil
	for i := max(0, len(text)-utf8.UTFMax+1); i < len(text); i++ {
		if utf8.RuneStart(text[i]) && !utf8.FullRune(text[i:]) {
			c.rest = append(c.rest, text[i:]...)
			text = text[:i]
			break
		}
	}
	if _, err := io.WriteString(c.Writer, wording.Clean(string(text))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// AsIs returns the underlying stream, for files and for what draws on a terminal itself.
func AsIs(w io.Writer) io.Writer {
	c, ok := w.(*Cleaned)
	if !ok {
		return w
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Wrote = true
	return c.Writer
}
