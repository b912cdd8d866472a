package vhd

import (
	"bytes"
	"fmt"

	"wave365/pkg/vhd/gpt"
)

// Part is what stands in a blob from Offset on.
type Part struct {
	Offset int64
	Data   []byte
}

// endWindow is how far before the end of a blob a footer is looked for that should be the last thing in it: upload tools
// fill files up to whole MiB.
const endWindow = 2 * mebibyte

// FurtherRead returns which bytes a verdict needs besides the ends of a blob: where the footer may be when it is not at the end, or
// where the disk's largest partition begins. count is 0 when the ends say enough. It takes the arguments of [Inspect].
func FurtherRead(length int64, head, tail []byte) (offset, count int64) {
	head, tail, short := clip(length, head, tail)
	if short || len(tail) < TailLength {
		return 0, 0
	}
	table, _ := gpt.Parse(head)
	kind, problem := recognise(length, head, tail)
	switch {
	case kind == Fixed && problem == nil:
		return within(table, length-FooterLength)
	case problem != nil && kind == None && goesOn(*problem, length, head):
		return strayFooter(table, length)
	}
	return 0, 0
}

// within says which part of a sound disk of virtual bytes tells more: what is behind the disk that its table describes, or
// the first sector of its largest partition.
func within(table *gpt.Table, virtual int64) (offset, count int64) {
	if table == nil || table.Beyond(virtual) {
		return 0, 0
	}
	if end := table.Size(); end < virtual && virtual-end <= endWindow {
		return end, virtual - end
	}
	if at := int64(table.Largest) * sectorSize; at > 0 && at+sectorSize <= virtual {
		return at, sectorSize
	}
	return 0, 0
}

// strayFooter says where the footer may be of a blob that does not end with one.
func strayFooter(table *gpt.Table, length int64) (offset, count int64) {
	if table != nil && table.Size()+FooterLength <= length-endWindow {
		return table.Size(), FooterLength
	}
	from := max(0, length-endWindow)
	return from, length - from
}

// innerFooter finds a sound footer of a fixed disk within a part: one that stands exactly behind the disk that it describes.
func innerFooter(p Part) (at int64, ok bool) {
	for from := 0; ; {
		i := bytes.Index(p.Data[from:], []byte(footerCookie))
		if i < 0 {
			return 0, false
		}
		from += i
		if soundFooter(p.Data[from:], p.Offset+int64(from)) {
			return p.Offset + int64(from), true
		}
		from++
	}
}

// soundFooter reports whether b begins with the footer of a fixed disk of that size.
func soundFooter(b []byte, size int64) bool {
	f, ok := ParseFooter(b)
	return ok && f.Checksum == Checksum(b) && f.Type == TypeFixed && f.CurrentSize == uint64(size)
}

// trailing is the problem of a blob that goes on behind its footer, which stands at the offset.
func trailing(length, at int64) *Problem {
	sound := at + FooterLength
	return &Problem{Code: "vhd.trailing-bytes", Value: fmt.Sprint(length),
		Message: fmt.Sprintf("%d bytes follow the VHD footer, which must be the last thing in the blob", length-sound),
		Hint: fmt.Sprintf("cut the file to %d bytes (truncate -s %d disk.vhd, or in PowerShell: $f=[IO.File]::OpenWrite('disk.vhd'); $f.SetLength(%d); $f.Close()) and upload it again as a page blob; "+
			"do not convert it, which would make the disk larger than its license", sound, sound, sound)}
}

// twice is the problem of a VHD that became the data of another one; its own footer stands at the offset.
func twice(virtual, at int64) *Problem {
	return &Problem{Code: "vhd.two-footers", Value: fmt.Sprint(virtual),
		Message: fmt.Sprintf("the disk has two footers, and the inner one ends a sound VHD of %d bytes: it was already a VHD when it was converted, as if it were raw", at),
		Hint: fmt.Sprintf("upload the VHD from before that conversion, or convert once more from the source; if there is none, cut this file to %d bytes (truncate -s %d disk.vhd)",
			at+FooterLength, at+FooterLength)}
}

// encrypted warns of a volume whose first sector says that it is.
func encrypted(p Part) []Problem {
	by := ""
	switch {
	case len(p.Data) < 440:
	case bytes.HasPrefix(p.Data[3:], []byte("-FVE-FS-")), bytes.Equal(p.Data[424:440], bitLockerToGo):
		by = "BitLocker"
	case bytes.HasPrefix(p.Data, []byte("LUKS\xBA\xBE")):
		by = "LUKS"
	}
	if by == "" {
		return nil
	}
	return []Problem{{Code: "vhd.encrypted", Warning: true,
		Message: "the disk's largest volume is encrypted (" + by + "): without its key, which is in the VM's TPM, a Cloud PC asks for the recovery key or does not start"}}
}

// bitLockerToGo is the identifier of BitLocker in a volume that begins like FAT.
var bitLockerToGo = []byte{0x3B, 0xD6, 0x67, 0x49, 0x29, 0x2E, 0xD8, 0x4A, 0x83, 0x99, 0xF6, 0xA3, 0x39, 0xE3, 0xD0, 0x01}
