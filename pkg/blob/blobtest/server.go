package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/blob"
	"wave365/pkg/cloud"
)

// Server is what the suite runs against.
type Server struct {
	// Root is the account's endpoint: http://127.0.0.1:PORT/devstoreaccount1.
	Root string
	// Logger gets what the client's pipeline logs; nil: nobody.
	Logger *slog.Logger

	containers *atomic.Int64
}

// client is a client of this project with the account's key.
func (s Server) client(t testing.TB) *blob.Client { return s.clientWith(t, Key, nil) }

// clientWith is one with another key, or with a sign-in.
func (s Server) clientWith(t testing.TB, key string, cred azcore.TokenCredential) *blob.Client {
	t.Helper()
	host, _, _ := strings.Cut(strings.TrimPrefix(s.Root, "http://"), "/")
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob", Root: "http://" + host, Logger: s.Logger})
	if err != nil {
		t.Fatal(err)
	}
	c, err := blob.New(blob.Config{Root: s.Root, Pipeline: p, SharedKey: key, Credential: cred})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// service is the ordinary Azure client.
func (s Server) service(t testing.TB) *service.Client {
	t.Helper()
	cred, err := service.NewSharedKeyCredential(Account, Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := service.NewClientWithSharedKeyCredential(s.Root, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// container makes an empty container of its own for the test.
func (s Server) container(t testing.TB) (*container.Client, string) {
	t.Helper()
	name := fmt.Sprintf("suite-%d", s.containers.Add(1))
	c := s.service(t).NewContainerClient(name)
	if _, err := c.Create(context.Background(), nil); err != nil {
		t.Fatalf("create container: %v", err)
	}
	return c, name
}

// disk makes a page blob of length bytes that begins with head and ends with tail; whole pages.
func disk(t testing.TB, c *container.Client, name string, length int64, head, tail []byte) *pageblob.Client {
	t.Helper()
	b := c.NewPageBlobClient(name)
	if _, err := b.Create(context.Background(), length, nil); err != nil {
		t.Fatalf("create page blob: %v", err)
	}
	write(t, b, 0, head)
	write(t, b, length-int64(len(tail)), tail)
	return b
}

func write(t testing.TB, b *pageblob.Client, offset int64, data []byte) {
	t.Helper()
	if len(data) == 0 {
		return
	}
	if _, err := b.UploadPages(context.Background(), body(data), pageblobRange(offset, int64(len(data))), nil); err != nil {
		t.Fatalf("write pages: %v", err)
	}
}

func body(data []byte) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader(data)) }

// pattern is n bytes that differ from page to page.
func pattern(n int, seed byte) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i) ^ byte(i>>9) ^ seed
	}
	return p
}

// wantCode fails unless err is an answer with that code of the service.
func wantCode(t testing.TB, err error, code bloberror.Code, status int) {
	t.Helper()
	answer, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		t.Fatalf("error = %v, want the service's %s", err, code)
	}
	if answer.ErrorCode != string(code) || answer.StatusCode != status {
		t.Errorf("service said %d %s, want %d %s", answer.StatusCode, answer.ErrorCode, status, code)
	}
}
