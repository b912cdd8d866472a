package vhd_test

import (
	"bytes"
	"testing"

	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
)

// Law: a footer of which one byte was changed never passes with the old checksum, and a changed checksum never passes
// with the old footer.
func FuzzFooter(f *testing.F) {
	f.Add(int64(128)<<30, uint16(30), byte(1))
	f.Add(int64(1)<<20, uint16(64), byte(0x80))
	f.Add(int64(0), uint16(511), byte(0xFF))
	f.Fuzz(func(t *testing.T, virtual int64, at uint16, flip byte) {
		virtual = (virtual & (1<<43 - 1)) &^ (mib - 1)
		if virtual < 32*mib {
			virtual = 32 * mib
		}
		i := fixed(virtual)
		if _, problems := vhd.Inspect(i.length, i.head, i.tail); len(problems) != 0 {
			t.Fatalf("a sound disk of %d bytes: %+v", virtual, problems)
		}
		if flip == 0 {
			return
		}
		i.footer()[at%vhd.FooterLength] ^= flip
		disk, problems := vhd.Inspect(i.length, i.head, i.tail)
		if !hasError(problems) || disk.Virtual != 0 {
			t.Errorf("byte %d changed by %#x passes: %+v %+v", at%vhd.FooterLength, flip, disk, problems)
		}
		if at%vhd.FooterLength >= 8 && codes(problems) != "vhd.bad-checksum" {
			t.Errorf("byte %d: %q", at%vhd.FooterLength, codes(problems))
		}
	})
}

// Laws: no panic; an error leaves nothing but the kind; what passes without an error is a whole number of MiB and as
// long as the blob says; judging does not change the bytes.
//
// The fuzzer spoils sound files in two places instead of growing them from nothing; the last base is its bytes alone.
func FuzzInspect(f *testing.F) {
	bases := []func() image{
		func() image { return fixed(gib) }, func() image { return fixed(mib) },
		func() image { return sparse(vhd.TypeDynamic) }, func() image { return sparse(vhd.TypeDifferencing) },
		func() image { return guest(true) }, func() image { return guest(false) },
	}
	for base := range byte(7) {
		f.Add(base, int64(0), uint16(440), []byte{1, 2, 3, 4}, uint16(520), []byte("conectix"))
	}
	f.Add(byte(6), int64(512), uint16(0), []byte("vhdxfile"), uint16(0), bytes.Repeat([]byte("conectix"), 64))
	f.Add(byte(6), int64(700), uint16(0), make([]byte, 700), uint16(0), make([]byte, 700))
	f.Add(byte(6), int64(-1), uint16(0), []byte("GUESTRTS"), uint16(0), []byte{0})
	f.Fuzz(func(t *testing.T, base byte, longer int64, atHead uint16, inHead []byte, atTail uint16, inTail []byte) {
		i := image{longer, bytes.Clone(inHead), bytes.Clone(inTail)}
		if n := int(base) % (len(bases) + 1); n < len(bases) {
			i = bases[n]()
			i.length += longer
			copy(i.head[int(atHead)%len(i.head):], inHead)
			copy(i.tail[int(atTail)%len(i.tail):], inTail)
		}
		head, tail := bytes.Clone(i.head), bytes.Clone(i.tail)
		disk, problems := vhd.Inspect(i.length, i.head, i.tail)
		if !bytes.Equal(head, i.head) || !bytes.Equal(tail, i.tail) {
			t.Error("the input was changed")
		}
		if hasError(problems) {
			if disk != (vhd.Disk{Kind: disk.Kind}) {
				t.Errorf("an error leaves more than the kind: %+v", disk)
			}
		} else if disk.Kind != vhd.Fixed || disk.Virtual != i.length-512 || disk.Virtual%mib != 0 {
			t.Errorf("%+v passes with length %d", disk, i.length)
		}
		vhd.InspectGuestState(i.length, i.head, i.tail)
	})
}

// Law: the partition table of any bytes is read without a panic, and a table built for a disk fits that disk alone.
func FuzzGPT(f *testing.F) {
	f.Add(gib, gpt.Build(gib, true)[440:1200])
	f.Add(mib, []byte("EFI PART"))
	f.Fuzz(func(t *testing.T, virtual int64, mutation []byte) {
		virtual = max(virtual&(1<<43-1)&^(mib-1), mib)
		i := fixed(virtual)
		disk, problems := vhd.Inspect(i.length, i.head, i.tail)
		if len(problems) != 0 || !disk.GPT.EFISystem || disk.GPT.BackupLBA != uint64(virtual/512-1) {
			t.Fatalf("%d: %+v %+v", virtual, disk.GPT, problems)
		}
		copy(i.head[440:], mutation)
		resum(i.head)
		if disk, problems = vhd.Inspect(i.length, i.head, i.tail); !hasError(problems) && disk.GPT != nil && disk.GPT.LastUsable*512 >= uint64(virtual) {
			t.Errorf("a table beyond %d passes: %+v", virtual, disk.GPT)
		}
	})
}
