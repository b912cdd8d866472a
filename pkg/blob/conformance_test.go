package blob_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	azb "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"wave365/pkg/blob/blobtest"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/blobstore"
)

func TestConformanceSandbox(t *testing.T) {
	t.Parallel()
	store := blobapi.NewAccount("", "")
	dir, files := t.TempDir(), atomic.Int64{}
	exercise(t, server{root: sandbox(t, store), put: func(t testing.TB, container string, b testBlob) {
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
	root := blobtest.StartAzurite(t)
	exercise(t, server{root: root, put: putInAzurite(root)})
}

// sandbox serves the store and gives the account's endpoint.
func sandbox(t testing.TB, store *blobapi.Account) (root string) {
	t.Helper()
	srv := httptest.NewServer(store.Handler(time.Now))
	t.Cleanup(srv.Close)
	return srv.URL + "/" + store.Name()
}

// putInAzurite makes blobs in the Azurite at root.
func putInAzurite(root string) func(t testing.TB, container string, b testBlob) {
	return func(t testing.TB, name string, b testBlob) {
		t.Helper()
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s/%s: %v", name, b.Name, err)
			}
		}
		c := blobtest.AzureClient(t, root).NewContainerClient(name)
		if _, err := c.Create(ctx, nil); !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			must(err)
		}
		if b.Block {
			_, err := c.NewBlockBlobClient(b.Name).Upload(ctx, content(b.Head), nil)
			must(err)
		} else {
			pages := c.NewPageBlobClient(b.Name)
			_, err := pages.Create(ctx, b.Length, nil)
			must(err)
			for offset, data := range map[int64][]byte{0: b.Head, b.Length - int64(len(b.Tail)): b.Tail} {
				if len(data) > 0 {
					_, err := pages.UploadPages(ctx, content(data), azb.HTTPRange{Offset: offset, Count: int64(len(data))}, nil)
					must(err)
				}
			}
		}
		if b.Archived {
			_, err := c.NewBlobClient(b.Name).SetTier(ctx, azb.AccessTierArchive, nil)
			must(err)
		}
		if b.Leased {
			l, err := lease.NewBlobClient(c.NewBlobClient(b.Name), nil)
			must(err)
			_, err = l.AcquireLease(ctx, -1, nil)
			must(err)
		}
	}
}

func content(data []byte) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader(data)) }
