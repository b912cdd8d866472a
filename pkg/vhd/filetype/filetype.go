// Package filetype names files that are no disk with a partition table, by the bytes that they begin with. It does no I/O.
package filetype

import "bytes"

const sectorSize = 512

// Type is a type of file.
type Type struct {
	// Name is with its article: "a zip archive".
	Name string
	at   int
	sign string
	// How says how a fixed VHD comes of it.
	How string
}

// HowRaw says how a fixed VHD comes of a raw disk image. Windows' own Convert-VHD does not read one.
const HowRaw = "convert it once to a fixed VHD: qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on; then upload that as a page blob"

const (
	howQemu   = "convert it once to a fixed VHD: qemu-img convert -O vpc -o subformat=fixed,force_size=on; then upload that as a page blob"
	howUnpack = "unpack it and upload the VHD in it as a page blob"
	howWhole  = "capture the whole disk, with its partition table; a partition alone cannot start"
	howNone   = "upload the VHD of the VM's OS disk in its place, as a page blob"
)

// formats are those that end up in a storage account under the name of a VHD.
var formats = []Type{
	{"a QEMU disk image (qcow2)", 0, "QFI\xFB", howQemu},
	{"a QEMU disk image (QED)", 0, "QED\x00", howQemu},
	{"a VMware disk (vmdk)", 0, "KDMV", howQemu},
	{"a VMware disk (vmdk, ESX sparse)", 0, "COWD", howQemu},
	{"a VMware disk (vmdk, SE sparse)", 0, "\xBE\xBA\xFE\xCA\x00\x00\x00\x00", howQemu},
	{"the description of a VMware disk (vmdk), whose data lies in other files", 0, "# Disk DescriptorFile", howQemu},
	{"a VirtualBox disk (VDI)", 0x40, "\x7F\x10\xDA\xBE", howQemu},
	{"a Parallels disk (hdd)", 0, "WithoutFreeSpace", howQemu},
	{"a Parallels disk (hdd)", 0, "WithouFreSpacExt", howQemu},
	{"a zip archive", 0, "PK\x03\x04", howUnpack},
	{"a zip archive", 0, "PK\x05\x06", howUnpack},
	{"a gzip archive", 0, "\x1F\x8B\x08", howUnpack},
	{"a 7z archive", 0, "7z\xBC\xAF\x27\x1C", howUnpack},
	{"an xz archive", 0, "\xFD7zXZ\x00", howUnpack},
	{"a bzip2 archive", 0, "BZh", howUnpack},
	{"a Zstandard (zstd) archive", 0, "\x28\xB5\x2F\xFD", howUnpack},
	{"an lz4 archive", 0, "\x04\x22\x4D\x18", howUnpack},
	{"a rar archive", 0, "Rar!\x1A\x07", howUnpack},
	{"a cabinet archive (cab)", 0, "MSCF\x00\x00\x00\x00", howUnpack},
	{"a tar archive", 257, "ustar", howUnpack},
	{"a CD or DVD image (iso)", 0x8001, "CD001", howNone},
	{"a CD or DVD image (iso)", 0x8001, "BEA01", howNone},
	{"a Windows image (wim)", 0, "MSWIM\x00\x00\x00", howNone},
	{"a forensic image (E01)", 0, "EVF\x09\x0D\x0A\xFF\x00", howNone},
	{"a program (exe)", 0, "MZ", howNone},
	{"a PDF document", 0, "%PDF-", howNone},
	{"a web page or an error message in XML or HTML", 0, "<", howNone},
	{"a web page or an error message in XML or HTML", 0, "\xEF\xBB\xBF<", howNone},
	{"an error message in JSON", 0, "{\"", howNone},
}

// volumes are file systems that begin where a disk should.
var volumes = []Type{
	{"a single BitLocker volume and not a whole disk", 3, "-FVE-FS-", howWhole},
	{"a single LUKS volume of a Linux machine and not a whole disk", 0, "LUKS\xBA\xBE", howWhole},
	{"a single ReFS volume and not a whole disk", 3, "ReFS\x00", howWhole},
	{"a single exFAT volume and not a whole disk", 3, "EXFAT   ", howWhole},
	{"a single FAT volume and not a whole disk", 54, "FAT1", howWhole},
	{"a single NTFS volume and not a whole disk", 3, "NTFS    ", howWhole},
	{"a single FAT volume and not a whole disk", 82, "FAT32   ", howWhole},
}

// Of names a file that is no disk with a partition table, by its first bytes; false: nothing known.
func Of(head []byte) (Type, bool) {
	for _, f := range volumes {
		if f.begins(head) {
			return f, true
		}
	}
	if HasBootRecord(head) {
		// Hybrid CD images begin like a disk.
		for _, f := range formats {
			if f.at > sectorSize && f.begins(head) {
				return f, true
			}
		}
		return Type{}, false
	}
	for _, f := range formats {
		if f.begins(head) {
			return f, true
		}
	}
	return Type{}, false
}

// OfEnd names a file that is known by its last 512 bytes; false: nothing known.
func OfEnd(end []byte) (Type, bool) {
	if f := (Type{"a macOS disk image (dmg)", 0, "koly\x00\x00\x00\x04", howQemu}); f.begins(end) {
		return f, true
	}
	return Type{}, false
}

func (f Type) begins(head []byte) bool {
	return len(head) >= f.at && bytes.HasPrefix(head[f.at:], []byte(f.sign))
}

// HasBootRecord reports whether the first sector ends as boot records do.
func HasBootRecord(head []byte) bool {
	return len(head) >= sectorSize && head[510] == 0x55 && head[511] == 0xAA
}
