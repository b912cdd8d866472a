package blobtest

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/blob"
	"wave365/pkg/cloud"
)

// The account that Azurite and the sandbox share, with its published key.
const (
	Account = "devstoreaccount1"
	Key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Server is what the suite runs against.
type Server struct {
	// Root is the account's endpoint: http://127.0.0.1:PORT/devstoreaccount1.
	Root string
	// Put makes a blob, with its container if need be, in whatever way the server has for that.
	Put func(t testing.TB, container string, b Blob)
	// Logger gets what the client's pipeline logs; nil: nobody.
	Logger *slog.Logger

	containers *atomic.Int64
}

// Blob is one that [Server.Put] makes: Length bytes that begin with Head and end with Tail, zeros between them. It is a page
// blob of whole pages, or with Block a block blob.
type Blob struct {
	Name       string
	Length     int64
	Head, Tail []byte
	Block      bool
	// Leased: by somebody, for ever. Archived: moved to the archive.
	Leased, Archived bool
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

// AzureClient is the ordinary Azure client.
func (s Server) AzureClient(t testing.TB) *service.Client {
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

// container names a container of its own for the test.
func (s Server) container() string { return fmt.Sprintf("suite-%d", s.containers.Add(1)) }

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
