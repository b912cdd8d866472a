package progress

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/progress/screen"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
)

// plain writes one line per change of step or state, for logs and pipes.
type plain struct {
	lines
}

func newPlain(w io.Writer, now func() time.Time) *plain {
	return &plain{newLines(w, now)}
}

func (p *plain) Start(run migration.Run, rows []migration.Row) {
	p.begin(run, rows, func() string {
		c := migration.Count(rows)
		done := fmt.Sprintf("%d done", c.Done()-c.Skipped)
		if c.Skipped > 0 {
			done += fmt.Sprintf(", %d skipped", c.Skipped)
		}
		return p.stamp(p.now(), fmt.Sprintf("run %s: wave %s, %s, %s, tenant %s (%s), %s",
			wording.OneLine(run.ID), wording.OneLine(run.Wave), wording.Count(c.Total, "row"), done, wording.OneLine(cmp.Or(run.TenantName, run.Tenant)), wording.OneLine(run.Cloud), wording.Count(run.Slots, "slot")))
	})
}

func (p *plain) Row(r migration.Row) {
	p.mutate(func() (string, bool) {
		c, ok := p.board.Update(r)
		if !ok || !c.Moved && !c.Tried {
			return "", false
		}
		at := r.UpdatedAt
		if at.IsZero() {
			at = p.now()
		}
		word := string(r.State)
		if r.State.Final() {
			word = string(summary.ClassOf(r))
		}
		text := []string{screen.Name(r), string(r.Step), word}
		if r.State.Final() {
			text = append(text, fmt.Sprintf("(%d/%d)", c.Counts.Done(), c.Counts.Total))
			if c.Took > 0 {
				text = append(text, "after "+clocks.Short(c.Took))
			}
		}
		if r.Tries > 0 && r.State == migration.Waiting {
			text = append(text, fmt.Sprintf("before try %d", r.Tries+1))
		}
		if r.NotBefore.After(at) && r.State == migration.Waiting {
			text = append(text, "until "+clocks.OfDay(r.NotBefore.In(p.now().Location()), at))
		}
		s := strings.Join(text, " ")
		if why := screen.Reason(r); why != "" {
			s += ": " + why
		}
		return p.stamp(at, s), true
	})
}

func (p *plain) Polled(poll Poll) { p.board.Polled(poll.Rows, poll.Next) }

func (p *plain) Status(text string) {
	p.mutate(func() (string, bool) {
		if !p.board.SetStatus(text) {
			return "", false
		}
		if text == "" {
			return p.stamp(p.now(), "status: clear"), true
		}
		return p.stamp(p.now(), "status: "+wording.OneLine(text)), true
	})
}

func (p *plain) Done() {
	p.finish(func(c migration.Counts) string {
		return p.stamp(p.now(), fmt.Sprintf("%d of %d rows done: %s", c.Done(), c.Total, screen.Counts(p.board.Snapshot())))
	})
}

func (p *plain) stamp(at time.Time, text string) string {
	return clocks.Second(at.In(p.now().Location())) + " " + text + "\n"
}

// lines is a board whose changes are written in order, one line each.
type lines struct {
	board *board.Board
	now   func() time.Time
	w     io.Writer

	// order keeps lines in the order of the changes that they report.
	order sync.Mutex
	out   *outbox
}

func (l *lines) Steered(run migration.Run) { l.board.Steer(run) }

func newLines(w io.Writer, now func() time.Time) lines {
	return lines{board: board.New(now), now: now, w: w}
}

func (l *lines) begin(run migration.Run, rows []migration.Row, text func() string) {
	l.order.Lock()
	defer l.order.Unlock()
	if l.board.Start(run, rows) {
		l.out = newOutbox(l.w)
		l.out.put(text())
	}
}

func (l *lines) mutate(change func() (string, bool)) {
	l.order.Lock()
	defer l.order.Unlock()
	if text, ok := change(); ok {
		l.out.put(text)
	}
}

func (l *lines) finish(text func(migration.Counts) string) {
	l.order.Lock()
	defer l.order.Unlock()
	if c, ok := l.board.End(); ok {
		l.out.put(text(c))
		l.out.close()
	}
}
