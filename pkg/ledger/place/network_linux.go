package place

import "syscall"

// remote lists the file systems whose locks or flushes happen on another machine, by statfs magic (statfs(2)).
var remote = map[uint32]string{
	0x6969:     "NFS",
	0x517B:     "SMB",
	0xFE534D42: "SMB",
	0xFF534D42: "CIFS",
	0x65735546: "FUSE",
	0x01021997: "9P",
	0x00C36400: "Ceph",
	0x5346414F: "AFS",
	0x6B414653: "AFS",
	0x73757245: "Coda",
	0x564C:     "NCP",
	0x0BD00BD0: "Lustre",
	0x786F4256: "a VirtualBox share",
	0xBACBACBC: "a VMware share",
}

func network(folder string) string {
	var s syscall.Statfs_t
	if syscall.Statfs(folder, &s) != nil {
		return ""
	}
	if kind := remote[uint32(s.Type)]; kind != "" {
		return "a network folder (" + kind + ")"
	}
	return ""
}
