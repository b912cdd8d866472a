// Package screen turns what is known of a run into lines of text that fit a terminal. It has no state and does no
// I/O. Meaning is never in colour alone: with and without colour the words are the same.
package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/summary"
)

// Frame draws what stands at the bottom of a terminal: the total, the counts, the forecast, why it waits, and one line
// per active row, in at most height lines (but at least one) of at most width columns.
func Frame(s board.Snapshot, width, height int, color bool) []string {
	lines := []string{total(s, width, color), line(width, color, counts(s)...)}
	if f := outlook(s); f != "" {
		lines = append(lines, line(width, color, span{"  " + f, dim}))
	}
	if s.Status != "" && !s.Ended {
		// It may hold a command that somebody needs, so it is wrapped, not cut.
		mark := "  ! "
		for _, part := range firstOf(3, wrap(summary.OneLine(s.Status), width-len(mark))) {
			lines = append(lines, line(width, color, span{mark + part, yellow}))
			mark = "    "
		}
	}
	lines = append(lines, rowLines(s, width, height-len(lines), color)...)
	return lines[:min(len(lines), max(height, 1))]
}

// total is the bar. Its share is of rows, and it says 100 % only when every row is final.
func total(s board.Snapshot, width int, color bool) string {
	c := s.Counts
	pct := 0
	if c.Total > 0 {
		pct = min(100, 100*c.Done()/c.Total)
	}
	label := summary.OneLine(s.Run.Wave)
	if label == "" {
		label = "wave"
	}
	label = runewidth.Truncate(label, max(width/4, 8), "…")
	tail := fmt.Sprintf("%d/%d rows  %3d %%  %s", c.Done(), c.Total, pct, Short(s.Now.Sub(s.Began)))
	spans := []span{{label, bold}, {"  ", plainLook}}
	if room := width - runewidth.StringWidth(label) - runewidth.StringWidth(tail) - 4; room >= 8 {
		spans = append(spans, bar(c, min(room, 60))...)
		spans = append(spans, span{"  ", plainLook})
	}
	return line(width, color, append(spans, span{tail, plainLook})...)
}

// bar is width columns: full blocks for rows that arrived, shaded ones for rows that ended otherwise, light ones for
// those still open. A part with a row in it is at least one column wide where there is room.
func bar(c migration.Counts, width int) []span {
	good, other, open := c.Succeeded+c.Warned, c.Done()-c.Succeeded-c.Warned, c.Open()
	share := func(n int) int {
		if n == 0 || c.Total <= 0 {
			return 0
		}
		return max(1, n*width/c.Total)
	}
	g, o := share(good), share(other)
	g = min(g, width-min(o, width))
	if open > 0 && g+o >= width {
		if g > o {
			g--
		} else {
			o--
		}
	}
	if open == 0 && good+other > 0 {
		if good > 0 {
			g = width - o
		} else {
			o = width
		}
	}
	rest := max(0, width-g-o)
	return []span{{strings.Repeat("█", g), green}, {strings.Repeat("▓", o), red}, {strings.Repeat("░", rest), dim}}
}

// Counts says how many rows stand where, on one line.
func Counts(s board.Snapshot) string {
	var parts []string
	for _, p := range counts(s) {
		if text := strings.TrimSpace(p.text); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// counts names how many rows stand where: the usual ones always, the others when there are any.
func counts(s board.Snapshot) []span {
	c := s.Counts
	spans := []span{{" ", plainLook}}
	add := func(n int, word string, l look, always bool) {
		if n == 0 && !always {
			return
		}
		if n == 0 {
			l = dim
		}
		sep := " "
		if len(spans) > 1 {
			sep = "  "
		}
		spans = append(spans, span{sep, plainLook}, span{fmt.Sprintf("%d %s", n, word), l})
	}
	add(c.Succeeded, "succeeded", green, true)
	add(c.Warned, "warned", yellow, false)
	add(c.Failed, "failed", red, true)
	add(c.Held, "held", red, false)
	add(c.Active, "active", cyan, !s.Ended)
	add(c.Waiting, "waiting", plainLook, !s.Ended)
	add(c.Queued, "queued", plainLook, false)
	add(c.Skipped, "skipped", yellow, false)
	add(c.Deferred, "deferred", yellow, false)
	add(c.Cancelled, "cancelled", yellow, false)
	return spans
}

// outlook is the expected end in words; "" when nothing is left.
func outlook(s board.Snapshot) string {
	r := s.Left
	if s.Counts.Open() == 0 {
		return ""
	}
	if r.To <= 0 {
		if r.Slow == 0 {
			return ""
		}
		return "no forecast: what is left takes longer than usual"
	}
	late := ""
	if r.Slow > 0 {
		late = fmt.Sprintf(", without %d slow", r.Slow)
	}
	from, to, layout := s.Now.Add(r.From).Local(), s.Now.Add(r.To).Local(), "15:04"
	if r.To > 12*time.Hour {
		layout = "Mon 15:04"
	}
	if r.From < time.Minute {
		return fmt.Sprintf("up to %s left (until %s%s)%s", rough(r.To), to.Format(layout), to.Format(" MST"), late)
	}
	return fmt.Sprintf("about %s to %s left (%s to %s%s)%s",
		rough(r.From), rough(r.To), from.Format(layout), to.Format(layout), to.Format(" MST"), late)
}

// rowLines is a heading, one line per active row, and how many did not fit.
func rowLines(s board.Snapshot, width, height int, color bool) []string {
	if len(s.Active) == 0 || height < 2 {
		return nil
	}
	user := 8
	for _, l := range s.Active {
		user = max(user, runewidth.StringWidth(Name(l.Row)))
	}
	user = min(user, max(width*3/10, 16))
	var lines []string
	if height > 6 {
		head := "  " + cell("user", user) + "  " + cell("step", stepWidth) + "  " + rightCell("elapsed", elapsedWidth) + "  next look"
		lines = append(lines, line(width, color, span{head, dim}))
	}
	shown := len(s.Active)
	if room := height - len(lines); shown > room {
		shown = room - 1
	}
	for _, l := range s.Active[:shown] {
		lines = append(lines, rowLine(l, s.Now, user, width, color))
	}
	if more := len(s.Active) - shown; more > 0 {
		lines = append(lines, line(width, color, span{fmt.Sprintf("  … and %d more", more), dim}))
	}
	return lines
}

// The widths of the columns of a row's line.
const (
	stepWidth    = len("provision-wait")
	elapsedWidth = len("elapsed")
	nextWidth    = 9
	// leastNote is the room below which the last column would say nothing.
	leastNote = 12
)

// rowLine is one active row: who, where, for how long, when it is looked at next, and what is the matter.
func rowLine(l board.Line, now time.Time, user, width int, color bool) string {
	r := l.Row
	mark, markLook, elapsed := "  ", plainLook, "-"
	if !l.Since.IsZero() {
		elapsed = Short(now.Sub(l.Since))
	}
	next, nextLook := nextLook(l, now)
	note, noteLook := summary.OneLine(r.Note), dim
	switch {
	case l.Slow:
		mark, markLook, noteLook = "! ", yellow, yellow
		note = "slow: over " + rough(l.Usual) + ", last change " + Short(now.Sub(r.UpdatedAt)) + " ago"
		if !l.Looked.IsZero() {
			note += ", last look " + Short(now.Sub(l.Looked)) + " ago"
		}
	case r.Tries > 0 && r.Problem != nil:
		mark, markLook, noteLook = "! ", yellow, yellow
		note = fmt.Sprintf("try %d: %s", r.Tries+1, summary.OneLine(r.Problem.Message))
	}
	if width-user-stepWidth-elapsedWidth-nextWidth-10 < leastNote {
		note = ""
	}
	return line(width, color, span{mark, markLook}, span{cell(Name(r), user), plainLook},
		span{"  ", plainLook}, span{cell(string(r.Step), stepWidth), plainLook},
		span{"  ", plainLook}, span{rightCell(elapsed, elapsedWidth), plainLook},
		span{"  ", plainLook}, span{cell(next, nextWidth), nextLook}, span{"  ", plainLook}, span{note, noteLook})
}

// nextLook says when a row is looked at next.
func nextLook(l board.Line, now time.Time) (string, look) {
	switch {
	case l.Row.State == migration.Running:
		return "working", cyan
	case l.Next.IsZero():
		return "waiting", plainLook
	case !l.Next.After(now):
		return "now", cyan
	}
	return "in " + Short(l.Next.Sub(now)), plainLook
}

// Ending is what stays on the screen when a row has ended.
func Ending(r migration.Row, c board.Change, width int, color bool) []string {
	class := summary.ClassOf(r)
	tail := ""
	if r.State == migration.Failed || r.State == migration.Held {
		tail = "  at " + string(r.Step)
	}
	if c.Took > 0 {
		tail += "  after " + Short(c.Took)
	}
	who := runewidth.Truncate(Name(r), max(width-21-runewidth.StringWidth(tail), 12), "…")
	lines := []string{line(width, color, span{r.UpdatedAt.Local().Format("15:04:05") + "  ", dim},
		span{cell(string(class), 9), lookOf(class)}, span{"  ", plainLook}, span{who, plainLook}, span{tail, dim})}
	for _, part := range firstOf(3, wrap(Reason(r), max(width-10, 20))) {
		lines = append(lines, line(width, color, span{"          " + part, plainLook}))
	}
	return lines
}

// lookOf is the colour of how a row ended; the word says the same.
func lookOf(c summary.Class) look {
	switch c {
	case summary.Succeeded:
		return green
	case summary.Failed, summary.Held:
		return red
	}
	return yellow
}

// Reason is why a row did not simply succeed, with its code; "" when it did.
func Reason(r migration.Row) string {
	why := summary.WhyOf(r)
	if r.Problem == nil || why.Code == "" {
		return summary.OneLine(why.Text)
	}
	return summary.OneLine(why.Code + ": " + why.Text)
}
