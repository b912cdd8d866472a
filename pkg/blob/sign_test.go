package blob_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/google/go-cmp/cmp"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
)

// keyServer answers the request for a delegation key, and nothing else, without a network.
type keyServer struct{ start, expiry string }

// Do answers.
func (k keyServer) Do(req *http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>11111111-2222-3333-4444-555555555555</SignedOid>`+
		`<SignedTid>66666666-2222-3333-4444-555555555555</SignedTid><SignedStart>%s</SignedStart><SignedExpiry>%s</SignedExpiry>`+
		`<SignedService>b</SignedService><SignedVersion>2026-02-06</SignedVersion><Value>a2V5IGtleSBrZXkga2V5IGtleSBrZXkga2V5IGtleSE=</Value></UserDelegationKey>`, k.start, k.expiry)
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// The signature of a user delegation is our own work, because Azure's client cannot make it for accounts whose name is
// in the path. Where it can, it makes the same.
func TestUserDelegationSignsAsAzuresClientDoes(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	server := keyServer{now.Add(-time.Hour).Format(time.RFC3339), now.Add(6 * 24 * time.Hour).Format(time.RFC3339)}
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob", Root: azure, Transport: server})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := blob.New(blob.Config{Root: azure, Pipeline: p, Credential: signin.SandboxCredential()})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := service.NewClient(azure, signin.SandboxCredential(), &service.ClientOptions{ClientOptions: policy.ClientOptions{Transport: server}})
	if err != nil {
		t.Fatal(err)
	}
	expiry := now.Add(time.Hour).Format(sas.TimeFormat)
	cred, err := theirs.GetUserDelegationCredential(t.Context(), service.KeyInfo{Start: &server.start, Expiry: &expiry}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.vhd", "w 1/ü+%.vhd"} {
		r := bloburl.Ref{Root: azure, Container: "vhds", Name: name}
		signed, err := ours.SignRead(t.Context(), r, now, now.Add(48*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		want, err := sas.BlobSignatureValues{
			ContainerName: "vhds", BlobName: name, Permissions: "r", Protocol: sas.ProtocolHTTPS,
			StartTime: now.Add(-15 * time.Minute), ExpiryTime: now.Add(48 * time.Hour),
		}.SignWithUserDelegation(cred)
		if err != nil {
			t.Fatal(err)
		}
		_, query, _ := strings.Cut(signed, "?")
		if diff := cmp.Diff(values(t, want.Encode()), values(t, query)); diff != "" {
			t.Errorf("%s (-theirs +ours):\n%s", name, diff)
		}
		if strings.Contains(signed, "skdutid") {
			t.Error("empty parts are left out")
		}
	}
}

func values(t *testing.T, query string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
