//go:build linux || darwin

package place

import (
	"path/filepath"
	"syscall"
)

// Free returns how many bytes the user may still write on the disk of the absolute path, which need not exist; a
// negative result means unknown.
func Free(path string) int64 {
	var s syscall.Statfs_t
	if syscall.Statfs(nearest(filepath.Dir(path)), &s) != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
