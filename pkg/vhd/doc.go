// Package vhd says what the first and last bytes of a disk tell about it: the VHD footer, the partition table, and
// whether the file is something else (VHDX, dynamic, guest state, an archive, the disk of another product). Two reads tell
// most, the first [HeadLength] and the last [TailLength] bytes; [FurtherRead] says which third one tells the rest. It is not for reading what is on the disk, and it does no I/O.
//
// A good answer means that the container is sound, not that Windows on it would start: the footer's checksum covers
// the footer only.
package vhd

import "wave365/pkg/vhd/gpt"

// How much of a blob a verdict needs. A blob shorter than that is given whole.
const (
	// TailLength is the last sector of the disk and the footer behind it.
	TailLength = 1024
	// HeadLength is 72 sectors: boot record, GPT header, its 128 entries, and the descriptor by which CD images are known.
	HeadLength = gpt.HeadLength
	// FooterLength is the VHD footer. A fixed disk's blob is its virtual size and this.
	FooterLength = 512
)

const (
	sectorSize = 512
	mebibyte   = 1 << 20
)

// Kind is what a file is.
type Kind string

// The kinds. Only Fixed can be imported as a disk.
const (
	None         Kind = "none"
	Fixed        Kind = "fixed"
	Dynamic      Kind = "dynamic"
	Differencing Kind = "differencing"
	VHDX         Kind = "vhdx"
	GuestState   Kind = "guest-state"
)
