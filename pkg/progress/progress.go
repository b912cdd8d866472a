// Package progress shows a run in progress: bars on a terminal, plain lines when piped, JSON lines for programs. It is
// told what happened and draws it; it decides nothing, has no clock of its own and is not the log. Counting is separate
// from drawing, so that all views say the same.
//
// The output policy: everything goes to the one writer that the caller provides. Piped output has no color and no
// carriage returns, and its times are RFC 3339. On a terminal, everything that color expresses is also expressed by a
// word. Control characters in text from a service or a file are made visible.
package progress

import (
	"io"
	"time"

	"wave365/pkg/migration"
)

// Poll says that rows were polled in the service and have not changed, or not yet.
type Poll struct {
	// Rows are row indexes; unknown ones are ignored.
	Rows []int
	// Next is when they are polled next, in service time. Zero: not known.
	Next time.Time
}

// View is told what happens. All methods are safe for concurrent use and, except for Done, do not wait for a slow
// terminal. What is reported before Start or after Done is ignored.
type View interface {
	// Start reports the run and its rows; some may be final already, as after a resume.
	Start(run migration.Run, rows []migration.Row)
	// Row reports that a row changed.
	Row(r migration.Row)
	// Polled reports that rows were polled.
	Polled(p Poll)
	// Steered reports how the run is executed from now on: with how many slots, draining, up to which step.
	Steered(run migration.Run)
	// Status reports why the run is waiting or slow; "" clears it.
	Status(text string)
	// Done draws a last time and ends the view. A second call does nothing.
	Done()
}

// Options are where and how to draw.
type Options struct {
	// Out is where to draw; nil: nowhere.
	Out io.Writer
	// Terminal: Out is a terminal, whose lines can be redrawn.
	Terminal bool
	// Width and Height are called at every drawing, so that a resized window is followed. nil or a result of 0 or less
	// means 80 and 24.
	Width, Height func() int
	// Color allows color. The caller honors NO_COLOR. ASCII restricts output to characters that every terminal has.
	Color, ASCII bool
	// Now returns service time, in the time zone of the people who read it.
	Now func() time.Time
	// Quiet: nothing is shown.
	Quiet bool
}

// New returns the view for people: bars on a terminal, otherwise plain lines.
func New(opt Options) View {
	switch {
	case opt.Quiet || opt.Out == nil:
		return newPlain(io.Discard, opt.Now)
	case opt.Terminal:
		return newTerminal(opt)
	}
	return newPlain(opt.Out, opt.Now)
}
