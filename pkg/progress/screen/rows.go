package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/summary/wording"
)

// rowLines returns a heading, one line per active row, and how many did not fit. What all rows have in common is left
// out.
func rowLines(s board.Snapshot, width, height int, color bool) []string {
	if len(s.Active) == 0 || height < 2 {
		return nil
	}
	names := make([]string, len(s.Active))
	for i, l := range s.Active {
		names[i] = Name(l.Row)
	}
	domain := CommonDomain(names)
	user := 8
	for _, l := range s.Active {
		user = max(user, runewidth.StringWidth(strings.TrimSuffix(Name(l.Row), domain)))
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
		lines = append(lines, rowLine(l, s.Now, domain, user, width, color))
	}
	if more := len(s.Active) - shown; more > 0 {
		lines = append(lines, line(width, color, span{fmt.Sprintf("  … and %d more", more), dim}))
	}
	return lines
}

// CommonDomain returns the domain of all these users, with its @; "" when they have several or there is only one user.
func CommonDomain(users []string) string {
	of := func(user string) string {
		if i := strings.LastIndexByte(user, '@'); i > 0 {
			return user[i:]
		}
		return ""
	}
	if len(users) < 2 || slices.ContainsFunc(users, func(user string) bool { return of(user) != of(users[0]) }) {
		return ""
	}
	return of(users[0])
}

// The widths of the columns of a row's line.
const (
	stepWidth    = len("provision-wait")
	elapsedWidth = len("elapsed")
	nextWidth    = len("next look")
	// leastNote is the width below which the last column would be useless.
	leastNote = 12
)

// rowLine returns one active row: user, step, duration, next poll, and what is wrong.
func rowLine(l board.Line, now time.Time, domain string, user, width int, color bool) string {
	r := l.Row
	mark, markLook, elapsed := "  ", plainLook, "-"
	if !l.Since.IsZero() {
		elapsed = clocks.Short(now.Sub(l.Since))
	}
	next, nextLook := nextLook(l, now)
	note, noteLook := News(r), dim
	switch {
	case l.Slow:
		mark, markLook, noteLook = "! ", yellow, yellow
		note = "slow: over " + clocks.Rough(l.Usual) + ", last change " + clocks.Short(now.Sub(r.UpdatedAt)) + " ago"
		if !l.Looked.IsZero() {
			note += ", last look " + clocks.Short(now.Sub(l.Looked)) + " ago"
		}
	case r.Tries > 0 && r.Problem != nil:
		mark, markLook, noteLook = "! ", yellow, yellow
		note = fmt.Sprintf("try %d: %s", r.Tries+1, wording.OneLine(r.Problem.Message))
	}
	if width-user-stepWidth-elapsedWidth-nextWidth-10 < leastNote {
		note = ""
	}
	return line(width, color, span{mark, markLook}, span{cell(strings.TrimSuffix(Name(r), domain), user), plainLook},
		span{"  ", plainLook}, span{cell(string(r.Step), stepWidth), plainLook},
		span{"  ", plainLook}, span{rightCell(elapsed, elapsedWidth), plainLook},
		span{"  ", plainLook}, span{cell(next, nextWidth), nextLook}, span{"  ", plainLook}, span{note, noteLook})
}

// News returns what a row's note adds to its step; what every row of that step says is left out.
func News(r migration.Row) string {
	if r.WaitsForSlot() {
		return "no free slot" // beside "waiting"
	}
	note := wording.OneLine(r.Note)
	switch r.Step {
	case migration.StepImportWait:
		if note == "the service is importing the disk" {
			return ""
		}
	case migration.StepProvisionWait:
		if note == "the service is provisioning the Cloud PC" {
			return ""
		}
	}
	return strings.TrimPrefix(note, "the service is ")
}

// nextLook formats when a row is polled next.
func nextLook(l board.Line, now time.Time) (string, look) {
	switch {
	case l.Row.WaitsForSlot():
		return "waiting", plainLook
	case l.Row.State == migration.Running:
		return "working", cyan
	case l.Next.IsZero():
		return "waiting", plainLook
	case !l.Next.After(now):
		return "now", cyan
	}
	return "in " + clocks.Short(l.Next.Sub(now)), plainLook
}
