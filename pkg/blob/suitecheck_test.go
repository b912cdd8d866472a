package blob_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azb "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/blob"
	"wave365/pkg/blob/blobtest"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
)

func ref(t testing.TB, text, root string) bloburl.Ref {
	t.Helper()
	r, err := bloburl.Parse(text, root)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return r
}

// wantFault fails unless err is a fault of that kind and code, and gives it.
func wantFault(t testing.TB, err error, kind fault.Kind, code string) *fault.Fault {
	t.Helper()
	f := fault.As(err)
	if f == nil {
		t.Fatalf("error = %v, want a fault %s %s", err, kind, code)
	}
	if f.Kind != kind || f.Code != code || f.Hint == "" {
		t.Errorf("fault = %s %q (%s), hint %q; want %s %q and a hint", f.Kind, f.Code, f.Msg, f.Hint, kind, code)
	}
	return f
}

// noQuery fails when any part of the reference's signature can be found in the fault or in what printing shows.
func noQuery(t testing.TB, name string, f *fault.Fault, r bloburl.Ref) {
	t.Helper()
	sig := url.QueryEscape(signatureOf(r))
	asJSON, _ := json.Marshal(struct {
		F *fault.Fault
		R bloburl.Ref
	}{f, r}) // faults and references can be marshalled
	for _, text := range []string{f.Error(), fmt.Sprintf("%+v %#v", f.Remote, f.Err), fmt.Sprintf("%v %+v %#v %s", r, r, r, r), string(asJSON)} {
		for _, secret := range []string{sig, signatureOf(r), "sig="} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: the signature shows in %s", name, text)
			}
		}
	}
}

func signatureOf(r bloburl.Ref) string {
	q, _ := url.ParseQuery(r.SAS().Query()) // it was parsed before
	return q.Get("sig")
}

func accountKey(t testing.TB) *service.SharedKeyCredential {
	t.Helper()
	cred, err := service.NewSharedKeyCredential(blobtest.Account, blobtest.Key)
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

// signBlob gives the query of a service SAS; an empty name: for the container.
func signBlob(t testing.TB, container, name, permissions string, from, to time.Time) string {
	t.Helper()
	q, err := sas.BlobSignatureValues{
		ContainerName: container, BlobName: name, Permissions: permissions,
		StartTime: from.UTC(), ExpiryTime: to.UTC(), Protocol: sas.ProtocolHTTPSandHTTP,
	}.SignWithSharedKey(accountKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return q.Encode()
}

// forge changes one bit of a signature.
func forge(t testing.TB, query string) string {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(q.Get("sig"))
	if err != nil {
		t.Fatal(err)
	}
	raw[0] ^= 1
	q.Set("sig", base64.StdEncoding.EncodeToString(raw))
	return q.Encode()
}

func ifMatch(tag azcore.ETag) *azb.AccessConditions {
	return &azb.AccessConditions{ModifiedAccessConditions: &azb.ModifiedAccessConditions{IfMatch: &tag}}
}

// server is what the suite runs against.
type server struct {
	// root is the account's endpoint: http://127.0.0.1:PORT/devstoreaccount1.
	root string
	// put makes a blob, with its container if need be, in whatever way the server has for that.
	put        func(t testing.TB, container string, b testBlob)
	containers *atomic.Int64
}

// testBlob is one that a server makes: Length bytes that begin with Head and end with Tail, zeros between them. It is a page
// blob of whole pages, or with Block a block blob.
type testBlob struct {
	Name       string
	Length     int64
	Head, Tail []byte
	Block      bool
	// Leased: by somebody, for ever. Archived: moved to the archive.
	Leased, Archived bool
}

// client is a client of this project with the account's key.
func (s server) client(t testing.TB) *blob.Client { return s.clientWith(t, blobtest.Key) }

// clientWith is one with another key.
func (s server) clientWith(t testing.TB, key string) *blob.Client {
	t.Helper()
	host, _, _ := strings.Cut(strings.TrimPrefix(s.root, "http://"), "/")
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob", Root: "http://" + host})
	if err != nil {
		t.Fatal(err)
	}
	c, err := blob.New(blob.Config{Root: s.root, Pipeline: p, SharedKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// azure is the ordinary Azure client.
func (s server) azure(t testing.TB) *service.Client { return blobtest.AzureClient(t, s.root) }

// container names a container of its own for the test.
func (s server) container() string { return fmt.Sprintf("suite-%d", s.containers.Add(1)) }

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
