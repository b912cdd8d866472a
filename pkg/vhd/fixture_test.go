package vhd_test

import (
	"encoding/binary"
	"hash/crc32"

	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// image is a blob of which only the ends exist.
type image struct {
	length     int64
	head, tail []byte
}

// fixed is a sound disk of virtual bytes, at least 1 MiB.
func fixed(virtual int64, change ...func(*vhd.Footer)) image {
	footer := vhd.FixedFooter(virtual, change...)
	tail := make([]byte, vhd.TailLength)
	copy(tail[vhd.TailLength-vhd.FooterLength:], footer[:])
	return image{virtual + vhd.FooterLength, gpt.Build(virtual, true), tail}
}

// footer is the part of the tail that carries it.
func (i image) footer() []byte { return i.tail[len(i.tail)-vhd.FooterLength:] }

// sparse is a dynamic or differencing disk: a copy of the footer first, the sparse header next.
func sparse(kind uint32) image {
	i := fixed(gib, func(f *vhd.Footer) { f.Type, f.DataOffset = kind, 512 })
	i.length = 3*mib + 1536
	i.head = make([]byte, vhd.HeadLength)
	copy(i.head, i.footer())
	copy(i.head[512:], "cxsparse")
	return i
}

// guest is a guest state store, in a VHD or bare.
func guest(wrapped bool) image {
	i := image{4 * mib, make([]byte, vhd.HeadLength), make([]byte, vhd.TailLength)}
	copy(i.head, "GUESTRTS")
	if wrapped {
		i.length += vhd.FooterLength
		footer := vhd.FixedFooter(4 * mib)
		copy(i.footer(), footer[:])
	}
	return i
}

// resum makes the GPT header's checksum right again after a change.
func resum(head []byte) {
	h := head[512 : 512+92]
	clear(h[16:20])
	binary.LittleEndian.PutUint32(h[16:], crc32.ChecksumIEEE(h))
}
