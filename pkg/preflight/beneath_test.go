package preflight_test

import (
	"context"
	"testing"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// bytesOf are what stands in a disk: its length, and bytes at offsets between zeros.
type bytesOf struct {
	length int64
	parts  map[int64][]byte
}

// realDisk is the stage's storage account, whose disks have bytes of their own.
type realDisk struct {
	*blob.Client
	disk bytesOf
}

// List implements [preflight.Storage].
func (r realDisk) List(ctx context.Context, container, prefix string) ([]blob.Item, error) {
	items, err := r.Client.List(ctx, container, prefix)
	for i := range items {
		items[i].Length = r.disk.length
	}
	return items, err
}

// Read implements [preflight.Storage].
func (r realDisk) Read(_ context.Context, _ bloburl.Ref, offset, count int64) ([]byte, error) {
	b := make([]byte, count)
	for at, data := range r.disk.parts {
		if from := max(at, offset); from < min(at+int64(len(data)), offset+count) {
			copy(b[from-offset:], data[from-at:])
		}
	}
	return b, nil
}

const size = int64(64) << 30

func footer(virtual int64) []byte {
	f := vhd.FixedFooter(virtual)
	return f[:]
}

func unwritten() bytesOf { return bytesOf{size + 512, map[int64][]byte{size: footer(size)}} }

func twoFooters() bytesOf {
	return bytesOf{size + 1024, map[int64][]byte{0: gpt.Build(size, true), size: footer(size), size + 512: footer(size + 512)}}
}

func padded() bytesOf {
	return bytesOf{size + 1<<20, map[int64][]byte{0: gpt.Build(size, true), size: footer(size)}}
}

func bitLocker() bytesOf {
	const windows = (1 + 100 + 16) << 20 // behind what a Windows disk begins with
	return bytesOf{size + 512, map[int64][]byte{0: gpt.Build(size, true), windows: []byte("\xEB\x58\x90-FVE-FS-"), size: footer(size)}}
}

// linux is a disk whose table has a Linux partition where Windows would be.
func linux() bytesOf {
	head := gpt.Build(size, true)
	copy(head[2*512+2*128:], []byte{0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4})
	return bytesOf{size + 512, map[int64][]byte{0: head, size: footer(size)}}
}

func saved() bytesOf {
	f := vhd.FixedFooter(size, func(f *vhd.Footer) { f.SavedState = 1 })
	return bytesOf{size + 512, map[int64][]byte{0: gpt.Build(size, true), size: f[:]}}
}

// meetDisk validates a wave of one row whose disk has those bytes.
func meetDisk(make func() bytesOf) func(t *testing.T) []wave.Finding {
	return func(t *testing.T) []wave.Finding {
		sc := newScenario()
		person(sc, "ada", func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} })
		s := newStage(t, sc)
		file, findings := reading.Read("w", []byte("user,blob,policy\nada@"+domain+",disks/ada.vhd,P\n"), wave.Options{})
		res, err := checkRows(t.Context(), s.graph, realDisk{s.blobs, make()}, preflight.Input{
			File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: s.now.Add(time.Second),
		})
		if err != nil {
			t.Fatal(err)
		}
		return res.Findings
	}
}
