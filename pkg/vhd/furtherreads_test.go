package vhd_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
)

// file is a sparse blob: bytes at offsets, zeros between them.
type file struct {
	length int64
	parts  map[int64][]byte
}

func (f file) read(offset, count int64) []byte {
	b := make([]byte, count)
	for _, at := range slices.Sorted(maps.Keys(f.parts)) { // a part within another one lies over it
		data := f.parts[at]
		if from := max(at, offset); from < min(at+int64(len(data)), offset+count) {
			copy(b[from-offset:], data[from-at:])
		}
	}
	return b
}

// inspect reads and judges as the product does: both ends, and the part that is asked for.
func (f file) inspect(t testing.TB) (vhd.Disk, []vhd.Problem) {
	t.Helper()
	n := min(f.length, vhd.TailLength)
	head, tail := f.read(0, min(f.length, vhd.HeadLength)), f.read(f.length-n, n)
	offset, count := vhd.FurtherRead(f.length, head, tail)
	if count == 0 {
		return vhd.Inspect(f.length, head, tail)
	}
	if offset < 0 || count < 0 || offset+count > f.length || count > 2*mib {
		t.Fatalf("%d bytes at %d are asked for, of %d", count, offset, f.length)
	}
	return vhd.Inspect(f.length, head, tail, vhd.Part{Offset: offset, Data: f.read(offset, count)})
}

// disk is a fixed VHD with a head of its own and something behind it.
func disk(virtual int64, head []byte, behind ...[]byte) file {
	footer := vhd.FixedFooter(virtual)
	end := append([][]byte{footer[:]}, behind...)
	data := bytes.Join(end, nil)
	return file{virtual + int64(len(data)), map[int64][]byte{0: head, virtual: data}}
}

func footerOf(virtual int64) []byte {
	f := vhd.FixedFooter(virtual)
	return f[:]
}

func mbr() []byte {
	b := make([]byte, 512)
	copy(b[446:], []byte{0x80, 0x20, 0x21, 0, 0x07, 0xFE, 0xFF, 0xFF, 0, 8, 0, 0, 0, 0, 32, 0})
	b[510], b[511] = 0x55, 0xAA
	return b
}

// with is a disk with bytes at a place.
func (f file) with(at int64, data []byte) file {
	f.parts[at] = data
	return f
}

func TestInspect_WithMore(t *testing.T) {
	t.Parallel()
	table := gpt.Build(gib, true)
	largest := int64(binary.LittleEndian.Uint64(table[1024+2*128+32:])) * 512 // the third entry: ESP, MSR, data
	longer := gpt.Build(gib, true)
	for _, tc := range []struct {
		name     string
		file     file
		want     string
		mentions string
	}{
		{"sound", disk(gib, table), "", ""},
		{"filled up to the next MiB", disk(gib, table, make([]byte, mib-512)), "vhd.trailing-bytes", "truncate -s 1073742336"},
		{"filled up to 4 KiB", disk(gib, table, make([]byte, 4096-512)), "vhd.trailing-bytes", "3584 bytes follow"},
		{"one MiB more", disk(gib, table, make([]byte, mib)), "vhd.trailing-bytes", "1048576 bytes follow"},
		{"far more", disk(gib, table, make([]byte, 5*mib)), "vhd.trailing-bytes", "5242880 bytes follow"},
		{"something else behind it", disk(gib, table, bytes.Repeat([]byte("\xAA"), 1536)), "vhd.trailing-bytes", "1536 bytes follow"},
		{"generation 1, filled up", disk(gib, mbr(), make([]byte, mib-512)), "vhd.trailing-bytes", ""},
		{"empty, filled up", disk(gib, nil, make([]byte, mib-512)), "vhd.trailing-bytes", ""},
		{"filled up behind a damaged footer", disk(gib, table, make([]byte, mib-512)).with(gib+30, []byte{1}), "vhd.not-vhd", "raw"},
		{"converted twice", disk(gib, table, footerOf(gib+512)), "vhd.two-footers", "already a VHD"},
		{"converted twice, filled up to the next MiB between", disk(gib, longer, make([]byte, mib-512), footerOf(gib+mib)), "vhd.two-footers", "truncate -s 1073742336"},
		{"grown by a MiB, nothing before it", file{gib + mib + 512, map[int64][]byte{0: table, gib + mib: footerOf(gib + mib)}}, "", ""},
		{"grown by a MiB, with the footer of another disk in it", file{gib + mib + 512, map[int64][]byte{0: table, gib + 4096: footerOf(5 * mib), gib + mib: footerOf(gib + mib)}}, "", ""},
		{"nothing but the footer", disk(gib, nil), "vhd.unwritten", "zeros where its partition table should be"},
		{"generation 1", disk(gib, mbr()), "vhd.generation-1", "generation 1"},
		{"an NTFS volume", disk(gib, append([]byte("\xEB\x52\x90NTFS    "), make([]byte, 600)...)), "vhd.not-vhd", "a single NTFS volume"},
		{"BitLocker", disk(gib, table).with(largest, append([]byte("\xEB\x58\x90-FVE-FS-"), make([]byte, 501)...)), "vhd.encrypted w", "BitLocker"},
		{"BitLocker To Go", disk(gib, table).with(largest+424, []byte{0x3B, 0xD6, 0x67, 0x49, 0x29, 0x2E, 0xD8, 0x4A, 0x83, 0x99, 0xF6, 0xA3, 0x39, 0xE3, 0xD0, 0x01}), "vhd.encrypted w", "BitLocker"},
		{"LUKS", disk(gib, table).with(largest, []byte("LUKS\xBA\xBE\x00\x02")), "vhd.encrypted w", "LUKS"},
		{"NTFS on the largest volume", disk(gib, table).with(largest, []byte("\xEB\x52\x90NTFS    ")), "", ""},
		{"sectors of 4 KiB", disk(gib, make([]byte, 512)).with(446, gpt.Build(gib, true)[446:512]).with(4096, []byte("EFI PART")), "vhd.no-efi-partition w", "4,096"},
		{"a qcow2 in a VHD", disk(gib, []byte("QFI\xFB\x00\x00\x00\x03")), "vhd.not-vhd", "qcow2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			disk, problems := tc.file.inspect(t)
			if codes(problems) != tc.want {
				t.Fatalf("%q, want %q: %+v", codes(problems), tc.want, problems)
			}
			said := ""
			for _, p := range problems {
				said += p.Message + " " + p.Hint
			}
			if !strings.Contains(said, tc.mentions) {
				t.Errorf("%q does not say %q", said, tc.mentions)
			}
			if (tc.want == "vhd.trailing-bytes" || tc.want == "vhd.two-footers") && strings.Contains(strings.ReplaceAll(said, "do not convert", ""), "convert it") {
				t.Errorf("%q advises what makes it worse", said)
			}
			if !hasError(problems) && disk.Virtual != tc.file.length-512 {
				t.Errorf("virtual size %d", disk.Virtual)
			}
		})
	}
}

// What is no disk is named as what it is.
func TestInspect_OtherFormats(t *testing.T) {
	t.Parallel()
	for start, want := range map[string]string{
		"QFI\xFB\x00\x00\x00\x03": "qcow2", "KDMV\x01\x00\x00\x00": "vmdk", "COWD\x01\x00\x00\x00": "vmdk", "# Disk DescriptorFile\nversion=1": "vmdk", "PK\x03\x04\x14\x00": "zip", "\x1F\x8B\x08\x00": "gzip",
		"7z\xBC\xAF\x27\x1C\x00\x04": "7z", "\xFD7zXZ\x00\x00\x04": "xz", "BZh91AY": "bzip2", "\x28\xB5\x2F\xFD": "zstd", "Rar!\x1A\x07\x01\x00": "rar", "vhdxfile": "VHDX", "MSWIM\x00\x00\x00": "wim",
		strings.Repeat("\x00", 257) + "ustar\x0000": "tar", strings.Repeat("\x00", 0x8001) + "CD001\x01": "iso", string(mbr()) + strings.Repeat("\x00", 0x8001-512) + "CD001\x01": "iso",
		"<<< Oracle VM VirtualBox Disk Image >>>\n" + strings.Repeat("\x00", 24) + "\x7F\x10\xDA\xBE": "VDI", "<?xml version=\"1.0\"?><Error>": "XML", "QED\x00": "QED", "MZ\x90\x00": "program", "%PDF-1.7": "PDF",
		string(mbr()): "raw", "\xEB\x52\x90NTFS    ": "NTFS",
	} {
		for _, length := range []int64{mib, 64 * gib} {
			f := file{length, map[int64][]byte{0: []byte(start), length - 700: bytes.Repeat([]byte{7}, 700)}}
			_, problems := f.inspect(t)
			if len(problems) != 1 || problems[0].Warning || !strings.Contains(problems[0].Message, want) || (problems[0].Hint == "") != (want == "VHDX") {
				t.Errorf("%q of %d bytes: %+v, want %s", start[:min(len(start), 20)], length, problems, want)
			}
		}
	}
}

// Law: whatever stands in a file, what is asked for lies within it and is no more than 2 MiB, and judging it does not panic;
// a part that says nothing changes nothing but for the better known.
func FuzzMore(f *testing.F) {
	f.Add(gib, []byte("conectix"), int64(4096), gpt.Build(gib, true)[:1300])
	f.Add(mib, footerOf(mib), int64(0), []byte("QFI\xFB"))
	f.Add(gib+mib, footerOf(gib), mib, gpt.Build(gib, true)[:1300])
	f.Fuzz(func(t *testing.T, length int64, end []byte, before int64, start []byte) {
		length = length & (1<<43 - 1)
		at := max(0, length-max(0, before)-int64(len(end)))
		blob := file{length, map[int64][]byte{0: start, at: end}}
		disk, problems := blob.inspect(t)
		if !hasError(problems) && (disk.Virtual != length-512 || disk.Virtual%mib != 0) {
			t.Errorf("%+v passes with length %d", disk, length)
		}
	})
}
