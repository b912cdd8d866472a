// Package progress shows a run while it runs: bars on a terminal, plain lines when piped, JSON lines for programs. It
// is told what happened and draws it; it decides nothing, knows no clock of its own and is not the log. Counting is
// separate from drawing, so that all views say the same.
//
// The output policy: everything goes to the one writer that the caller gives. Piped output has no colour and no
// carriage returns, and its times are RFC 3339. On a terminal, what colour says is also said by a word. Control
// characters in text that came from a service or a file are made visible.
package progress

import (
	"io"
	"time"

	"wave365/pkg/migration"
)

// Poll says that rows were looked at in the service and nothing changed for them, or not yet.
type Poll struct {
	// Rows are row indexes; those that are not known are ignored.
	Rows []int
	// Next is when they are looked at next, in service time. Zero: not known.
	Next time.Time
}

// View is told what happens. All methods are safe for concurrent use and do not wait for a slow terminal, except
// Done. What is reported before Start or after Done is ignored.
type View interface {
	// Start gives the run and its rows as they stand; some may be final already, as after a resume.
	Start(run migration.Run, rows []migration.Row)
	// Row says that a row changed.
	Row(r migration.Row)
	// Polled says that rows were looked at.
	Polled(p Poll)
	// Steered says how the run is gone through from now on: with how many slots, draining, until which step.
	Steered(run migration.Run)
	// Status says why the run is waiting or slow; "" clears it.
	Status(text string)
	// Done draws a last time and ends the view. A second call does nothing.
	Done()
}

// Options say where and how to draw.
type Options struct {
	// Out is where to draw; nil: nowhere.
	Out io.Writer
	// Terminal says that Out is a terminal, which can be drawn over.
	Terminal bool
	// Width and Height are asked at every drawing, so that a resized window is followed. nil or an answer of 0 or
	// less: 80 and 24.
	Width, Height func() int
	// Color allows colour. The caller honours NO_COLOR. ASCII asks for signs that every terminal has.
	Color, ASCII bool
	// Now is service time, in the zone in which people read times.
	Now func() time.Time
	// Quiet shows nothing at all.
	Quiet bool
}

// New gives the view for people: bars on a terminal, otherwise plain lines.
func New(opt Options) View {
	switch {
	case opt.Quiet || opt.Out == nil:
		return newPlain(io.Discard, opt.Now)
	case opt.Terminal:
		return newTerminal(opt)
	}
	return newPlain(opt.Out, opt.Now)
}
