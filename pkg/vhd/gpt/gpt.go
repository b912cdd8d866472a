// Package gpt is the GUID partition table at the start of a disk: what it says, and one as a sandbox or a test needs it. It
// does no I/O.
package gpt

import (
	"encoding/binary"
	"hash/crc32"
)

// Partition types, as they lie on the disk.
var (
	efiSystem         = [16]byte{0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B}
	microsoftReserved = [16]byte{0x16, 0xE3, 0xC9, 0xE3, 0x5C, 0x0B, 0xB8, 0x4D, 0x81, 0x7D, 0xF9, 0x2D, 0xF0, 0x02, 0x15, 0xAE}
	basicData         = [16]byte{0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7}
)

// foreign are the types that other systems than Windows put their data into, as they lie on the disk.
var foreign = map[[16]byte]string{
	{0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4}: "Linux", // file system
	{0xE3, 0xBC, 0x68, 0x4F, 0xCD, 0xE8, 0xB1, 0x4D, 0x96, 0xE7, 0xFB, 0xCA, 0xF9, 0x84, 0xB7, 0x09}: "Linux", // root, x86-64
	{0x79, 0xD3, 0xD6, 0xE6, 0x07, 0xF5, 0xC2, 0x44, 0xA2, 0x3C, 0x23, 0x8F, 0x2A, 0x3D, 0xF9, 0x28}: "Linux", // LVM
	{0xCB, 0x7C, 0x7D, 0xCA, 0xED, 0x63, 0x53, 0x4C, 0x86, 0x1C, 0x17, 0x42, 0x53, 0x60, 0x59, 0xCC}: "Linux", // LUKS
	{0x0F, 0x88, 0x9D, 0xA1, 0xFC, 0x05, 0x3B, 0x4D, 0xA0, 0x06, 0x74, 0x3F, 0x0F, 0x84, 0x91, 0x1E}: "Linux", // RAID
	{0x00, 0x53, 0x46, 0x48, 0x00, 0x00, 0xAA, 0x11, 0xAA, 0x11, 0x00, 0x30, 0x65, 0x43, 0xEC, 0xAC}: "macOS", // HFS+
	{0xEF, 0x57, 0x34, 0x7C, 0x00, 0x00, 0xAA, 0x11, 0xAA, 0x11, 0x00, 0x30, 0x65, 0x43, 0xEC, 0xAC}: "macOS", // APFS
	{0xB4, 0x7C, 0x6E, 0x51, 0xCF, 0x6E, 0xD6, 0x11, 0x8F, 0xF8, 0x00, 0x02, 0x2D, 0x09, 0x71, 0x2B}: "FreeBSD",
}

const (
	// HeadLength is how much of a disk's start [Build] makes, in bytes: boot record, header, 128 entries and the sectors behind them.
	HeadLength = 72 * sectorSize
	sectorSize = 512
	mebibyte   = 1 << 20

	headerSize = 92
	entryCount = 128
	entrySize  = 128
	entriesLBA = 2
	// Signature is what the header begins with.
	Signature      = "EFI PART"
	protectiveType = 0xEE
)

// Table is what the partition table says. Its addresses are in sectors of 512 bytes.
type Table struct {
	// BackupLBA is where the second header should be; it moves only when the partitioning tool is told that the
	// disk has grown, so it may lie before the disk's end.
	BackupLBA, LastUsable uint64
	// Partitions counts the used entries among those that were read.
	Partitions int
	// EFISystem: one of them is an EFI system partition.
	EFISystem bool
	// BasicData: one of them is of the type that Windows is installed on. Foreign names another system whose partition
	// was seen; it may be empty.
	BasicData bool
	Foreign   string
	// Largest is where the largest partition begins that holds data; 0: none was seen.
	Largest uint64
	// Complete: the whole list lay within the head. When it is false, EFISystem false only means "not seen".
	Complete bool
}

// Parse reads the table from the start of a disk. It is nil, with the reason, when there is none to believe.
func Parse(head []byte) (*Table, string) {
	switch {
	case len(head) < 2*sectorSize, head[510] != 0x55, head[511] != 0xAA:
		return nil, "the disk has no partition table"
	case !HasProtectiveEntry(head):
		return nil, "it is partitioned the old way, with an MBR"
	case string(head[sectorSize:sectorSize+8]) != Signature:
		return nil, "the boot record announces a GPT, but its header is missing"
	}
	h := head[sectorSize : 2*sectorSize]
	le := binary.LittleEndian
	size := le.Uint32(h[12:])
	if size < headerSize || size > sectorSize {
		return nil, "the GPT header is damaged: impossible size"
	}
	own := append([]byte(nil), h[:size]...)
	clear(own[16:20])
	if crc32.ChecksumIEEE(own) != le.Uint32(h[16:]) {
		return nil, "the GPT header is damaged: wrong checksum"
	}
	g := &Table{BackupLBA: le.Uint64(h[32:]), LastUsable: le.Uint64(h[48:])}
	g.readEntries(head, le.Uint64(h[72:]), le.Uint32(h[80:]), le.Uint32(h[84:]))
	return g, ""
}

// HasProtectiveEntry reports whether the boot record announces a GPT. head has at least 512 bytes.
func HasProtectiveEntry(head []byte) bool {
	for i := range 4 {
		if head[446+16*i+4] == protectiveType {
			return true
		}
	}
	return false
}

func (g *Table) readEntries(head []byte, lba uint64, count, size uint32) {
	if size < entrySize || lba > uint64(len(head)/sectorSize) {
		return
	}
	at, end := lba*sectorSize, uint64(len(head))
	most := uint64(0)
	for range count {
		if at+uint64(size) > end {
			return
		}
		kind := [16]byte(head[at : at+16])
		if kind != [16]byte{} {
			g.Partitions++
		}
		g.EFISystem = g.EFISystem || kind == efiSystem
		g.BasicData = g.BasicData || kind == basicData
		if system, ok := foreign[kind]; ok {
			g.Foreign = system
		}
		first, last := binary.LittleEndian.Uint64(head[at+32:]), binary.LittleEndian.Uint64(head[at+40:])
		if kind != efiSystem && kind != microsoftReserved && kind != [16]byte{} && last > first && last-first > most && last <= g.LastUsable {
			g.Largest, most = first, last-first
		}
		at += uint64(size)
	}
	g.Complete = true
}

// Beyond reports whether the table speaks of sectors that a disk of size bytes does not have.
func (g *Table) Beyond(size int64) bool {
	end := uint64(max(size, 0)) / sectorSize
	return g.BackupLBA >= end || g.LastUsable >= end
}

// Size is that of the disk that the table was written for, in bytes.
func (g *Table) Size() int64 { return int64(g.BackupLBA+1) * sectorSize }

// Build makes the first [HeadLength] bytes of a GPT disk of virtual bytes, as a sandbox or a test needs them:
// a Windows layout, with or without its EFI system partition. virtual is at least 1 MiB. The same arguments give the
// same bytes.
func Build(virtual int64, withESP bool) []byte {
	head := make([]byte, HeadLength)
	le := binary.LittleEndian
	sectors := uint64(max(virtual, mebibyte)) / sectorSize

	mbr := head[446:]
	copy(mbr, []byte{0, 0, 2, 0, protectiveType, 0xFF, 0xFF, 0xFF})
	le.PutUint32(mbr[8:], 1)
	le.PutUint32(mbr[12:], uint32(min(sectors-1, 0xFFFFFFFF)))
	head[510], head[511] = 0x55, 0xAA

	first, last := uint64(34), sectors-34
	entries := head[entriesLBA*sectorSize:]
	layout := []partition{{microsoftReserved, 16 * mebibyte / sectorSize}, {basicData, 0}}
	if withESP {
		layout = append([]partition{{efiSystem, 100 * mebibyte / sectorSize}}, layout...)
	}
	layOut(entries, layout, first, last)

	h := head[sectorSize : 2*sectorSize]
	copy(h, Signature)
	le.PutUint32(h[8:], 0x00010000)
	le.PutUint32(h[12:], headerSize)
	le.PutUint64(h[24:], 1)
	le.PutUint64(h[32:], sectors-1)
	le.PutUint64(h[40:], first)
	le.PutUint64(h[48:], last)
	le.PutUint64(h[56:], sectors) // a stable stand-in for the random disk id
	le.PutUint64(h[72:], entriesLBA)
	le.PutUint32(h[80:], entryCount)
	le.PutUint32(h[84:], entrySize)
	le.PutUint32(h[88:], crc32.ChecksumIEEE(entries[:entryCount*entrySize]))
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:headerSize]))
	return head
}

type partition struct {
	kind [16]byte
	// sectors is the size; 0, or more than is left: the rest.
	sectors uint64
}

// layOut writes the entries one after the other from the first aligned sector. A disk too small for its layout gets
// partitions of one sector: only their types matter.
func layOut(entries []byte, layout []partition, first, last uint64) {
	le := binary.LittleEndian
	at := max(first, min(uint64(mebibyte/sectorSize), last-uint64(len(layout))))
	for i, p := range layout {
		left := last - at - uint64(len(layout)-1-i)
		end := last
		if p.sectors > 0 {
			end = at + min(p.sectors-1, left/2)
		}
		e := entries[i*entrySize:]
		copy(e, p.kind[:])
		le.PutUint64(e[16:], uint64(i+1)) // likewise for the partition's id
		le.PutUint64(e[32:], at)
		le.PutUint64(e[40:], end)
		at = end + 1
	}
}
