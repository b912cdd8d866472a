package vhd_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/vhd"
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
func FuzzInspect(f *testing.F) {
	for _, i := range []image{fixed(gib), fixed(mib), sparse(vhd.TypeDynamic), guest(true), guest(false), {}} {
		f.Add(i.length, i.head, i.tail)
	}
	i := fixed(gib)
	f.Add(int64(700), i.head[:700], i.tail[324:])
	f.Add(int64(-1), i.head, i.tail)
	f.Add(int64(512), i.footer(), i.footer())
	f.Fuzz(func(t *testing.T, length int64, head, tail []byte) {
		h, tl := bytes.Clone(head), bytes.Clone(tail)
		disk, problems := vhd.Inspect(length, head, tail)
		if !bytes.Equal(h, head) || !bytes.Equal(tl, tail) {
			t.Error("the input was changed")
		}
		if hasError(problems) {
			if diff := cmp.Diff(vhd.Disk{Kind: disk.Kind}, disk); diff != "" {
				t.Errorf("an error leaves more than the kind (-want +got):\n%s", diff)
			}
		} else if disk.Kind != vhd.Fixed || disk.Virtual != length-512 || disk.Virtual%mib != 0 {
			t.Errorf("%+v passes with length %d", disk, length)
		}
		vhd.InspectGuestState(length, head, tail)
	})
}

// Law: the partition table of any bytes is read without a panic, and a table built for a disk fits that disk alone.
func FuzzGPT(f *testing.F) {
	f.Add(gib, vhd.ProtectiveGPT(gib, true)[440:1200])
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
