package report

import (
	"bytes"
	"io"

	"wave365/pkg/cloud/redact"
)

// pieceSize is about how many bytes are searched for secrets at a time.
const pieceSize = 1 << 20

// gate removes secrets from everything that is written: no secret leaves with the report, however it got into a name, a
// note or a message of the service. It buffers text up to the last seam of a piece and writes it redacted. The caller
// ends it with close.
type gate struct {
	w    io.Writer
	seam string
	held []byte
	// err is the first error of w; an error of the gate's own caller is not the disk's.
	err error
}

func (g *gate) Write(b []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	g.held = append(g.held, b...)
	if g.seam != "" && len(g.held) >= pieceSize {
		if n := bytes.LastIndex(g.held, []byte(g.seam)); n > 0 {
			g.pass(n)
		}
	}
	return len(b), g.err
}

// pass writes the first n bytes.
func (g *gate) pass(n int) {
	_, g.err = g.w.Write(redact.Bytes(g.held[:n]))
	g.held = append(g.held[:0], g.held[n:]...)
}

func (g *gate) close() error {
	if g.err == nil {
		g.pass(len(g.held))
	}
	return g.err
}
