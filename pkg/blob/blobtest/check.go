package blobtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azb "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/blob/bloburl"
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
	cred, err := service.NewSharedKeyCredential(Account, Key)
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
