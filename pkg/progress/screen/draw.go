// Package screen turns what is known of a run into lines of text that fit a terminal. It has no state and does no I/O.
// Color alone never carries meaning: the words are the same with and without it.
package screen

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
)

// Frame returns the lines at the bottom of a terminal: the total, the counts, the forecast, the reason for waiting, and
// one line per active row, in at most height lines (but at least one) of at most width columns.
func Frame(s board.Snapshot, width, height int, color bool) []string {
	folds := 3
	if height < 16 { // the rows need the space
		folds = 1
	}
	lines := append([]string{total(s, width, color)}, folded(width, color, counts(s), folds)...)
	for _, part := range firstOf(folds, wrap(outlook(s), width-2)) {
		lines = append(lines, line(width, color, span{"  " + part, dim}))
	}
	if s.Status != "" && !s.Ended {
		// It may contain a command to copy, so it is wrapped, not cut.
		mark := "  ! "
		for _, part := range firstOf(3, wrap(wording.OneLine(s.Status), width-len(mark))) {
			lines = append(lines, line(width, color, span{mark + part, yellow}))
			mark = "    "
		}
	}
	lines = append(lines, rowLines(s, width, height-len(lines), color)...)
	return lines[:min(len(lines), max(height, 1))]
}

// total returns the bar with its share of rows, which is 100 % only when every row is final.
func total(s board.Snapshot, width int, color bool) string {
	c := s.Counts
	pct := 0
	if c.Total > 0 {
		pct = min(100, 100*c.Done()/c.Total)
	}
	label := runewidth.Truncate(cmp.Or(wording.OneLine(s.Run.Wave), "wave"), max(width/4, 8), "…")
	tail := fmt.Sprintf("%d/%d rows  %3d %%  %s", c.Done(), c.Total, pct, clocks.Short(s.Now.Sub(s.Began)))
	spans := []span{{label, bold}, {"  ", plainLook}}
	if room := width - runewidth.StringWidth(label) - runewidth.StringWidth(tail) - 4; room >= 8 {
		spans = append(spans, bar(c, min(room, 60))...)
		spans = append(spans, span{"  ", plainLook})
	}
	return line(width, color, append(spans, span{tail, plainLook})...)
}

// The characters of the bar.
const (
	arrived   = "█"
	otherwise = "▓"
	open      = "░"
)

// bar returns width columns: full blocks for rows that succeeded, shaded ones for rows that ended otherwise, light ones
// for open rows. A part with a row in it is at least one column wide where there is room.
func bar(c migration.Counts, width int) []span {
	good, other, left := c.Succeeded+c.Warned, c.Done()-c.Succeeded-c.Warned, c.Open()
	share := func(n int) int {
		if n == 0 || c.Total <= 0 {
			return 0
		}
		return max(1, n*width/c.Total)
	}
	g, o := share(good), share(other)
	g = min(g, width-min(o, width))
	if left > 0 && g+o >= width {
		if g > o {
			g--
		} else {
			o--
		}
	}
	if left == 0 && good+other > 0 {
		if good > 0 {
			g = width - o
		} else {
			o = width
		}
	}
	rest := max(0, width-g-o)
	return []span{{strings.Repeat(arrived, g), green}, {strings.Repeat(otherwise, o), red}, {strings.Repeat(open, rest), dim}}
}

// Counts returns the number of rows per state, on one line.
func Counts(s board.Snapshot) string {
	var parts []string
	for _, i := range counts(s) {
		parts = append(parts, strings.TrimSpace(i[1].text))
	}
	return strings.Join(parts, ", ")
}

// counts returns the number of rows per state, each with its character in the bar: the usual states always, the others
// only if they occur.
func counts(s board.Snapshot) []item {
	c := s.Counts
	var items []item
	add := func(sign string, n int, word string, l look, always bool) {
		if n == 0 && !always {
			return
		}
		if n == 0 {
			l = dim
		}
		items = append(items, item{{sign, l}, {fmt.Sprintf(" %d %s", n, word), l}})
	}
	add(arrived, c.Succeeded, "succeeded", green, true)
	add(arrived, c.Warned, "warned", yellow, false)
	add(otherwise, c.Held, "held", red, false)
	add(otherwise, c.Failed, "failed", red, true)
	add(open, c.Active, "active", cyan, !s.Ended)
	add(open, c.Waiting, "waiting", plainLook, !s.Ended)
	add(open, c.Queued, "queued", plainLook, false)
	add(otherwise, c.Skipped, "skipped", yellow, false)
	add(otherwise, c.Deferred, "deferred", yellow, false)
	add(otherwise, c.Cancelled, "cancelled", yellow, false)
	return items
}

// outlook describes the expected end; "" when nothing is left.
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
	from, to := s.Now.Add(r.From), s.Now.Add(r.To)
	if r.From < time.Minute {
		return fmt.Sprintf("up to %s left (until %s)%s", clocks.Rough(r.To), clocks.Range(s.Now, to), late)
	}
	return fmt.Sprintf("about %s to %s left (%s)%s", clocks.Rough(r.From), clocks.Rough(r.To), clocks.Range(s.Now, from, to), late)
}

// Ending returns the lines that stay on the screen when a row has ended; zone is the time zone of its time.
func Ending(r migration.Row, c board.Change, zone *time.Location, width int, color bool) []string {
	class := summary.ClassOf(r)
	tail := ""
	if r.State == migration.Failed || r.State == migration.Held {
		tail = "  at " + string(r.Step)
	}
	if c.Took > 0 {
		tail += "  after " + clocks.Short(c.Took)
	}
	at := r.UpdatedAt.In(zone).Format("15:04:05 MST") + "  "
	who := runewidth.Truncate(Name(r), max(width-11-runewidth.StringWidth(at+tail), 8), "…")
	lines := []string{line(width, color, span{at, dim},
		span{cell(string(class), 9), lookOf(class)}, span{"  ", plainLook}, span{who, plainLook}, span{tail, dim})}
	for _, part := range firstOf(3, wrap(Reason(r), max(width-10, 20))) {
		lines = append(lines, line(width, color, span{"          " + part, plainLook}))
	}
	return lines
}

// lookOf returns the color of a row's outcome; the word says the same.
func lookOf(c summary.Class) look {
	switch c {
	case summary.Succeeded:
		return green
	case summary.Failed, summary.Held:
		return red
	}
	return yellow
}

// Reason returns why a row is not a plain success, with its code; "" if it is one.
func Reason(r migration.Row) string {
	why := summary.WhyOf(r)
	if r.Problem == nil || why.Code == "" {
		return wording.OneLine(why.Text)
	}
	return wording.OneLine(why.Code + ": " + why.Text)
}
