//go:build unix

package process

import (
	"errors"
	"syscall"
)

// running reports whether a process exists; "not permitted" means that it does and belongs to another user.
func running(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	return !ended(pid)
}
