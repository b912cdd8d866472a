//go:build nodatabase && unix

package main

import (
	"os"
	"syscall"

	"wave365/pkg/fault"
)

// become replaces this process with another program. It returns only when that cannot be started.
func become(_ *app, path string, args []string) error {
	err := syscall.Exec(path, append([]string{path}, args...), os.Environ())
	return fault.Wrap(fault.Invalid, "usage", path+" cannot be started: "+err.Error(), "", err)
}
