package place

import "syscall"

// mntLocal is MNT_LOCAL of sys/mount.h.
const mntLocal = 0x1000

func network(folder string) string {
	var s syscall.Statfs_t
	if syscall.Statfs(folder, &s) != nil || s.Flags&mntLocal != 0 {
		return ""
	}
	return "a network folder"
}
