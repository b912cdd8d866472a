package blobapi

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobapi/pages"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/vhd"
)

// The kinds of content that [Store.Put] makes.
const (
	KindFixed        = "fixed"
	KindDynamic      = "dynamic"
	KindDifferencing = "differencing"
	KindVHDX         = "vhdx"
	KindGuestState   = "guest-state"
	KindRaw          = "raw"
	KindEmpty        = "empty"
	KindBlockBlob    = "block-blob"
)

const (
	mebibyte  = 1 << 20
	gibibyte  = 1 << 30
	tierSleep = "Archive"
	// guestBytes is the usual capacity of a guest state store.
	guestBytes = 4 * mebibyte
	// longest is what a page blob can hold.
	longest = 8 << 40
)

// Disk is a disk to put into the account.
type Disk struct {
	Container, Name string
	// Kind is one of the Kind constants; empty: fixed.
	Kind string
	// Size is the virtual size in bytes. Guest state and empty blobs do not need it.
	Size int64
	// NoGPT leaves a disk of generation 1, NoESP a partition table without an EFI system partition, BadChecksum a
	// damaged footer, SizeMismatch a footer of another disk, Truncated half of a disk, NotAligned a virtual size that is
	// no whole MiB. Each is for fixed disks.
	NoGPT, NoESP, BadChecksum, SizeMismatch, Truncated, NotAligned bool
	// LeaseState is empty or "leased" (for ever, by a stranger).
	LeaseState string
	// CopyPending: a copy into the blob goes on for ever.
	CopyPending bool
	// Tier is empty, or the name of a tier; nothing can be read from "Archive".
	Tier string
	// Forbidden blobs are listed, but refuse to be read.
	Forbidden bool
	// LastModified defaults to the first second of 2026.
	LastModified time.Time
}

// DiskOf is the disk that a scenario's line describes. The error is a fault of kind Invalid that says which field is
// wrong.
func DiskOf(b scenario.Blob) (Disk, error) {
	var ok bool
	d := Disk{Kind: b.Kind, Size: b.Bytes}
	if d.Container, d.Name, ok = strings.Cut(b.Path, "/"); !ok || d.Container == "" || d.Name == "" {
		return Disk{}, badDisk(b.Path, "path", "container/name")
	}
	if d.Size == 0 {
		d.Size = int64(b.GiB) * gibibyte
	}
	switch b.Fault {
	case "":
	case "no-gpt":
		d.NoGPT = true
	case "no-efi-partition":
		d.NoESP = true
	case "bad-checksum":
		d.BadChecksum = true
	case "size-mismatch":
		d.SizeMismatch = true
	case "truncated":
		d.Truncated = true
	case "not-mib-aligned":
		d.NotAligned = true
	case "leased":
		d.LeaseState = "leased"
	case "copy-pending":
		d.CopyPending = true
	case "archived":
		d.Tier = tierSleep
	case "forbidden":
		d.Forbidden = true
	default:
		return Disk{}, badDisk(b.Path, "fault", "no-gpt, no-efi-partition, bad-checksum, size-mismatch, truncated, "+
			"not-mib-aligned, leased, copy-pending, archived or forbidden")
	}
	return d, d.check()
}

func (d Disk) check() error {
	path := d.Container + "/" + d.Name
	switch d.Kind {
	case "", KindFixed, KindDynamic, KindDifferencing, KindVHDX, KindRaw, KindBlockBlob:
		if d.Size < mebibyte || d.Size > longest-mebibyte {
			return badDisk(path, "gib", "a size of 1 MiB to 8,191 GiB")
		}
	case KindGuestState, KindEmpty:
	default:
		return badDisk(path, "kind", "fixed, dynamic, differencing, vhdx, guest-state, raw, empty or block-blob")
	}
	if !validContainer(d.Container) {
		return badDisk(path, "path", "a container of 3 to 63 lower-case letters, digits and hyphens")
	}
	return nil
}

func badDisk(path, field, want string) error {
	return fault.New(fault.Invalid, "sandbox.blob", fmt.Sprintf("blob %s: %s is wrong; expected %s", path, field, want), "")
}

// Put makes the container if need be and puts the disk there, or in place of what was there. Only the pages that matter
// are written. The error is a fault of kind Invalid.
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
		Container: d.Container, Name: d.Name, Type: pageBlob, ContentType: "application/octet-stream",
		Created: d.LastModified, Modified: d.LastModified, Tier: d.Tier, Forbidden: d.Forbidden,
		ETag: firstETag(d),
	}
	if d.Kind == KindBlockBlob {
		b.Type = blockBlob
	}
	if d.CopyPending {
		b.CopyStatus = "pending"
	}
	if d.LeaseState == leased {
		id := sha256.Sum256([]byte(d.Container + "/" + d.Name))
		b.Lease = Lease{ID: formatGUID(id[:16]), Seconds: -1}
	}
	b.Length = s.fill(&b.content, d)
	c := s.containers[d.Container]
	if c == nil {
		c = &container{Name: d.Container, ETag: firstETag(d.Container), Modified: d.LastModified, blobs: make(map[string]*Blob)}
		s.containers[d.Container] = c
	}
	c.set(b)
	return nil
}

// fill writes the pages that matter and gives the blob's length.
func (s *Store) fill(p *pages.Pages, d Disk) int64 {
	switch d.Kind {
	case KindEmpty:
		return 0
	case KindGuestState:
		head := make([]byte, vhd.FooterLength)
		copy(head, "GUESTRTS\x00\x00\x03\x00")
		p.Write(0, head)
		return footerAt(p, guestBytes, d, nil)
	case KindVHDX:
		head := make([]byte, vhd.FooterLength)
		copy(head, "vhdxfile")
		p.Write(0, head)
		return max(mebibyte, d.Size/3/mebibyte*mebibyte)
	case KindDynamic:
		return sparseVHD(p, d, vhd.TypeDynamic)
	case KindDifferencing:
		return sparseVHD(p, d, vhd.TypeDifferencing)
	}
	virtual := d.Size
	if d.NotAligned {
		virtual += vhd.FooterLength
	}
	p.Write(0, s.head(virtual, d))
	switch {
	case d.Kind == KindRaw:
		return virtual
	case d.Truncated:
		// What a copy that broke off leaves: the beginning, and no footer.
		return max(virtual/2/mebibyte*mebibyte, mebibyte/2) + vhd.FooterLength
	case d.SizeMismatch:
		return footerAt(p, virtual, d, func(f *vhd.Footer) { f.CurrentSize += gibibyte })
	}
	return footerAt(p, virtual, d, nil)
}

// footerAt writes the footer behind virtual bytes and gives the whole length.
func footerAt(p *pages.Pages, virtual int64, d Disk, change func(*vhd.Footer)) int64 {
	id := sha256.Sum256([]byte(d.Container + "/" + d.Name))
	footer := vhd.FixedFooter(virtual, func(f *vhd.Footer) {
		copy(f.ID[:], id[:])
		f.Created = d.LastModified
		if change != nil {
			change(f)
		}
	})
	if d.BadChecksum {
		footer[70] ^= 0xFF
	}
	p.Write(virtual, footer[:])
	return virtual + vhd.FooterLength
}

// sparseVHD writes what a dynamic or differencing disk begins and ends with: the footer, the second header, the footer.
func sparseVHD(p *pages.Pages, d Disk, kind uint32) int64 {
	footer := vhd.FixedFooter(d.Size, func(f *vhd.Footer) { f.Type, f.DataOffset, f.Created = kind, vhd.FooterLength, d.LastModified })
	header := make([]byte, 2*vhd.FooterLength)
	copy(header, "cxsparse")
	p.Write(0, footer[:])
	p.Write(vhd.FooterLength, header)
	end := max(mebibyte, d.Size/3/mebibyte*mebibyte)
	p.Write(end, footer[:])
	return end + vhd.FooterLength
}

type headKey struct {
	virtual int64
	esp     bool
}

// head gives the first sectors. Disks of the same size share them.
func (s *Store) head(virtual int64, d Disk) []byte {
	if d.NoGPT {
		mbr := make([]byte, vhd.FooterLength)
		copy(mbr[446:], []byte{0x80, 0x20, 0x21, 0, 0x07, 0xFE, 0xFF, 0xFF, 0, 8, 0, 0})
		mbr[510], mbr[511] = 0x55, 0xAA
		return mbr
	}
	key := headKey{virtual, !d.NoESP}
	if s.shared[key] == nil {
		s.shared[key] = vhd.ProtectiveGPT(virtual, key.esp)
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
