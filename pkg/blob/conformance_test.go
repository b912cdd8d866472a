package blob_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"wave365/pkg/blob/azuritetest"
	"wave365/pkg/blob/blobtest"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/blobstore"
)

func TestConformanceSandbox(t *testing.T) {
	t.Parallel()
	store := blobapi.NewAccount("", "")
	dir, files := t.TempDir(), atomic.Int64{}
	blobtest.Exercise(t, blobtest.Server{Root: sandbox(t, store), Put: func(t testing.TB, container string, b blobtest.Blob) {
		t.Helper()
		name := filepath.Join(dir, fmt.Sprint(files.Add(1)))
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		for offset, data := range map[int64][]byte{0: b.Head, b.Length - int64(len(b.Tail)): b.Tail} {
			if _, err := f.WriteAt(data, offset); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Truncate(b.Length); err != nil { // a sparse file
			t.Fatal(err)
		}
		d := blobstore.Disk{Container: container, Name: b.Name, File: name, Size: b.Length}
		if b.Block {
			d.Kind = "block-blob"
		}
		switch {
		case b.Leased:
			d.Fault = "leased"
		case b.Archived:
			d.Fault = "archived"
		}
		if err := store.Put(d); err != nil {
			t.Fatal(err)
		}
	}})
}

func TestConformanceAzurite(t *testing.T) {
	t.Parallel()
	root := azuritetest.Start(t)
	blobtest.Exercise(t, blobtest.Server{Root: root, Put: azuritetest.PutIn(root)})
}

// sandbox serves the store and gives the account's endpoint.
func sandbox(t testing.TB, store *blobapi.Account) (root string) {
	t.Helper()
	srv := httptest.NewServer(store.Handler(time.Now))
	t.Cleanup(srv.Close)
	return srv.URL + "/" + store.Name()
}
