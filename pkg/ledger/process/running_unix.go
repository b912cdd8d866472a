//go:build unix

package process

import (
	"errors"
	"syscall"
)

// running: somebody else's process answers "not permitted", which means that it is there.
func running(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || !errors.Is(err, syscall.ESRCH)
}
