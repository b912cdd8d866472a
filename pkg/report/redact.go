package report

import (
	"bytes"
	"io"

	"wave365/pkg/cloud/redact"
)

// pieceSize is about how much text is searched for secrets at a time.
const pieceSize = 1 << 20

// gate is the last door before the disk: whatever found its way into a name, a note or a service's words, no secret
// leaves with the report. It gathers text up to the last seam of a piece and lets it pass without its secrets. The
// caller ends it with close.
type gate struct {
	w    io.Writer
	seam string
	held []byte
	// err is the first error of w; what the gate's own caller fails with is not the disk's.
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

// pass lets the first n bytes go.
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
