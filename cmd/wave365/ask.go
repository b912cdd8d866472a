package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
)

// consequence describes, after a prompt, what yes would do; sandbox is the one in use, "" a real tenant.
func consequence(sandbox string) string {
	if sandbox != "" {
		return "This is a rehearsal: no user is migrated."
	}
	return "This changes the tenant."
}

// ask asks a question that only yes continues. Without a terminal to ask on, --yes must have been given. When ctx ends,
// the fault is Interrupted.
func (a *app) ask(ctx context.Context, g *globals, question string) error {
	if g.yes {
		return nil
	}
	if !a.inTerm {
		return fault.New(fault.Invalid, "usage", "cannot prompt: stdin is not a terminal", "give --yes to proceed without confirmation")
	}
	typed, err := a.askFor(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(typed) {
	case "y", "yes":
		return nil
	}
	return nothing("not started; nothing was changed", "")
}

// askFor prints a prompt and returns the line that is typed, without surrounding blanks. The fault is Interrupted when ctx
// ends first.
func (a *app) askFor(ctx context.Context, prompt string) (string, error) {
	if width := console.Width(a.err); console.Wider(prompt, width) && !strings.Contains(prompt, "\n") {
		prompt = strings.TrimSuffix(console.Fold("", prompt, width-len("y ")), "\n") + " " // the answer stands behind it
	}
	fmt.Fprint(a.err, prompt)
	if a.typed == nil {
		a.typed = bufio.NewReader(a.in)
	}
	answered := make(chan string, 1)
	go func() { // a read from a terminal cannot be cancelled; the process ends soon after
		line, _ := a.typed.ReadString('\n')
		answered <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return "", fault.Wrap(fault.Interrupted, "", "stopped at the prompt; nothing was changed", "", ctx.Err())
	case line := <-answered:
		return strings.TrimSpace(line), nil
	}
}
