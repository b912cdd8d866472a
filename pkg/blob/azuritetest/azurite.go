// Package azuritetest is for tests: it runs a real Azurite and puts blobs into it.
package azuritetest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	azb "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"wave365/pkg/blob/blobtest"
)

// azuriteVersion is the one that runs on Node 20 and later.
const azuriteVersion = "3.35.0"

// Dir is where Azurite is looked for: $AZURITE_DIR, or .cache/wave365/azurite in the home folder.
func Dir() string {
	if dir := os.Getenv("AZURITE_DIR"); dir != "" {
		return dir
	}
	home, _ := os.UserHomeDir() // without one nothing will be found there, which is said
	return filepath.Join(home, ".cache", "wave365", "azurite")
}

// Start starts a real Azurite with an empty account and stops it when the test ends. It gives the account's
// endpoint. Where Azurite is not installed the test is skipped; with CI=true in the environment it fails.
func Start(t testing.TB) (root string) {
	t.Helper()
	main := filepath.Join(Dir(), "node_modules", "azurite", "dist", "src", "blob", "main.js")
	node, err := exec.LookPath("node")
	if _, statErr := os.Stat(main); err != nil || statErr != nil {
		const how = "Azurite is not installed: npm install --no-audit --no-fund --omit=dev --prefix %s azurite@%s (Node 20)"
		if os.Getenv("CI") == "true" {
			t.Fatalf(how, Dir(), azuriteVersion)
		}
		t.Skipf(how, Dir(), azuriteVersion)
	}
	cmd := exec.Command(node, main, "--blobHost", "127.0.0.1", "--blobPort", "0", "--skipApiVersionCheck",
		"--disableTelemetry", "--silent", "--location", t.TempDir())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("start Azurite: %v", err)
	}
	address := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		readAddress(out, address)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // ends only this process; it may have ended by itself
		<-read
		_ = cmd.Wait()
	})
	select {
	case at := <-address:
		if at == "" {
			t.Fatal("Azurite ended before it listened")
		}
		return at + "/" + blobtest.Account
	case <-time.After(time.Minute):
		t.Fatal("Azurite did not listen within a minute")
	}
	return ""
}

// readAddress sends the address that Azurite prints when it listens, "" when it ends without one, and reads on so that
// Azurite never waits for its reader.
func readAddress(out io.Reader, address chan<- string) {
	listens := regexp.MustCompile(`listens on (http://\S+:\d+)`)
	found := ""
	for lines := bufio.NewScanner(out); found == "" && lines.Scan(); {
		if m := listens.FindStringSubmatch(lines.Text()); m != nil {
			found = m[1]
		}
	}
	address <- found
	_, _ = io.Copy(io.Discard, out) // until it ends
}

// PutIn makes blobs in an Azurite, for [blobtest.Server.Put].
func PutIn(root string) func(t testing.TB, container string, b blobtest.Blob) {
	return func(t testing.TB, name string, b blobtest.Blob) {
		t.Helper()
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s/%s: %v", name, b.Name, err)
			}
		}
		c := blobtest.Server{Root: root}.AzureClient(t).NewContainerClient(name)
		if _, err := c.Create(ctx, nil); !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			must(err)
		}
		if b.Block {
			_, err := c.NewBlockBlobClient(b.Name).Upload(ctx, body(b.Head), nil)
			must(err)
		} else {
			pages := c.NewPageBlobClient(b.Name)
			_, err := pages.Create(ctx, b.Length, nil)
			must(err)
			for offset, data := range map[int64][]byte{0: b.Head, b.Length - int64(len(b.Tail)): b.Tail} {
				if len(data) > 0 {
					_, err := pages.UploadPages(ctx, body(data), azb.HTTPRange{Offset: offset, Count: int64(len(data))}, nil)
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

func body(data []byte) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader(data)) }
