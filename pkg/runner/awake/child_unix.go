//go:build linux || darwin

package awake

import (
	"io"
	"os/exec"
	"syscall"
)

// child runs a helper that holds the machine awake for as long as the pipe to its standard input is open, so that it ends
// with this process even when that is killed.
func child(name string, args ...string) (release func(), err error) {
	cmd := exec.Command(name, args...) //nolint:noctx // its pipe ends it
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Ctrl-C at the terminal is for the run, which may drain for hours after it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	return func() {
		_ = in.Close()
		<-ended
	}, nil
}
