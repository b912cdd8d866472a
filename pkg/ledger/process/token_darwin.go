package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Token distinguishes this process from others that have or had the same id: when it started. It is empty when that is
// not known.
func Token(pid int) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return ""
	}
	start := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", start.Sec, start.Usec)
}

// ended reports whether the process with that id does nothing any more, and is only there to be taken note of.
func ended(pid int) bool {
	const zombie = 5 // SZOMB of sys/proc.h
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	return err == nil && info.Proc.P_stat == zombie
}

// namespace: there is one space of process ids.
func namespace() string { return "" }
