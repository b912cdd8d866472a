package place

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// Free is how many bytes a person may still write on the disk of the absolute path, which need not exist; below 0: not
// known.
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
