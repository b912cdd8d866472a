package main

import (
	"os"
	"syscall"
)

// mostHeld is the most memory that a process that has ended held at a time, in MB. No less than what its parent held when it was
// started: the two share their memory until the program is loaded.
func mostHeld(p *os.ProcessState) float64 {
	return float64(p.SysUsage().(*syscall.Rusage).Maxrss) * 1024 / 1e6
}
