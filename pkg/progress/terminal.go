package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/progress/screen"
)

// redraw is how often the frame is drawn.
const redraw = 200 * time.Millisecond

// terminal keeps a few lines at the bottom of the screen and lets the lines of ended rows scroll away above them. It is
// drawn in the background, so that a paused or closed terminal never stops the run.
type terminal struct {
	board *board.Board
	opt   Options

	mu sync.Mutex
	// ended are the lines that are to scroll away above the next frame.
	ended []string
	// stop ends the drawing with a last frame, after which gone is closed. Both are nil until Start.
	stop, gone chan struct{}
}

func newTerminal(opt Options) *terminal {
	return &terminal{board: board.New(opt.Now), opt: opt}
}

func (t *terminal) Start(run migration.Run, rows []migration.Row) {
	if !t.board.Start(run, rows) {
		return
	}
	stop, gone := make(chan struct{}), make(chan struct{})
	t.mu.Lock()
	t.stop, t.gone = stop, gone
	t.mu.Unlock()
	go t.draw(stop, gone)
}

// draw draws frames until stop is closed or a write to the terminal fails.
func (t *terminal) draw(stop <-chan struct{}, gone chan<- struct{}) {
	defer close(gone)
	defer understandEscapes(t.opt.Out)()
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	var frame []string
	for last := false; !last; {
		select {
		case <-tick.C:
		case <-stop:
			last = true
		}
		width, height := t.size()
		back := rewound(frame, width)
		t.mu.Lock()
		ended := t.ended
		t.ended = nil
		t.mu.Unlock()
		// The cursor is on a line of its own below; the last column is left free because some terminals wrap there.
		frame = t.signs(screen.Frame(t.board.Snapshot(), width-1, height-1, t.opt.Color))
		if _, err := io.WriteString(t.opt.Out, back+strings.Join(append(ended, frame...), "\n")+"\n"); err != nil {
			return
		}
	}
}

func (t *terminal) Row(r migration.Row) {
	c, ok := t.board.Update(r)
	if !ok || !c.Ended {
		return
	}
	width, _ := t.size()
	lines := t.signs(screen.Ending(r, c, t.opt.Now().Location(), width-1, t.opt.Color))
	t.mu.Lock()
	t.ended = append(t.ended, lines...)
	t.mu.Unlock()
}

func (t *terminal) Polled(p Poll)             { t.board.Polled(p.Rows, p.Next) }
func (t *terminal) Steered(run migration.Run) { t.board.Steer(run) }
func (t *terminal) Status(text string)        { t.board.SetStatus(text) }

func (t *terminal) Done() {
	if _, ok := t.board.End(); !ok {
		return
	}
	t.mu.Lock()
	stop, gone := t.stop, t.gone
	t.mu.Unlock()
	if stop != nil {
		close(stop)
		<-gone
	}
}

// rewound returns the sequence that moves back to the start of the last frame, in whatever column the cursor is (a terminal
// echoes ^C), and clears everything from there on. A window that became narrower has wrapped the frame into more lines.
func rewound(frame []string, width int) string {
	lines := len(frame)
	for _, l := range frame {
		lines += (max(screen.Width(l), 1) - 1) / width
	}
	if lines == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", lines)
}

func (t *terminal) signs(lines []string) []string {
	if t.opt.ASCII {
		return screen.ASCII(lines)
	}
	return lines
}

func (t *terminal) size() (width, height int) {
	width, height = 80, 24
	if t.opt.Width != nil {
		if w := t.opt.Width(); w > 0 {
			width = w
		}
	}
	if t.opt.Height != nil {
		if h := t.opt.Height(); h > 0 {
			height = h
		}
	}
	return width, height
}
