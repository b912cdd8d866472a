package vhd_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
)

func codes(problems []vhd.Problem) string {
	var out []string
	for _, p := range problems {
		code := p.Code
		if p.Warning {
			code += " w"
		}
		out = append(out, code)
	}
	return strings.Join(out, ", ")
}

// linuxFiles is the type of a Linux file system, as it lies on the disk.
const linuxFiles = "\xAF\x3D\xC6\x0F\x83\x84\x72\x47\x8E\x79\x3D\x69\xD8\x47\x7D\xE4"

// retyped is a sound disk but for the type of one partition.
func retyped(partition int, kind string) image {
	i := fixed(gib)
	copy(i.head[2*512+128*partition:], kind)
	return i
}

func TestInspect(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	tests := []struct {
		name string
		make func() image
		kind vhd.Kind
		want string
	}{
		{"sound", func() image { return fixed(128 * gib) }, vhd.Fixed, ""},
		{"data offset written by the letter of the specification", func() image {
			return fixed(gib, func(f *vhd.Footer) { f.DataOffset = 0xFFFFFFFF })
		}, vhd.Fixed, ""},
		{"creator, geometry, id, time and original size do not count", func() image {
			return fixed(gib, func(f *vhd.Footer) {
				f.CreatorApplication, f.CreatorHost, f.Geometry, f.OriginalSize, f.ID[3] = "d2v\x00", "Mac ", 77, 5, 9
				f.Created = f.Created.AddDate(20, 0, 0)
			})
		}, vhd.Fixed, ""},
		{"empty", func() image { return image{} }, vhd.None, "vhd.not-vhd"},
		{"text", func() image { b := []byte("hello"); return image{5, b, b} }, vhd.None, "vhd.not-vhd"},
		{"zeros", func() image {
			return image{64*gib + 512, make([]byte, vhd.HeadLength), make([]byte, vhd.TailLength)}
		}, vhd.None, "vhd.not-vhd"},
		{"raw image", func() image {
			i := fixed(64 * gib)
			return image{64 * gib, i.head, make([]byte, vhd.TailLength)}
		}, vhd.None, "vhd.not-vhd"},
		{"disk type none", func() image { return fixed(gib, func(f *vhd.Footer) { f.Type = 0 }) }, vhd.None, "vhd.not-vhd"},
		{"fixed with a data offset", func() image { return fixed(gib, func(f *vhd.Footer) { f.DataOffset = 512 }) }, vhd.None, "vhd.not-vhd"},
		{"vhdx", func() image {
			i := image{64 * mib, make([]byte, vhd.HeadLength), make([]byte, vhd.TailLength)}
			copy(i.head, "vhdxfile")
			return i
		}, vhd.VHDX, "vhd.vhdx"},
		{"dynamic", func() image { return sparse(vhd.TypeDynamic) }, vhd.Dynamic, "vhd.dynamic"},
		{"differencing", func() image { return sparse(vhd.TypeDifferencing) }, vhd.Differencing, "vhd.differencing"},
		{"dynamic, cut off at the end", func() image {
			i := sparse(vhd.TypeDynamic)
			clear(i.tail)
			return i
		}, vhd.Dynamic, "vhd.dynamic"},
		{"dynamic, its sparse header elsewhere, cut off at the end", func() image {
			i := sparse(vhd.TypeDynamic)
			clear(i.tail)
			clear(i.head[512:])
			return i
		}, vhd.Dynamic, "vhd.dynamic"},
		{"dynamic by its footer alone", func() image {
			return fixed(gib, func(f *vhd.Footer) { f.Type, f.DataOffset = vhd.TypeDynamic, 512 })
		}, vhd.Dynamic, "vhd.dynamic"},
		{"bad checksum", func() image { i := fixed(gib); i.footer()[30] ^= 1; return i }, vhd.None, "vhd.bad-checksum"},
		{"size mismatch", func() image { i := fixed(gib); i.length += mib; return i }, vhd.Fixed, "vhd.size-mismatch"},
		{"size beyond what a number can hold", func() image {
			return fixed(gib, func(f *vhd.Footer) { f.CurrentSize = 1<<63 + 5 })
		}, vhd.Fixed, "vhd.size-mismatch"},
		{"one sector more", func() image { return fixed(gib + 512) }, vhd.Fixed, "vhd.not-mib-aligned"},
		{"half a mebibyte, no table", func() image {
			i := fixed(gib + mib/2)
			clear(i.head)
			return i
		}, vhd.Fixed, "vhd.not-mib-aligned, vhd.unwritten"},
		{"no partition table", func() image { i := fixed(gib); clear(i.head); return i }, vhd.Fixed, "vhd.unwritten"},
		{"MBR", func() image {
			i := fixed(gib)
			clear(i.head)
			i.head[450], i.head[510], i.head[511] = 7, 0x55, 0xAA
			return i
		}, vhd.Fixed, "vhd.generation-1"},
		{"GPT header gone", func() image { i := fixed(gib); clear(i.head[512:]); return i }, vhd.Fixed, "vhd.no-efi-partition w"},
		{"GPT header damaged", func() image { i := fixed(gib); i.head[512+40] ^= 1; return i }, vhd.Fixed, "vhd.no-efi-partition w"},
		{"GPT header of an impossible size", func() image {
			i := fixed(gib)
			le.PutUint32(i.head[512+12:], 1<<31)
			return i
		}, vhd.Fixed, "vhd.no-efi-partition w"},
		{"protective entry is not the first", func() image {
			i := fixed(gib)
			i.head[450], i.head[466] = 7, 0xEE
			return i
		}, vhd.Fixed, ""},
		{"no EFI partition", func() image { i := fixed(gib); i.head = gpt.Build(gib, false); return i }, vhd.Fixed, "vhd.no-efi-partition w"},
		{"entries lie elsewhere", func() image {
			i := fixed(gib)
			le.PutUint64(i.head[512+72:], 4096)
			resum(i.head)
			return i
		}, vhd.Fixed, "vhd.no-efi-partition w"},
		{"EFI partition in the last entry", func() image {
			i := fixed(gib)
			copy(i.head[1024+127*128:], i.head[1024:1024+16])
			clear(i.head[1024 : 1024+16])
			return i
		}, vhd.Fixed, ""},
		{"Linux where Windows would be", func() image { return retyped(2, linuxFiles) }, vhd.Fixed, "vhd.not-windows"},
		{"Linux beside Windows", func() image { return retyped(0, linuxFiles) }, vhd.Fixed, "vhd.no-efi-partition w"},
		{"nothing known where Windows would be", func() image { return retyped(2, "0123456789abcdef") }, vhd.Fixed, ""},
		{"saved state", func() image { return fixed(gib, func(f *vhd.Footer) { f.SavedState = 1 }) }, vhd.Fixed, "vhd.saved-state w"},
		{"grown disk: backup header in the middle", func() image { i := fixed(gib); i.head = gpt.Build(gib/2, true); return i }, vhd.Fixed, ""},
		{"table beyond the end", func() image { i := fixed(gib); i.head = gpt.Build(2*gib, true); return i }, vhd.Fixed, "vhd.truncated"},
		{"one sector beyond the end", func() image {
			i := fixed(gib)
			le.PutUint64(i.head[512+32:], uint64(gib/512))
			resum(i.head)
			return i
		}, vhd.Fixed, "vhd.truncated"},
		{"last usable sector beyond the end", func() image {
			i := fixed(gib)
			le.PutUint64(i.head[512+48:], uint64(gib/512))
			resum(i.head)
			return i
		}, vhd.Fixed, "vhd.truncated"},
		{"cut off, the footer too", func() image {
			i := fixed(64 * gib)
			return image{40 * gib, i.head, make([]byte, vhd.TailLength)}
		}, vhd.None, "vhd.truncated"},
		{"last page never written", func() image { i := fixed(64 * gib); clear(i.tail); return i }, vhd.None, "vhd.truncated"},
		{"fewer bytes read than asked for", func() image { i := fixed(gib); i.head = i.head[:100]; return i }, vhd.Fixed, "vhd.truncated"},
		{"guest state", func() image { return guest(false) }, vhd.GuestState, "vhd.is-guest-state"},
		{"guest state in a VHD", func() image { return guest(true) }, vhd.GuestState, "vhd.is-guest-state"},
		{"guest state never used", func() image { i := guest(true); clear(i.head); return i }, vhd.GuestState, "vhd.is-guest-state"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			i := tc.make()
			disk, problems := vhd.Inspect(i.length, i.head, i.tail)
			if got := codes(problems); got != tc.want {
				t.Errorf("problems %q, want %q: %+v", got, tc.want, problems)
			}
			if disk.Kind != tc.kind {
				t.Errorf("kind %q, want %q", disk.Kind, tc.kind)
			}
			for _, p := range problems {
				if p.Message == "" {
					t.Errorf("%s says too little: %+v", p.Code, p)
				}
			}
			if hasError(problems) {
				if diff := cmp.Diff(vhd.Disk{Kind: disk.Kind}, disk); diff != "" {
					t.Errorf("an error leaves more than the kind (-want +got):\n%s", diff)
				}
			} else if disk.Virtual != i.length-vhd.FooterLength {
				t.Errorf("virtual size %d of %d", disk.Virtual, i.length)
			}
		})
	}
}

func hasError(problems []vhd.Problem) bool {
	for _, p := range problems {
		if !p.Warning {
			return true
		}
	}
	return false
}

// The virtual size is what a license is compared with; the blob is one footer longer.
func TestInspect_Sizes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ gib, virtual, length int64 }{
		{64, 68_719_476_736, 68_719_477_248},
		{127, 136_365_211_648, 136_365_212_160},
		{128, 137_438_953_472, 137_438_953_984},
		{256, 274_877_906_944, 274_877_907_456},
		{512, 549_755_813_888, 549_755_814_400},
		{1_024, 1_099_511_627_776, 1_099_511_628_288},
		{4_095, 4_396_972_769_280, 4_396_972_769_792},
	} {
		t.Run(fmt.Sprint(tc.gib, " GiB"), func(t *testing.T) {
			t.Parallel()
			i := fixed(tc.gib * gib)
			if i.length != tc.length {
				t.Fatalf("length %d, want %d", i.length, tc.length)
			}
			disk, problems := vhd.Inspect(tc.length, i.head, i.tail)
			if disk.Virtual != tc.virtual || len(problems) != 0 {
				t.Errorf("virtual %d, want %d; %+v", disk.Virtual, tc.virtual, problems)
			}
			if disk.GPT == nil || !disk.GPT.EFISystem || !disk.GPT.Complete || disk.GPT.Partitions != 3 {
				t.Errorf("partition table: %+v", disk.GPT)
			}
			// One sector, one MiB and the footer too many or too few never pass for the same disk.
			for _, off := range []int64{-mib, -512, -1, 1, 512, mib} {
				if _, problems := vhd.Inspect(tc.length+off, i.head, i.tail); codes(problems) != "vhd.size-mismatch" {
					t.Errorf("%+d bytes: %q", off, codes(problems))
				}
			}
		})
	}
}

// Whatever else the caller has read may be handed over: only the ends count.
func TestInspect_WholeSmallDisk(t *testing.T) {
	t.Parallel()
	i := fixed(mib)
	whole := make([]byte, mib)
	copy(whole, i.head)
	whole = append(whole, i.footer()...)
	disk, problems := vhd.Inspect(i.length, whole, whole)
	if disk.Virtual != mib || len(problems) != 0 {
		t.Errorf("%+v %+v", disk, problems)
	}
}

func TestInspectGuestState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func() image
		ok   bool
	}{
		{"bare", func() image { return guest(false) }, true},
		{"in a VHD", func() image { return guest(true) }, true},
		{"never used", func() image { i := guest(true); clear(i.head); return i }, true},
		{"zeros without a footer", func() image { i := guest(false); clear(i.head); return i }, false},
		{"a disk", func() image { return fixed(64 * gib) }, false},
		{"a small disk", func() image { return fixed(4 * mib) }, false},
		{"zeros of a disk's size", func() image { i := fixed(64 * gib); clear(i.head); return i }, false},
		{"signature on a disk's size", func() image { i := fixed(64 * gib); copy(i.head, "GUESTRTS"); return i }, false},
		{"vhdx", func() image { i := guest(false); copy(i.head, "vhdxfile"); return i }, false},
		{"empty", func() image { return image{} }, false},
		{"damaged footer", func() image { i := guest(true); i.footer()[40] ^= 4; return i }, false},
		{"cut short", func() image { i := guest(true); i.length -= mib; return i }, false},
		{"dynamic", func() image {
			i := guest(true)
			f := vhd.FixedFooter(4*mib, func(f *vhd.Footer) { f.Type = vhd.TypeDynamic })
			copy(i.footer(), f[:])
			return i
		}, false},
		{"not read to its end", func() image { i := guest(true); i.tail = i.tail[:10]; return i }, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			i := tc.make()
			problems := vhd.InspectGuestState(i.length, i.head, i.tail)
			if tc.ok && len(problems) != 0 || !tc.ok && codes(problems) != "guest.not-guest-state" {
				t.Errorf("%+v", problems)
			}
		})
	}
}

func TestFixedFooter(t *testing.T) {
	t.Parallel()
	b := vhd.FixedFooter(128 * gib)
	f, ok := vhd.ParseFooter(b[:])
	if !ok || f.Checksum != vhd.Checksum(b[:]) || f.CurrentSize != uint64(128*gib) || f.Type != vhd.TypeFixed {
		t.Errorf("%v %+v", ok, f)
	}
	if !bytes.Equal(b[16:24], bytes.Repeat([]byte{0xFF}, 8)) || string(b[:8]) != "conectix" || binary.BigEndian.Uint32(b[8:]) != 2 {
		t.Errorf("% x", b[:64])
	}
	if again := vhd.FixedFooter(128 * gib); again != b {
		t.Error("the same size gives other bytes")
	}
	if _, ok := vhd.ParseFooter(b[:511]); ok {
		t.Error("511 bytes are taken for a footer")
	}
}

// What stands in the place of the footer is looked at, too; and the remedy for a raw image is one that reads raw images.
func TestInspect_WithoutFooter(t *testing.T) {
	t.Parallel()
	dmg := make([]byte, vhd.TailLength)
	copy(dmg[len(dmg)-vhd.FooterLength:], "koly\x00\x00\x00\x04")
	for _, tc := range []struct {
		name             string
		head, tail       []byte
		says, hint, word string
	}{
		{"dmg", make([]byte, vhd.HeadLength), dmg, "a macOS disk image (dmg)", "qemu-img convert", ""},
		{"raw", fixed(gib).head, make([]byte, vhd.TailLength), "(raw)", "qemu-img convert -f raw", "Convert-VHD"},
		{"nothing", make([]byte, vhd.HeadLength), make([]byte, vhd.TailLength), "nothing was copied into it", "copy the disk again", ""},
	} {
		_, problems := vhd.Inspect(gib, tc.head, tc.tail)
		if len(problems) != 1 || !strings.Contains(problems[0].Message, tc.says) || !strings.Contains(problems[0].Hint, tc.hint) || tc.word != "" && strings.Contains(problems[0].Hint, tc.word) {
			t.Errorf("%s: %+v", tc.name, problems)
		}
	}
}
