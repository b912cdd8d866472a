package blobstore_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobstore"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/vhd"
)

const gib = 1 << 30

func put(t testing.TB, s *blobstore.Store, b scenario.Blob) blobstore.Blob {
	t.Helper()
	d, err := blobstore.DiskOf(b)
	if err == nil {
		err = s.Put(d)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, ok := s.Lookup(d.Container, d.Name)
	if !ok {
		t.Fatalf("%s is not there", b.Path)
	}
	return got
}

// Each kind and each fault of a scenario is what the verdict on disks calls by that name.
func TestDisksAreJudgedAsTheirName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		blob scenario.Blob
		kind vhd.Kind
		code string
	}{
		{scenario.Blob{}, vhd.Fixed, ""},
		{scenario.Blob{Kind: "fixed"}, vhd.Fixed, ""},
		{scenario.Blob{Kind: "dynamic"}, vhd.Dynamic, "vhd.dynamic"},
		{scenario.Blob{Kind: "differencing"}, vhd.Differencing, "vhd.differencing"},
		{scenario.Blob{Kind: "vhdx"}, vhd.VHDX, "vhd.vhdx"},
		{scenario.Blob{Kind: "raw"}, vhd.None, "vhd.not-vhd"},
		{scenario.Blob{Kind: "empty"}, vhd.None, "vhd.not-vhd"},
		{scenario.Blob{Kind: "guest-state"}, vhd.GuestState, "vhd.is-guest-state"},
		{scenario.Blob{Kind: "block-blob"}, vhd.Fixed, ""},
		{scenario.Blob{Fault: "no-gpt"}, vhd.Fixed, "vhd.generation-1"},
		{scenario.Blob{Fault: "no-efi-partition"}, vhd.Fixed, "vhd.no-efi-partition"},
		{scenario.Blob{Fault: "bad-checksum"}, vhd.None, "vhd.bad-checksum"},
		{scenario.Blob{Fault: "size-mismatch"}, vhd.Fixed, "vhd.size-mismatch"},
		{scenario.Blob{Fault: "truncated"}, vhd.None, "vhd.truncated"},
		{scenario.Blob{Fault: "not-mib-aligned"}, vhd.Fixed, "vhd.not-mib-aligned"},
		{scenario.Blob{Fault: "leased"}, vhd.Fixed, ""},
		{scenario.Blob{Fault: "copy-pending"}, vhd.Fixed, ""},
		{scenario.Blob{Fault: "archived"}, vhd.Fixed, ""},
		{scenario.Blob{Fault: "forbidden"}, vhd.Fixed, ""},
	} {
		for _, size := range []int{64, 127, 1024} {
			t.Run(fmt.Sprintf("%s%s/%d", tc.blob.Kind, tc.blob.Fault, size), func(t *testing.T) {
				t.Parallel()
				b := tc.blob
				b.Path, b.GiB = "vhds/w1/os.vhd", size
				got := put(t, blobstore.New(), b)
				head, tail := got.Ends(vhd.HeadLength, vhd.TailLength)
				disk, problems := vhd.Inspect(got.Length, head, tail)
				var codes []string
				for _, p := range problems {
					codes = append(codes, p.Code)
				}
				var want []string
				if tc.code != "" {
					want = []string{tc.code}
				}
				if disk.Kind != tc.kind || !slices.Equal(codes, want) {
					t.Errorf("length %d is a %s with %v, want a %s with %v", got.Length, disk.Kind, codes, tc.kind, want)
				}
				if tc.code == "" && disk.Virtual != int64(size)*gib {
					t.Errorf("virtual size = %d", disk.Virtual)
				}
				if tc.blob.Kind == "guest-state" {
					if p := vhd.InspectGuestState(got.Length, head, tail); len(p) > 0 {
						t.Errorf("as guest state: %v", p)
					}
				}
			})
		}
	}
}

func TestBytesWinOverGiB(t *testing.T) {
	t.Parallel()
	b := put(t, blobstore.New(), scenario.Blob{Path: "vhds/a.vhd", GiB: 3, Bytes: 128*gib + 1<<20})
	if b.Length != 128*gib+1<<20+512 || b.Type != "PageBlob" {
		t.Errorf("blob = %d bytes, %s", b.Length, b.Type)
	}
}

func TestBadDisksAreRefused(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]scenario.Blob{
		"NoPath": {GiB: 1}, "NoContainer": {Path: "a.vhd", GiB: 1}, "BadContainer": {Path: "VHDs/a.vhd", GiB: 1}, "NoSize": {Path: "vhds/a.vhd"},
		"TooLarge": {Path: "vhds/a.vhd", GiB: 9000}, "Kind": {Path: "vhds/a.vhd", GiB: 1, Kind: "tape"}, "Fault": {Path: "vhds/a.vhd", GiB: 1, Fault: "broken"},
	} {
		if _, err := blobstore.DiskOf(b); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := blobstore.New().Put(blobstore.Disk{Container: "vhds", Name: "x", Kind: "tape"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("Put: %v", err)
	}
}

// The same disk has the same ETag in every story, and another disk another one.
func TestETagsAreStable(t *testing.T) {
	t.Parallel()
	one := put(t, blobstore.New(), scenario.Blob{Path: "vhds/a.vhd", GiB: 64})
	same := put(t, blobstore.New(), scenario.Blob{Path: "vhds/a.vhd", GiB: 64})
	other := put(t, blobstore.New(), scenario.Blob{Path: "vhds/a.vhd", GiB: 65})
	if diff := cmp.Diff(one.ETag, same.ETag); diff != "" || one.ETag == other.ETag {
		t.Errorf("ETags %s %s %s", one.ETag, same.ETag, other.ETag)
	}
	if one.Modified.IsZero() || !one.Modified.Equal(same.Modified) {
		t.Errorf("modified %v, %v", one.Modified, same.Modified)
	}
}

// A thousand disks of 127 GiB cost a few megabytes. Not parallel: it measures the heap.
func TestAThousandDisksAreCheap(t *testing.T) {
	before := heap()
	s := blobstore.New()
	for i := range 1000 {
		if err := s.Put(blobstore.Disk{Container: "vhds", Name: fmt.Sprintf("users/u%04d/os.vhd", i), Size: 127 * gib, LastModified: time.Unix(1e9, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	cost := int64(heap()) - int64(before)
	t.Logf("a thousand disks of 127 GiB: %d KiB", cost>>10)
	if cost > 4<<20 {
		t.Errorf("a thousand disks cost %d bytes", cost)
	}
	if s.Len() != 1000 {
		t.Errorf("%d blobs", s.Len())
	}
	runtime.KeepAlive(s)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
