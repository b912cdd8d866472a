// Command wave365 moves Azure VMs into Windows 365 Cloud PCs, a wave of users at a time. This package holds flags,
// configuration, wiring, signals and exit codes, one file per command; rules live in pkg.
package main

import (
	"context"
	"fmt"
	"os"
)

// version is set by the linker: -X main.version=…
var version = "dev"

func main() { os.Exit(realMain()) }

func realMain() int {
	return execute(context.Background(), newApp(), os.Args[1:])
}

// execute runs one command line and gives the exit code. Nothing below it exits the process.
func execute(ctx context.Context, a *app, args []string) int {
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		err = usageError{err}
	}
	code, quiet := exitCode(err)
	if err != nil && !quiet {
		fmt.Fprintln(a.err, errorText(err))
	}
	return code
}
