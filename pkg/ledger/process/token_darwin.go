package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Token distinguishes this process from others that have or had the same id, by its start time. It is empty when that
// is not known.
func Token(pid int) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return ""
	}
	start := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", start.Sec, start.Usec)
}

// ended reports whether the process with that id is a zombie, which only waits for its parent to notice.
func ended(pid int) bool {
	const zombie = 5 // SZOMB of sys/proc.h
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	return err == nil && info.Proc.P_stat == zombie
}

// namespace returns "": this system has a single space of process ids.
func namespace() string { return "" }
