package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/fault"
)

// version is set by the linker: -X main.version=…
var version = "dev"

func main() { os.Exit(realMain()) }

// memoryGoal is the soft memory limit, in bytes. A wave of 10,000 rows takes a third of it; only invalid input comes
// close.
const memoryGoal = 256 << 20

func realMain() int { return mainOf(newApp()) }

func mainOf(a *app) int {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	outliveReaders()
	cobra.EnableCommandSorting = false // the commands are listed in the order in which they are used
	return execute(context.Background(), a, os.Args[1:])
}

// execute runs one command line and returns the exit code. Nothing below it exits the process.
func execute(ctx context.Context, a *app, args []string) int {
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	out := &console.Cleaned{Writer: a.out}
	a.out, a.err = out, &console.Cleaned{Writer: a.err}
	root.SetOut(a.out)
	root.SetErr(a.err)
	ctx, stopped := withStopFlag(ctx)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.started {
		err = usageError{err}
	}
	if _, ok := errors.AsType[usageError](err); ok && fault.HintOf(err) == "" {
		err = usageError{fault.Wrap(fault.Invalid, "usage", err.Error(), "the help says how", err, usage.HelpOf(cmd))}
	}
	code, quiet := exitCode(err)
	if stopped.Load() && err != nil && !quiet {
		code = exitStopped // whatever broke off because of it
	}
	sh := shell(root.PersistentFlags().Lookup("ledger").Value.String(), "")
	sh.Place = a.at.flags()
	if err != nil && !quiet {
		fmt.Fprintln(a.err, errorText(err, sh, console.Width(a.err)))
	}
	if err != nil && !out.Wrote && (slices.Contains(args, "--json") || root.PersistentFlags().Lookup("json").Value.String() == "true") {
		console.JSON(a.out, errorDocumentOf(err, code, sh))
	}
	return code
}
