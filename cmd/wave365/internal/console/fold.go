// Package console prints what people read at a terminal: lines folded to its width, commands that can be copied, tables,
// problems with what to do about them, and documents without control characters. It knows no command of this program.
package console

import (
	"io"
	"os"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// Width returns the width of a terminal; 0 for a file or a pipe, which take lines of any length.
func Width(w io.Writer) int {
	if c, ok := w.(*Cleaned); ok {
		w = c.Writer
	}
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Wider reports whether a line of text is wider than a terminal of width columns; 0 is none.
func Wider(text string, width int) bool {
	for line := range strings.Lines(text) {
		if width > 0 && runewidth.StringWidth(strings.TrimSuffix(line, "\n")) > width {
			return true
		}
	}
	return false
}

// Fold returns lead and text on lines of at most width columns, broken at spaces but not inside a command, which would not
// work when it is copied; further lines are indented to the beginning of text. A width of 0, or one that leaves too little
// for words, folds nothing.
func Fold(lead, text string, width int) string {
	const least = 20
	indent := runewidth.StringWidth(lead)
	if width-indent < least {
		return lead + text + "\n"
	}
	return broken(lead, unbroken(text), width, "", indent)
}

// Command returns lead and a command on lines of at most width columns that can be copied unchanged: for a shell that continues
// after a backslash at the end of a line. Windows has no such sign that both its shells know, so there the line is not broken, and
// neither is it without a terminal (0). Words and quoted texts are never broken.
func Command(lead, line string, width int, windows bool) string {
	const mark, deeper = ` \`, 4
	indent := runewidth.StringWidth(lead)
	if width == 0 || windows || indent+runewidth.StringWidth(line) <= width {
		return lead + line + "\n"
	}
	return broken(lead, shellWords(line), width, mark, indent+deeper)
}

// broken sets words after lead in lines of at most width columns; lines followed by another end in mark, and further lines begin
// at indent.
func broken(lead string, words []string, width int, mark string, indent int) string {
	var b strings.Builder
	b.WriteString(lead)
	at := runewidth.StringWidth(lead)
	for i, word := range words {
		n := runewidth.StringWidth(word)
		switch {
		case i == 0:
		case at+1+n+len(mark) > width:
			b.WriteString(mark + "\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String() + "\n"
}

// shellWords returns the words of a command line, including their quotes.
func shellWords(line string) []string {
	var words []string
	quote, start := rune(0), 0
	for i, r := range line {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == ' ':
			if i > start {
				words = append(words, line[start:i])
			}
			start = i + 1
		}
	}
	return append(words, line[start:])
}

// unbroken returns the words of a text; text in backticks is one word.
func unbroken(text string) []string {
	paired := strings.Count(text, "`")%2 == 0
	var words []string
	open := false
	for _, word := range strings.Fields(text) {
		if open {
			words[len(words)-1] += " " + word
		} else {
			words = append(words, word)
		}
		if paired && strings.Count(word, "`")%2 == 1 {
			open = !open
		}
	}
	return words
}
