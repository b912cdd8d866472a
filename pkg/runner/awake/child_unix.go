//go:build linux || darwin

package awake

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// patience is how long a helper may take until it has its lock.
const patience = 5 * time.Second

// child runs a helper that keeps the machine awake while it runs cat, which runs until the pipe to its standard input
// is closed, so that it ends with this process even when that is killed. It is known to have the lock once cat repeats
// what it was given.
func child(name string, args ...string) (release func(), err error) {
	cmd := exec.Command(name, args...) //nolint:noctx // its pipe ends it
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Ctrl-C at the terminal is for the run, which may drain for hours after it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	slow := time.AfterFunc(patience, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	_, _ = in.Write([]byte{'\n'})
	_, holds := io.ReadFull(out, make([]byte, 1))
	if !slow.Stop() && holds == nil {
		holds = errors.New("it was too slow")
	}
	release = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	if holds != nil {
		release()
		return nil, errors.New(name + ": " + cmp.Or(strings.TrimSpace(said.String()), "it has ended"))
	}
	return release, nil
}
