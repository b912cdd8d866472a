package place

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// Free returns how many bytes the user may still write on the disk of the absolute path, which need not exist; a
// negative result means unknown.
func Free(path string) int64 {
	folder, err := windows.UTF16PtrFromString(nearest(filepath.Dir(path)))
	if err != nil {
		return -1
	}
	var free uint64
	if windows.GetDiskFreeSpaceEx(folder, &free, nil, nil) != nil {
		return -1
	}
	return int64(free)
}
