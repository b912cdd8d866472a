package vhd

import (
	"encoding/binary"
	"time"
)

// The disk types a footer can carry that matter here.
const (
	TypeFixed        uint32 = 2
	TypeDynamic      uint32 = 3
	TypeDifferencing uint32 = 4
)

// noDataOffset is the data offset of a fixed disk: there is no second header.
const noDataOffset uint64 = 0xFFFFFFFFFFFFFFFF

const (
	footerCookie   = "conectix"
	sparseCookie   = "cxsparse"
	checksumOffset = 64
	// The published specification writes the fixed disk's eight-byte data offset as 0xFFFFFFFF, and some tools took
	// it by the letter.
	shortNoDataOffset uint64 = 0x00000000FFFFFFFF
)

// epoch is what footer times count from.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Footer is the last 512 bytes of a VHD.
type Footer struct {
	Features, Version uint32
	// DataOffset is where a dynamic disk's second header starts, in bytes.
	DataOffset uint64
	// Created has a resolution of one second and ends in 2136.
	Created time.Time
	// CreatorApplication and CreatorHost are four bytes each, such as "win " and "Wi2k".
	CreatorApplication string
	CreatorVersion     uint32
	CreatorHost        string
	// OriginalSize and CurrentSize are in bytes, without the footer.
	OriginalSize, CurrentSize uint64
	// Geometry is cylinders, heads and sectors; informative only.
	Geometry   uint32
	Type       uint32
	Checksum   uint32
	ID         [16]byte
	SavedState byte
}

// ParseFooter reads the first 512 bytes of b as a footer. It reports false when b is shorter or does not start with
// the footer's cookie. It does not judge: see [Checksum] and [Inspect].
func ParseFooter(b []byte) (Footer, bool) {
	if len(b) < FooterLength || string(b[:8]) != footerCookie {
		return Footer{}, false
	}
	be := binary.BigEndian
	f := Footer{
		Features:           be.Uint32(b[8:]),
		Version:            be.Uint32(b[12:]),
		DataOffset:         be.Uint64(b[16:]),
		Created:            epoch.Add(time.Duration(be.Uint32(b[24:])) * time.Second),
		CreatorApplication: string(b[28:32]),
		CreatorVersion:     be.Uint32(b[32:]),
		CreatorHost:        string(b[36:40]),
		OriginalSize:       be.Uint64(b[40:]),
		CurrentSize:        be.Uint64(b[48:]),
		Geometry:           be.Uint32(b[56:]),
		Type:               be.Uint32(b[60:]),
		Checksum:           be.Uint32(b[checksumOffset:]),
		SavedState:         b[84],
	}
	copy(f.ID[:], b[68:84])
	return f, true
}

// Checksum is what the footer b (512 bytes) should carry: the ones' complement of the sum of its other 508 bytes.
// Bytes of b beyond 512 do not count.
func Checksum(b []byte) uint32 {
	var sum uint32
	for i, c := range b[:min(len(b), FooterLength)] {
		if i < checksumOffset || i >= checksumOffset+4 {
			sum += uint32(c)
		}
	}
	return ^sum
}

// FixedFooter builds the footer of a fixed disk of virtual bytes, as a sandbox or a test needs it. The same arguments
// give the same bytes. Each change is applied before the checksum is computed, so that the result is sound however
// odd its fields are; to spoil a checksum, change the bytes.
func FixedFooter(virtual int64, change ...func(*Footer)) [FooterLength]byte {
	f := Footer{
		Features: 2, Version: 0x00010000, DataOffset: noDataOffset, Created: epoch,
		// Readers that do not know the creator believe the geometry instead of the size.
		CreatorApplication: "win ", CreatorVersion: 0x000A0000, CreatorHost: "Wi2k",
		OriginalSize: uint64(virtual), CurrentSize: uint64(virtual), Type: TypeFixed,
	}
	for _, c := range change {
		c(&f)
	}
	return f.bytes()
}

func (f Footer) bytes() (b [FooterLength]byte) {
	be := binary.BigEndian
	copy(b[:8], footerCookie)
	be.PutUint32(b[8:], f.Features)
	be.PutUint32(b[12:], f.Version)
	be.PutUint64(b[16:], f.DataOffset)
	be.PutUint32(b[24:], uint32(f.Created.Sub(epoch)/time.Second))
	copy(b[28:32], f.CreatorApplication)
	be.PutUint32(b[32:], f.CreatorVersion)
	copy(b[36:40], f.CreatorHost)
	be.PutUint64(b[40:], f.OriginalSize)
	be.PutUint64(b[48:], f.CurrentSize)
	be.PutUint32(b[56:], f.Geometry)
	be.PutUint32(b[60:], f.Type)
	copy(b[68:84], f.ID[:])
	b[84] = f.SavedState
	be.PutUint32(b[checksumOffset:], Checksum(b[:]))
	return b
}
