package blobstore

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
)

// The kinds of content with code of their own in this file; the others are in [formats].
const (
	kindDynamic      = "dynamic"
	kindDifferencing = "differencing"
	kindVHDX         = "vhdx"
	kindGuestState   = "guest-state"
	kindRaw          = "raw"
	kindEmpty        = "empty"
	kindBlockBlob    = "block-blob"
	kindGeneration1  = "generation-1"
)

// formats are files of other formats under a disk's name: which bytes are where.
var formats = map[string]struct {
	at    int64
	bytes string
}{
	"qcow2": {0, "QFI\xfb\x00\x00\x00\x03"},
	"vmdk":  {0, "KDMV\x01\x00\x00\x00"},
	"zip":   {0, "PK\x03\x04\x14\x00\x00\x00\x08\x00"},
	"gzip":  {0, "\x1f\x8b\x08\x00\x00\x00\x00\x00"},
	"iso":   {32768, "\x01CD001\x01\x00"},
}

const (
	mebibyte = 1 << 20
	gibibyte = 1 << 30
	pageSize = 512
	// guestBytes is the usual size of a guest state store.
	guestBytes = 4 * mebibyte
	// longest is the largest page blob, in bytes.
	longest = 8 << 40
)

// Archive is the tier of a blob that cannot be read.
const Archive = "Archive"

// Disk is a disk to put into the account.
type Disk struct {
	Container, Name string
	// Kind is one of [scenario.BlobKinds]; empty: fixed.
	Kind string
	// Size is the virtual size in bytes. Guest state, empty blobs and the kinds that are not disks do not need it.
	Size int64
	// Fault is empty or one of [scenario.BlobFaults]. Those of the disk are for fixed disks.
	Fault string
	// File is the path of a file with the content; the size is the file's.
	File string
	// LastModified defaults to the first second of 2026, and for a file to when that was written.
	LastModified time.Time
}

// DiskOf returns the disk that an entry of a scenario describes. The error is a fault of kind Invalid that names the
// wrong field.
func DiskOf(b scenario.Blob) (Disk, error) {
	var ok bool
	d := Disk{Kind: b.Kind, Size: b.Bytes, Fault: b.Fault, File: b.File}
	if d.Container, d.Name, ok = strings.Cut(b.Path, "/"); !ok || d.Container == "" || d.Name == "" {
		return Disk{}, badDisk(b.Path, "path", "container/name")
	}
	if d.Size == 0 {
		d.Size = int64(b.GiB) * gibibyte
	}
	if d.File != "" {
		info, err := os.Stat(d.File)
		if err != nil {
			return Disk{}, badDisk(b.Path, "file", "a file that can be read: "+err.Error())
		}
		d.Size, d.LastModified = info.Size(), info.ModTime().UTC().Truncate(time.Second)
		if d.Kind != kindBlockBlob && d.Size%pageSize != 0 {
			return Disk{}, badDisk(b.Path, "file", "a file of whole 512 bytes, as every page blob is, or kind block-blob")
		}
	}
	return d, d.check()
}

func (d Disk) check() error {
	path := d.Container + "/" + d.Name
	if d.Kind != "" && !slices.Contains(scenario.BlobKinds, d.Kind) {
		return badDisk(path, "kind", strings.Join(scenario.BlobKinds, ", "))
	}
	if d.Fault != "" && !slices.Contains(scenario.BlobFaults, d.Fault) {
		return badDisk(path, "fault", strings.Join(scenario.BlobFaults, ", "))
	}
	_, other := formats[d.Kind]
	if free := other || d.Kind == kindGuestState || d.Kind == kindEmpty || d.File != ""; !free && (d.Size < mebibyte || d.Size > longest-mebibyte) {
		return badDisk(path, "gib", "a size of 1 MiB to 8,191 GiB")
	}
	if !validContainer(d.Container) {
		return badDisk(path, "path", "a container of 3 to 63 lower-case letters, digits and hyphens")
	}
	return nil
}

func badDisk(path, field, want string) error {
	return fault.New(fault.Invalid, "sandbox.blob", fmt.Sprintf("blob %s: %s is wrong; expected %s", path, field, want), "")
}

// Put creates the container if necessary and stores the disk, replacing what was there. Only the pages with content are
// stored. The error is a fault of kind Invalid.
func (s *Store) Put(d Disk) error {
	if err := d.check(); err != nil {
		return err
	}
	if d.LastModified.IsZero() {
		d.LastModified = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &Blob{
		Container: d.Container, Name: d.Name, Type: PageBlob, Created: d.LastModified, Modified: d.LastModified,
		ETag: etag(d), Forbidden: d.Fault == "forbidden", Leased: d.Fault == "leased", content: content{file: d.File},
	}
	if d.Kind == kindBlockBlob {
		b.Type = BlockBlob
	}
	switch d.Fault {
	case "copy-pending":
		b.CopyStatus = "pending"
	case "archived":
		b.Tier = Archive
	}
	b.Length = s.fill(&b.content, d)
	c := s.containers[d.Container]
	if c == nil {
		c = &container{blobs: make(map[string]*Blob)}
		s.containers[d.Container] = c
	}
	c.blobs[b.Name], c.order = b, nil
	return nil
}

// fill writes the pages with content and returns the blob's length.
func (s *Store) fill(p *content, d Disk) int64 {
	if d.File != "" {
		return d.Size
	}
	if f, other := formats[d.Kind]; other {
		p.write(f.at, []byte(f.bytes))
		return max(mebibyte, d.Size)
	}
	switch d.Kind {
	case kindEmpty:
		return 0
	case kindGuestState:
		head := make([]byte, vhd.FooterLength)
		copy(head, "GUESTRTS\x00\x00\x03\x00")
		p.write(0, head)
		return footerAt(p, guestBytes, d, nil)
	case kindVHDX:
		head := make([]byte, vhd.FooterLength)
		copy(head, "vhdxfile")
		p.write(0, head)
		return max(mebibyte, d.Size/3/mebibyte*mebibyte)
	case kindDynamic:
		return sparseVHD(p, d, vhd.TypeDynamic)
	case kindDifferencing:
		return sparseVHD(p, d, vhd.TypeDifferencing)
	}
	return s.fixed(p, d)
}

// fixed writes a fixed disk, spoiled as its fault says, and returns the blob's length.
func (s *Store) fixed(p *content, d Disk) int64 {
	virtual := d.Size
	if d.Fault == "not-mib-aligned" {
		virtual += vhd.FooterLength
	}
	if d.Fault != "unwritten" {
		p.write(0, s.head(virtual, d))
	}
	if d.Kind == kindRaw {
		return virtual
	}
	switch d.Fault {
	case "truncated":
		// What an interrupted copy leaves: the beginning, and no footer.
		return max(virtual/2/mebibyte*mebibyte, mebibyte/2) + vhd.FooterLength
	case "size-mismatch":
		return footerAt(p, virtual, d, func(f *vhd.Footer) { f.CurrentSize += gibibyte })
	case "trailing-bytes":
		// An upload that was padded to a whole MiB.
		return (footerAt(p, virtual, d, nil) + mebibyte - 1) / mebibyte * mebibyte
	case "two-footers":
		// A VHD that was mistaken for a raw disk and converted again.
		return footerAt(p, footerAt(p, virtual, d, nil), d, nil)
	case "encrypted":
		if at := windowsStart(s.head(virtual, d)); at > 0 {
			p.write(at, []byte("\xeb\x58\x90-FVE-FS-"))
		}
	}
	return footerAt(p, virtual, d, nil)
}

// windowsStart returns the offset of the first basic data partition of a GPT, in bytes; 0: there is none.
func windowsStart(head []byte) int64 {
	for at := 2 * vhd.FooterLength; at+128 <= len(head); at += 128 {
		if string(head[at:at+4]) == "\xa2\xa0\xd0\xeb" {
			return int64(binary.LittleEndian.Uint64(head[at+32:])) * vhd.FooterLength
		}
	}
	return 0
}

// footerAt writes the footer after virtual bytes and returns the total length.
func footerAt(p *content, virtual int64, d Disk, change func(*vhd.Footer)) int64 {
	id := sha256.Sum256([]byte(d.Container + "/" + d.Name))
	footer := vhd.FixedFooter(virtual, func(f *vhd.Footer) {
		copy(f.ID[:], id[:])
		f.Created = d.LastModified
		if change != nil {
			change(f)
		}
	})
	if d.Fault == "bad-checksum" {
		footer[70] ^= 0xFF
	}
	p.write(virtual, footer[:])
	return virtual + vhd.FooterLength
}

// sparseVHD writes the beginning and the end of a dynamic or differencing disk: the footer, the second header, the
// footer.
func sparseVHD(p *content, d Disk, kind uint32) int64 {
	footer := vhd.FixedFooter(d.Size, func(f *vhd.Footer) { f.Type, f.DataOffset, f.Created = kind, vhd.FooterLength, d.LastModified })
	header := make([]byte, 2*vhd.FooterLength)
	copy(header, "cxsparse")
	p.write(0, footer[:])
	p.write(vhd.FooterLength, header)
	end := max(mebibyte, d.Size/3/mebibyte*mebibyte)
	p.write(end, footer[:])
	return end + vhd.FooterLength
}

type headKey struct {
	virtual int64
	esp     bool
}

// head returns the first sectors. Disks of the same size share them.
func (s *Store) head(virtual int64, d Disk) []byte {
	if d.Kind == kindGeneration1 || d.Fault == "no-gpt" {
		mbr := make([]byte, vhd.FooterLength)
		copy(mbr[446:], []byte{0x80, 0x20, 0x21, 0, 0x07, 0xFE, 0xFF, 0xFF, 0, 8, 0, 0})
		mbr[510], mbr[511] = 0x55, 0xAA
		return mbr
	}
	key := headKey{virtual, d.Fault != "no-efi-partition"}
	if s.shared[key] == nil {
		s.shared[key] = gpt.Build(virtual, key.esp)
	}
	return s.shared[key]
}

func validContainer(name string) bool {
	if name == "$root" || name == "$web" || name == "$logs" {
		return true
	}
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "--") || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func formatGUID(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
