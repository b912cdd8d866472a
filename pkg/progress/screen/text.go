package screen

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/mattn/go-runewidth"

	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
)

// span is a piece of text with one style.
type span struct {
	text string
	look look
}

// look is an SGR parameter; "" is plain.
type look string

const (
	plainLook look = ""
	bold      look = "1"
	dim       look = "2"
	red       look = "31"
	green     look = "32"
	yellow    look = "33"
	cyan      look = "36"
)

// line joins spans, cut to width columns; width 0 or less does not cut.
func line(width int, color bool, spans ...span) string {
	var b strings.Builder
	left := width
	for _, s := range spans {
		text := s.text
		if width > 0 {
			if text = runewidth.Truncate(text, left, "…"); text == "" {
				continue
			}
			left -= runewidth.StringWidth(text)
		}
		if color && s.look != plainLook && strings.TrimSpace(text) != "" {
			fmt.Fprintf(&b, "\x1b[%sm%s\x1b[0m", s.look, text)
		} else {
			b.WriteString(text)
		}
		if width > 0 && (left <= 0 || text != s.text) {
			break
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// item is a group of spans that stay on one line.
type item []span

// folded lays items out on at most n lines of at most width columns, broken between them; a width of 0 or less does not
// break.
func folded(width int, color bool, items []item, n int) []string {
	const indent, apart = "  ", "  "
	var lines []string
	cur, used := []span{{indent, plainLook}}, len(indent)
	for i, it := range items {
		wide := 0
		for _, s := range it {
			wide += runewidth.StringWidth(s.text)
		}
		switch {
		case i == 0:
		case width > 0 && used+len(apart)+wide > width && len(lines)+1 < n:
			lines = append(lines, line(width, color, cur...))
			cur, used = []span{{indent, plainLook}}, len(indent)
		default:
			cur, used = append(cur, span{apart, plainLook}), used+len(apart)
		}
		cur, used = append(cur, it...), used+wide
	}
	return append(lines, line(width, color, cur...))
}

// ASCII replaces the characters that some terminals do not have; every character stays one column wide.
func ASCII(lines []string) []string {
	signs := strings.NewReplacer(arrived, "#", otherwise, "x", open, ".", "…", "~", "→", ">", "–", "-", "·", "-", "“", `"`, "”", `"`)
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = signs.Replace(l)
	}
	return out
}

// Width returns how many columns a line takes, without its colors.
func Width(line string) int { return runewidth.StringWidth(sgr.ReplaceAllString(line, "")) }

var sgr = regexp.MustCompile("\x1b\\[[0-9]*m")

// cell returns text in exactly width columns.
func cell(text string, width int) string {
	return runewidth.FillRight(runewidth.Truncate(text, width, "…"), width)
}

// rightCell returns text aligned right in width columns.
func rightCell(text string, width int) string {
	return runewidth.FillLeft(runewidth.Truncate(text, width, "…"), width)
}

// wrap breaks text at spaces into lines of at most width columns.
func wrap(text string, width int) []string {
	var lines []string
	cur := ""
	for _, w := range strings.Fields(text) {
		switch {
		case cur == "":
			cur = w
		case runewidth.StringWidth(cur)+1+runewidth.StringWidth(w) <= width:
			cur += " " + w
		default:
			lines = append(lines, cur)
			cur = w
		}
	}
	if cur != "" {
		lines = append(lines, cur)
	}
	return lines
}

// firstOf returns at most n lines; the last one says if there were more.
func firstOf(n int, lines []string) []string {
	if len(lines) <= n {
		return lines
	}
	cut := append([]string(nil), lines[:n]...)
	cut[n-1] += " …"
	return cut
}

// Name returns the name by which people know a row.
func Name(r migration.Row) string {
	return wording.OneLine(cmp.Or(r.Target.UPN, r.Target.User))
}
