package blobapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/blobstore"
)

// BenchmarkHandler is what one answer costs the server, signature included, without a network.
func BenchmarkHandler(b *testing.B) {
	store := blobapi.NewAccount("", "")
	for i := range 5000 {
		if err := store.Put(blobstore.Disk{Container: "vhds", Name: fmt.Sprintf("os-%04d.vhd", i), Size: 127 * gib}); err != nil {
			b.Fatal(err)
		}
	}
	h := store.Handler(time.Now)
	for _, bc := range []struct{ name, method, path, header string }{
		{"Properties", http.MethodHead, "/vhds/os-0042.vhd", ""},
		{"Head17KiB", http.MethodGet, "/vhds/os-0042.vhd", "bytes=0-17407"},
		{"List5000", http.MethodGet, "/vhds?restype=container&comp=list&include=copy", ""},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(bc.method, "/devstoreaccount1"+bc.path, nil)
				r.Header.Set("Authorization", "Bearer token")
				if bc.header != "" {
					r.Header.Set("x-ms-range", bc.header)
				}
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code >= 300 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
