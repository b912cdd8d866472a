//go:build unix

package process

import (
	"errors"
	"syscall"
)

// running: another user's process answers "not permitted", which means that it exists.
func running(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	return !ended(pid)
}
