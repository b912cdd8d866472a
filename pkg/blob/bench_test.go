package blob_test

import (
	"fmt"
	"testing"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/blobstore"
)

// thousand serves a thousand disks of 127 GiB over loopback.
func thousand(b *testing.B) bench {
	b.Helper()
	store := blobapi.NewAccount("", "")
	for i := range 1000 {
		if err := store.Put(blobstore.Disk{Container: "vhds", Name: fmt.Sprintf("os-%04d.vhd", i), Size: 127 << 30}); err != nil {
			b.Fatal(err)
		}
	}
	return connect(b, store.Handler(time.Now))
}

func BenchmarkProperties(b *testing.B) {
	s := thousand(b)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			r := bloburl.Ref{Root: s.root, Container: "vhds", Name: fmt.Sprintf("os-%04d.vhd", i%1000)}
			if _, err := s.client.Properties(b.Context(), r); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkVerdict is the two reads that judge a disk.
func BenchmarkVerdict(b *testing.B) {
	s := thousand(b)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			r := bloburl.Ref{Root: s.root, Container: "vhds", Name: fmt.Sprintf("os-%04d.vhd", i%1000)}
			if _, err := s.client.Read(b.Context(), r, 0, 17408); err != nil {
				b.Error(err)
			}
			if _, err := s.client.Read(b.Context(), r, 127<<30-512, 1024); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkList(b *testing.B) {
	s := thousand(b)
	for b.Loop() {
		if items, err := s.client.List(b.Context(), "vhds", ""); err != nil || len(items) != 1000 {
			b.Fatalf("%d items, %v", len(items), err)
		}
	}
}

func BenchmarkSignRead(b *testing.B) {
	s := thousand(b)
	r := bloburl.Ref{Root: s.root, Container: "vhds", Name: "os-0001.vhd"}
	for b.Loop() {
		if _, err := s.client.SignRead(b.Context(), r, time.Time{}, time.Now().Add(time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRef(b *testing.B) {
	for b.Loop() {
		if _, err := bloburl.Parse(local+"/vhds/w1/alice.vhd?"+query, local); err != nil {
			b.Fatal(err)
		}
	}
}
