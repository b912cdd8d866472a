package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/progress/screen"
)

// redraw is how often the bars are drawn.
const redraw = 200 * time.Millisecond

// terminal keeps a few lines at the bottom of the screen and lets what has ended scroll away above them. mpb moves the
// cursor; what is drawn comes from the board.
type terminal struct {
	board *board.Board
	opt   Options

	mu sync.Mutex
	// Both are nil until Start.
	bars *mpb.Progress
	out  *outbox
}

func newTerminal(opt Options) *terminal {
	return &terminal{board: board.New(opt.Now), opt: opt}
}

func (t *terminal) Start(run migration.Run, rows []migration.Row) {
	if !t.board.Start(run, rows) {
		return
	}
	width, _ := t.size()
	bars := mpb.New(mpb.WithOutput(t.opt.Out), mpb.WithAutoRefresh(), mpb.WithRefreshRate(redraw), mpb.WithWidth(width))
	// The first line is the bar itself, the others extend it; both come from one look at the board.
	var frame []string
	first := mpb.BarFillerFunc(func(w io.Writer, _ decor.Statistics) error {
		width, height := t.size()
		// The cursor stands on a line of its own below; the last column is left free because some terminals wrap there.
		back := rewound(frame, width)
		frame = t.signs(screen.Frame(t.board.Snapshot(), width-1, height-1, t.opt.Color))
		_, err := io.WriteString(w, back+frame[0])
		return err
	})
	others := mpb.BarFillerFunc(func(w io.Writer, _ decor.Statistics) error {
		for _, l := range frame[1:] {
			if _, err := io.WriteString(w, l+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
	bars.MustAdd(0, first, mpb.BarFillerTrim(), mpb.BarExtender(others, false))
	out := newOutbox(bars)
	t.mu.Lock()
	t.bars, t.out = bars, out
	t.mu.Unlock()
}

func (t *terminal) Row(r migration.Row) {
	c, ok := t.board.Update(r)
	if !ok || !c.Ended {
		return
	}
	width, _ := t.size()
	lines := t.signs(screen.Ending(r, c, width-1, t.opt.Color))
	for i := range lines {
		lines[i] += "\n"
	}
	t.mu.Lock()
	out := t.out
	t.mu.Unlock()
	if out != nil {
		out.put(lines...)
	}
}

func (t *terminal) Polled(p Poll)      { t.board.Polled(p.Rows, p.Next) }
func (t *terminal) Status(text string) { t.board.SetStatus(text) }

func (t *terminal) Done() {
	if _, ok := t.board.End(); !ok {
		return
	}
	t.mu.Lock()
	bars, out := t.bars, t.out
	t.mu.Unlock()
	if bars == nil {
		return
	}
	out.close()
	bars.Shutdown()
}

// rewound goes back to where the last frame began. mpb goes up by as many lines as it has drawn and stays in its column:
// the ^C that a terminal echoes has moved that, and a window that was made narrower has broken the frame into more lines.
func rewound(frame []string, width int) string {
	extra := 0
	for _, l := range frame {
		extra += (max(screen.Width(l), 1) - 1) / width
	}
	if extra == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", extra)
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
