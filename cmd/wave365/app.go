package main

import (
	"bufio"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/playbook"
	"wave365/pkg/run"
)

// app is what every command gets: the streams, what is known about the terminal, and the environment. There are no
// package variables other than the version.
type app struct {
	in io.Reader
	// typed reads from in, line by line; nil until the first prompt.
	typed    *bufio.Reader
	out, err io.Writer
	// inTerm, errTerm: standard input and standard error are terminals.
	inTerm, errTerm bool
	// size returns the terminal's width and height.
	size func() (int, int)
	env  func(string) (string, bool)
	// environ returns the whole environment, as NAME=value.
	environ func() []string
	// at is the tenant that printed commands act on.
	at *whereabouts
	// started is set once a command's own code runs: errors before that are mistakes in the command line.
	started bool
	zone    *time.Location
	// journal is [run.Options.Journal], for tests.
	journal func(playbook.Journal) playbook.Journal
	// clock wraps the service's time for a run, for the same tests; nil: no wrapper.
	clock func(run.Clock) run.Clock
}

func newApp() *app {
	fd := int(os.Stderr.Fd())
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		inTerm: term.IsTerminal(int(os.Stdin.Fd())), errTerm: term.IsTerminal(fd),
		size: func() (int, int) {
			w, h, err := term.GetSize(fd)
			if err != nil {
				return 80, 24
			}
			return w, h
		},
		env: os.LookupEnv, environ: os.Environ, zone: time.Local,
	}
}

// color reports whether progress may use color: on a terminal, unless NO_COLOR is set to anything.
func (a *app) color() bool {
	v, _ := a.env("NO_COLOR")
	return a.errTerm && v == ""
}

// ascii reports whether the terminal may support only ASCII: the locale determines that. Windows has none; its
// terminals support more.
func (a *app) ascii() bool {
	if runtime.GOOS == "windows" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v, _ := a.env(name); v != "" {
			v = strings.ToLower(v)
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	term, _ := a.env("TERM")
	return term == "linux" || term == "dumb"
}

// lines returns the height of the terminal of the answer; if it is not a terminal, a height that shows everything.
func (a *app) lines() int {
	if console.Width(a.out) == 0 {
		return math.MaxInt
	}
	_, height := a.size()
	return height
}
