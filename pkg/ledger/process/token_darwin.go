package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Token tells this process from others that have or had the same id: when it started. Empty when that cannot be
// found out.
func Token(pid int) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return ""
	}
	start := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", start.Sec, start.Usec)
}
