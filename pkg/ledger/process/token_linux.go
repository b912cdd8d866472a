package process

import (
	"bytes"
	"fmt"
	"os"
)

// Token distinguishes this process from others that have or had the same id, by the start times of the machine and of
// the process and by the PID namespace. It is empty when these are not known.
func Token(pid int) string {
	fields := stat(pid)
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(fields) < 20 {
		return ""
	}
	started := string(bytes.TrimSpace(boot)) + "/" + string(fields[19])
	if space := namespace(); space != "" {
		return started + "@" + space
	}
	return started
}

// stat returns the fields of /proc/PID/stat from the third on, the state; the start time is field 22. The name in
// parentheses before them may contain spaces; what follows it does not.
func stat(pid int) [][]byte {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
}

// ended reports whether the process with that id is a zombie, which only waits for its parent to notice.
func ended(pid int) bool {
	fields := stat(pid)
	return len(fields) > 0 && (fields[0][0] == 'Z' || fields[0][0] == 'X')
}

// namespace returns the PID namespace, which containers have of their own; empty: not known.
func namespace() string {
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return space
}
