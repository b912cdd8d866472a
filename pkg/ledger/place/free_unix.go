//go:build linux || darwin

package place

import (
	"path/filepath"
	"syscall"
)

// Free is how many bytes a person may still write on the disk of the absolute path, which need not exist; below 0: not
// known.
func Free(path string) int64 {
	var s syscall.Statfs_t
	if syscall.Statfs(nearest(filepath.Dir(path)), &s) != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
