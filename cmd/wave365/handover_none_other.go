//go:build nodatabase && !unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"wave365/pkg/fault"
)

// become runs another program and waits for it. A Ctrl-C reaches both; the other one handles it.
func become(_ *app, path string, args []string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit(ended.ExitCode())
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, "usage", path+" cannot be started: "+err.Error(), "", err)
	}
	return exit(exitOK)
}
