package main

import (
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// follow CODE WORDS [ARG…] runs the first command that the last one printed and that begins with the words, as it is copied
// into a shell, with further arguments, and wants this exit code.
func follow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: follow CODE WORDS [ARG…]")
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		sh = "bash" // the one of Git, where Windows has one
	}
	printed := ts.ReadFile("stdout") + "\n" + ts.ReadFile("stderr")
	for line := range strings.Lines(printed) {
		if at := strings.Index(line, "wave365 "+args[1]); at >= 0 && (at == 0 || line[at-1] == ' ') {
			line := strings.TrimSpace(line[at:]) + " " + strings.Join(args[2:], " ")
			ts.Logf("copied: %s", line)
			exits(ts, false, []string{args[0], sh, "-c", line})
			return
		}
	}
	ts.Fatalf("no command begins with %s in\n%s", args[1], printed)
}
