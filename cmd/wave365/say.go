package main

import (
	"fmt"
	"time"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/summary/wording"
)

// tell prints one thing that was done, or is seen, while a command works.
func (a *app) tell(g *globals, format string, args ...any) {
	if !g.quiet && !g.json {
		console.Say(a.err, "", fmt.Sprintf(format, args...))
	}
}

// say prints one thing that was done; with --json the document holds it.
func (a *app) say(g *globals, format string, args ...any) {
	if !g.json {
		console.Say(a.out, "", fmt.Sprintf(format, args...))
	}
}

// said ends a command whose steps were printed: with --json doc holds them.
func (a *app) said(g *globals, doc any) error {
	if g.json {
		console.JSON(a.out, doc)
	}
	return nil
}

// lines are the commands of a remedy as they are typed.
func (g *globals) lines(commands []fault.Command) []string {
	return g.shell("").Lines(fault.Remedy{Commands: commands})
}

// bullet prints one line of a list, with what to type about it below; with --json the document has the list.
func (a *app) bullet(g *globals, mark, text string, commands []fault.Command) {
	if g.json {
		return
	}
	console.Say(a.out, "  "+mark+" ", text)
	sh := g.shell("")
	for _, line := range sh.Lines(fault.Remedy{Commands: commands}) {
		fmt.Fprint(a.out, console.Command("      ", line, console.Width(a.out), sh.Windows))
	}
}

// answer prints a command's document.
func (a *app) answer(doc any) error {
	console.JSON(a.out, doc)
	return nil
}

// answerList answers with a document, or for people with a table of what is in it.
func answerList[T any](a *app, g *globals, doc any, list []T, header string, cells func(T) []string) error {
	if g.json {
		return a.answer(doc)
	}
	rows := make([][]string, len(list))
	for i, one := range list {
		rows[i] = cells(one)
	}
	console.Table(a.out, header, rows)
	return nil
}

// when is a time for people; "" for none.
func (a *app) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return clocks.Moment(t.In(a.zone))
}

// day is a date for people; "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02")
}

// number is n, "" for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func hours(n int) string {
	if n == 0 {
		return ""
	}
	return wording.Count(n, "hour")
}

func gib(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d GiB", n)
}
