//go:build unix

package process

import (
	"errors"
	"syscall"
)

// running: somebody else's process answers "not permitted", which means that it is there.
func running(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	return !ended(pid)
}
