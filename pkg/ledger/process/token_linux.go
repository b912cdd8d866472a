package process

import (
	"bytes"
	"fmt"
	"os"
)

// Token tells this process from others that have or had the same id: the machine's start and the process's. Empty
// when that cannot be found out.
func Token(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold spaces; what follows it does not. Start time is field 22, state is field 3.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(fields) < 20 {
		return ""
	}
	return string(bytes.TrimSpace(boot)) + "/" + string(fields[19])
}
