package vhd

import (
	"bytes"
	"fmt"

	"wave365/pkg/vhd/filetype"
	"wave365/pkg/vhd/gpt"
)

// Problem is one thing wrong with a disk.
type Problem struct {
	// Code is stable: "vhd.dynamic", "guest.not-guest-state", …
	Code string
	// Warning: the import may work all the same.
	Warning bool
	// Message says what is wrong; lower case, no full stop. Hint says what to do where that depends on this very disk;
	// empty: the remedy of the code. Value is what was found, such as a size in bytes; it may be empty.
	Message, Hint, Value string
}

// Disk is what a blob turned out to be.
type Disk struct {
	Kind Kind
	// Virtual is the disk's size in bytes as its user sees it: what a license must cover.
	Virtual int64
	// GPT is nil for a disk without a believable partition table.
	GPT *gpt.Table
}

// Inspect judges an OS disk by its length in bytes, its first [HeadLength] and its last [TailLength] bytes (all of it
// when it is shorter), and by the part that [FurtherRead] asks for; without that part it says less. The codes are those of the vhd family. When one of the problems is not a warning, the Disk
// carries its Kind and nothing else, so that nobody computes with a size that nothing vouches for.
func Inspect(length int64, head, tail []byte, more ...Part) (Disk, []Problem) {
	head, tail, short := clip(length, head, tail)
	kind, problem := recognise(length, head, tail)
	if problem != nil {
		for _, p := range more {
			if at, ok := innerFooter(p); ok && goesOn(*problem, length, head) && at+FooterLength < length {
				return Disk{Kind: kind}, []Problem{*trailing(length, at)}
			}
		}
		return Disk{Kind: kind}, []Problem{*problem}
	}
	if short {
		return Disk{Kind: kind}, []Problem{{Code: "vhd.truncated", Value: fmt.Sprint(length),
			Message: "fewer bytes could be read than the blob's length promises"}}
	}
	footer, _ := ParseFooter(tail[len(tail)-FooterLength:])
	disk := Disk{Kind: Fixed, Virtual: length - FooterLength}
	problems := judge(disk.Virtual, head, tail, more)
	if footer.SavedState != 0 {
		problems = append(problems, Problem{Code: "vhd.saved-state", Warning: true,
			Message: "the VHD footer says that the machine was saved (hibernated), not shut down: what was in its memory is not on the disk"})
	}
	disk.GPT, _ = gpt.Parse(head)
	for _, p := range problems {
		if !p.Warning {
			return Disk{Kind: Fixed}, problems
		}
	}
	return disk, problems
}

// goesOn reports whether a file without a footer at its end may have it before: no other format is seen in it, and its
// partition table, if any, is that of a shorter disk.
func goesOn(p Problem, length int64, head []byte) bool {
	if _, other := filetype.Of(head); other {
		return false
	}
	table, _ := gpt.Parse(head)
	return (p.Code == "vhd.not-vhd" || p.Code == "vhd.truncated") && (table == nil || !table.Beyond(length-FooterLength))
}

// judge says what is wrong with a disk of virtual bytes whose footer is sound.
func judge(virtual int64, head, tail []byte, more []Part) []Problem {
	if at := virtual - FooterLength; len(tail) >= TailLength && soundFooter(tail[len(tail)-TailLength:], at) {
		return []Problem{*twice(virtual, at)}
	}
	var problems []Problem
	for _, p := range more {
		if at, ok := innerFooter(p); ok && at < virtual {
			return []Problem{*twice(virtual, at)}
		}
		problems = append(problems, encrypted(p)...)
	}
	if virtual%mebibyte != 0 {
		problems = append(problems, Problem{Code: "vhd.not-mib-aligned", Value: fmt.Sprint(virtual),
			Message: fmt.Sprintf("the virtual size %d is not a whole number of MiB (%d bytes over)", virtual, virtual%mebibyte)})
	}
	if format, other := filetype.Of(head); other {
		return append(problems, *notVHD(virtual, "the blob is "+format.Name+" with a VHD footer behind it", format.How))
	}
	table, why := gpt.Parse(head)
	if table == nil {
		return append(problems, withoutGPT(head, why))
	}
	return append(problems, judgeGPT(table, virtual)...)
}

// withoutGPT says what a disk is that has no partition table of a generation 2 machine.
func withoutGPT(head []byte, why string) Problem {
	switch {
	case allZero(head):
		return Problem{Code: "vhd.unwritten", Message: "the disk holds zeros where its partition table should be: nothing but the footer was copied into it"}
	case filetype.HasBootRecord(head) && !gpt.HasProtectiveEntry(head):
		return Problem{Code: "vhd.generation-1", Message: "the disk is of a generation 1 VM: " + why + ", and a Cloud PC starts generation 2 disks only"}
	case len(head) >= 4096+8 && string(head[4096:4096+8]) == gpt.Signature:
		why = "the partition table is written for sectors of 4,096 bytes, and disks in Azure have 512"
	}
	return Problem{Code: "vhd.no-efi-partition", Warning: true, Message: why + ": no EFI system partition can be seen, from which a Cloud PC would start"}
}

// clip cuts head and tail to what length allows and says whether less than that was given.
func clip(length int64, head, tail []byte) (h, t []byte, short bool) {
	length = max(length, 0)
	wantHead, wantTail := int(min(length, HeadLength)), int(min(length, TailLength))
	short = len(head) < wantHead || len(tail) < wantTail
	return head[:min(len(head), wantHead)], tail[max(0, len(tail)-wantTail):], short
}

// recognise names the file. The problem is nil only for a fixed VHD whose footer is sound and fits the length.
func recognise(length int64, head, tail []byte) (Kind, *Problem) {
	switch {
	case bytes.HasPrefix(head, []byte("vhdxfile")):
		return VHDX, &Problem{Code: "vhd.vhdx", Message: "the blob is a VHDX file"}
	case bytes.HasPrefix(head, []byte(guestSignature)):
		return GuestState, isGuestState(length)
	}
	if kind := sparse(head); kind != None {
		return kind, sparseProblem(kind)
	}
	if len(tail) < FooterLength {
		return None, notVHD(length, "the blob is smaller than a VHD footer", "")
	}
	raw := tail[len(tail)-FooterLength:]
	footer, ok := ParseFooter(raw)
	if !ok {
		return None, withoutFooter(length, head, raw)
	}
	if sum := Checksum(raw); sum != footer.Checksum {
		return None, &Problem{Code: "vhd.bad-checksum", Value: fmt.Sprintf("0x%08x", footer.Checksum),
			Message: fmt.Sprintf("the VHD footer is damaged: its checksum is 0x%08x and should be 0x%08x", footer.Checksum, sum)}
	}
	if kind, problem := otherThanFixed(length, footer); problem != nil {
		return kind, problem
	}
	if footer.CurrentSize <= guestStateMost && allZero(head[:min(len(head), int(length-FooterLength))]) {
		return GuestState, isGuestState(length)
	}
	return Fixed, nil
}

// otherThanFixed says why a sound footer is not that of a fixed VHD of this length; nil: it is.
func otherThanFixed(length int64, footer Footer) (Kind, *Problem) {
	switch {
	case footer.Type == TypeDynamic:
		return Dynamic, sparseProblem(Dynamic)
	case footer.Type == TypeDifferencing:
		return Differencing, sparseProblem(Differencing)
	case footer.Type != TypeFixed:
		return None, notVHD(int64(footer.Type), fmt.Sprintf("the VHD footer names disk type %d, which is not a fixed disk", footer.Type), "")
	case footer.DataOffset != noDataOffset && footer.DataOffset != shortNoDataOffset:
		return None, notVHD(int64(footer.DataOffset), "the VHD footer says fixed disk, but points to the header of a dynamic one", "")
	case length < FooterLength || footer.CurrentSize != uint64(length-FooterLength):
		return Fixed, &Problem{Code: "vhd.size-mismatch", Value: fmt.Sprint(footer.CurrentSize),
			Message: fmt.Sprintf("the VHD footer says %d bytes, but the blob holds %d and the footer", footer.CurrentSize, length-FooterLength)}
	}
	return Fixed, nil
}

// sparse names a dynamic or differencing disk by what it carries at its start: a copy of the footer and the sparse
// header. None for everything else.
func sparse(head []byte) Kind {
	f, ok := ParseFooter(head)
	if !ok {
		return None
	}
	at := head[FooterLength:]
	switch {
	case f.Type == TypeDifferencing:
		return Differencing
	case f.Type == TypeDynamic, bytes.HasPrefix(at, []byte(sparseCookie)):
		return Dynamic
	}
	return None
}

func sparseProblem(kind Kind) *Problem {
	p := &Problem{Code: "vhd.dynamic", Message: "the blob is a dynamic VHD; only a fixed one can be imported"}
	if kind == Differencing {
		p.Code, p.Message = "vhd.differencing", "the blob is a differencing VHD, which is nothing without its parent"
	}
	return p
}

// withoutFooter names what a file that ends without a footer, with end in its place, most likely is.
func withoutFooter(length int64, head, end []byte) *Problem {
	table, _ := gpt.Parse(head)
	switch {
	case table != nil && table.Beyond(length):
		return &Problem{Code: "vhd.truncated", Value: fmt.Sprint(length),
			Message: fmt.Sprintf("the blob ends after %d bytes, but its partition table describes a disk of %d", length, (table.BackupLBA+1)*sectorSize)}
	case table != nil && length%mebibyte == FooterLength:
		return &Problem{Code: "vhd.truncated", Value: fmt.Sprint(length),
			Message: "the blob has the length of a VHD, but its last 512 bytes are no footer: the copy did not reach the end"}
	case allZero(head) && allZero(end):
		return notVHD(length, "the blob holds zeros where a disk begins and where its footer should be: nothing was copied into it",
			"copy the disk again from the snapshot and wait until the copy has succeeded")
	}
	format, other := filetype.Of(head)
	if !other {
		format, other = filetype.OfEnd(end)
	}
	if other {
		return notVHD(length, "the blob is "+format.Name, format.How)
	}
	if table != nil || filetype.HasBootRecord(head) {
		return notVHD(length, "the blob is a disk image without a VHD footer (raw)", filetype.HowRaw)
	}
	return notVHD(length, "the blob does not end with a VHD footer", "")
}

func notVHD(value int64, message, hint string) *Problem {
	return &Problem{Code: "vhd.not-vhd", Message: message, Hint: hint, Value: fmt.Sprint(value)}
}

func judgeGPT(g *gpt.Table, virtual int64) []Problem {
	switch {
	case g.Complete && !g.BasicData && g.Foreign != "" && !g.Beyond(virtual):
		return []Problem{{Code: "vhd.not-windows", Value: g.Foreign,
			Message: "the disk holds partitions of " + g.Foreign + " and none that Windows could be installed on"}}
	case g.Beyond(virtual):
		return []Problem{{Code: "vhd.truncated", Value: fmt.Sprint(virtual),
			Message: fmt.Sprintf("the disk is cut off: its partition table reaches to sector %d, but the disk ends at %d", max(g.BackupLBA, g.LastUsable), virtual/sectorSize-1)}}
	case !g.EFISystem && !g.Complete:
		return []Problem{{Code: "vhd.no-efi-partition", Warning: true,
			Message: "no EFI system partition was seen; the partition list lies beyond the start of the disk"}}
	case !g.EFISystem:
		return []Problem{{Code: "vhd.no-efi-partition", Warning: true,
			Message: "the disk has no EFI system partition: it cannot start as a generation 2 machine"}}
	}
	return nil
}

func allZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
