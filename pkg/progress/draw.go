package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wave365/pkg/migration"
)

// frame draws what stands at the bottom of a terminal: the total, the counts, the forecast, why it waits, and one line
// per active row, in at most height lines of at most width columns. The last frame has no rows and no forecast.
func (b *board) frame(width, height int, color bool) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	lines := []string{b.total(width, color, now), line(width, color, b.countSpans()...)}
	if !b.done {
		if f := b.outlook(now); f != "" {
			lines = append(lines, line(width, color, span{"  " + f, dim}))
		}
		if b.status != "" {
			lines = append(lines, line(width, color, span{"  ! " + clean(b.status), yellow}))
		}
		lines = append(lines, b.rowLines(width, height-len(lines), color, now)...)
	}
	return lines[:min(len(lines), max(height, 1))]
}

// total is the bar. Its share is of rows, and it says 100 % only when every row is final.
func (b *board) total(width int, color bool, now time.Time) string {
	c := b.counts
	pct := 0
	if c.Total > 0 {
		pct = min(100, 100*c.Done()/c.Total)
	}
	label := clean(b.run.Wave)
	if label == "" {
		label = "wave"
	}
	label = runewidth.Truncate(label, max(width/4, 8), "…")
	tail := fmt.Sprintf("%d/%d rows  %3d %%  %s", c.Done(), c.Total, pct, short(now.Sub(b.began)))
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

// countSpans names how many rows stand where: the usual ones always, the others when there are any.
func (b *board) countSpans() []span {
	c := b.counts
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
	add(c.Active, "active", cyan, !b.done)
	add(c.Waiting, "waiting", plainLook, !b.done)
	add(c.Queued, "queued", plainLook, false)
	add(c.Skipped, "skipped", yellow, false)
	add(c.Deferred, "deferred", yellow, false)
	add(c.Cancelled, "cancelled", yellow, false)
	return spans
}

// outlook is the forecast in words; "" while there is nothing to go by or nothing left.
func (b *board) outlook(now time.Time) string {
	if b.counts.Open() == 0 {
		return ""
	}
	f := b.pace.forecast(b.rows, b.run.Slots, now)
	if !f.known {
		return ""
	}
	if f.to <= 0 {
		return "no forecast: what is left takes longer than any row before"
	}
	late := ""
	if f.slow > 0 {
		late = fmt.Sprintf(", without %d slow", f.slow)
	}
	from, to, layout := now.Add(f.from).Local(), now.Add(f.to).Local(), "15:04"
	if f.to > 12*time.Hour {
		layout = "Mon 15:04"
	}
	return fmt.Sprintf("about %s to %s left (%s to %s%s)%s",
		rough(f.from), rough(f.to), from.Format(layout), to.Format(layout), to.Format(" MST"), late)
}

// rowLines is a heading and one line per active row, and how many did not fit.
func (b *board) rowLines(width, height int, color bool, now time.Time) []string {
	list := b.active(now)
	if len(list) == 0 || height < 2 {
		return nil
	}
	user := 8
	for _, t := range list {
		user = max(user, runewidth.StringWidth(name(t.row.Target.User, t.row.Target.UPN)))
	}
	user = min(user, max(width*3/10, 16))
	var lines []string
	if height > 6 {
		head := "  " + cell("user", user) + "  " + cell("step", stepWidth) + "  " + rightCell("elapsed", elapsedWidth) + "  next look"
		lines = append(lines, line(width, color, span{head, dim}))
	}
	shown := len(list)
	if room := height - len(lines); shown > room {
		shown = room - 1
	}
	for _, t := range list[:shown] {
		lines = append(lines, b.rowLine(t, user, width, color, now))
	}
	if more := len(list) - shown; more > 0 {
		lines = append(lines, line(width, color, span{fmt.Sprintf("  … and %d more", more), dim}))
	}
	return lines
}

// The widths of the columns of a row's line.
const (
	stepWidth    = len("provision-wait")
	elapsedWidth = len("elapsed")
	nextWidth    = 9
)

// rowLine is one active row: who, where, for how long, when it is looked at next, and what is the matter.
func (b *board) rowLine(t *tracked, user, width int, color bool, now time.Time) string {
	r := t.row
	mark, markLook, elapsed := "  ", plainLook, "-"
	if !t.since.IsZero() {
		elapsed = short(now.Sub(t.since))
	}
	next, nextLook := nextLook(t, now)
	note, noteLook := clean(r.Note), dim
	switch {
	case b.pace.slow(t, now):
		mark, markLook, noteLook = "! ", yellow, yellow
		note = "slow: over " + rough(b.pace.usual(r.Step)) + ", last change " + short(now.Sub(r.UpdatedAt)) + " ago"
		if !t.looked.IsZero() {
			note += ", last look " + short(now.Sub(t.looked)) + " ago"
		}
	case r.Tries > 0 && r.Problem != nil:
		mark, markLook, noteLook = "! ", yellow, yellow
		note = fmt.Sprintf("try %d: %s", r.Tries+1, clean(r.Problem.Message))
	}
	return line(width, color, span{mark, markLook}, span{cell(name(r.Target.User, r.Target.UPN), user), plainLook},
		span{"  ", plainLook}, span{cell(string(r.Step), stepWidth), plainLook},
		span{"  ", plainLook}, span{rightCell(elapsed, elapsedWidth), plainLook},
		span{"  ", plainLook}, span{cell(next, nextWidth), nextLook}, span{"  ", plainLook}, span{note, noteLook})
}

// nextLook says when a row is looked at next.
func nextLook(t *tracked, now time.Time) (string, look) {
	switch {
	case t.row.State == migration.Running:
		return "working", cyan
	case t.next.IsZero():
		return "waiting", plainLook
	case !t.next.After(now):
		return "now", cyan
	}
	return "in " + short(t.next.Sub(now)), plainLook
}

// ending is what stays on the screen when a row has ended.
func ending(r migration.Row, c change, width int, color bool) []string {
	word, l := endWord(r)
	tail := ""
	if r.State == migration.Failed || r.State == migration.Held {
		tail = "  at " + string(r.Step)
	}
	if c.took > 0 {
		tail += "  after " + short(c.took)
	}
	who := runewidth.Truncate(name(r.Target.User, r.Target.UPN), max(width-21-runewidth.StringWidth(tail), 12), "…")
	lines := []string{line(width, color, span{r.UpdatedAt.Local().Format("15:04:05") + "  ", dim},
		span{cell(word, 9), l}, span{"  ", plainLook}, span{who, plainLook}, span{tail, dim})}
	for i, part := range wrap(endWhy(r), max(width-10, 20)) {
		if i == 3 {
			break
		}
		lines = append(lines, line(width, color, span{"          " + part, plainLook}))
	}
	return lines
}

// endWord is the word for how a row ended.
func endWord(r migration.Row) (string, look) {
	switch r.State {
	case migration.Succeeded:
		if r.Warned {
			return "warned", yellow
		}
		return "succeeded", green
	case migration.Failed, migration.Held:
		return string(r.State), red
	}
	return string(r.State), yellow
}

// endWhy is why a row did not simply succeed; "" when it did.
func endWhy(r migration.Row) string {
	switch {
	case r.Problem != nil:
		return clean(r.Problem.Code + ": " + r.Problem.Message)
	case r.Warned:
		return clean(r.Facts.Warning)
	case r.State == migration.Succeeded:
		return ""
	}
	return clean(r.Note)
}
