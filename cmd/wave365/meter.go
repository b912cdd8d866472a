package main

import (
	"fmt"
	"io"
	"time"

	"wave365/cmd/wave365/internal/console"
)

// meter is the one line of progress of a validation: redrawn on a terminal, absent when piped.
type meter struct {
	out   io.Writer
	on    bool
	drawn bool
	last  time.Time
}

func newMeter(a *app, g *globals) *meter { return &meter{out: a.err, on: a.errTerm && !g.quiet} }

func (m *meter) show(what string, done, total int) {
	if !m.on || (done < total && time.Since(m.last) < 100*time.Millisecond) {
		return
	}
	m.last, m.drawn = time.Now(), true
	fmt.Fprintf(console.AsIs(m.out), "\r\033[Kchecking %s: %d of %d", what, done, total)
}

func (m *meter) done() {
	if m.drawn {
		fmt.Fprint(console.AsIs(m.out), "\r\033[K")
	}
}
