package signature_test

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/sandbox/blobapi/signature"
)

const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

var now = time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)

func account(t *testing.T) (signature.Account, *service.SharedKeyCredential) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := service.NewSharedKeyCredential("acct", key)
	if err != nil {
		t.Fatal(err)
	}
	return signature.Account{Name: "acct", Key: raw}, cred
}

// sign is a service SAS as Azure's client makes it, taken apart.
func sign(t *testing.T, change func(*sas.BlobSignatureValues)) url.Values {
	t.Helper()
	_, cred := account(t)
	v := sas.BlobSignatureValues{ContainerName: "vhds", BlobName: "a b/ü.vhd", Permissions: "r", Protocol: sas.ProtocolHTTPSandHTTP,
		StartTime: now.Add(-time.Hour), ExpiryTime: now.Add(time.Hour)}
	if change != nil {
		change(&v)
	}
	p, err := v.SignWithSharedKey(cred)
	if err != nil {
		t.Fatal(err)
	}
	q, err := url.ParseQuery(p.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func visit() signature.Visit {
	return signature.Visit{Container: "vhds", Blob: "a b/ü.vhd", Now: now, Scheme: "http"}
}

func TestServiceSAS(t *testing.T) {
	t.Parallel()
	a, _ := account(t)
	for _, tc := range []struct {
		name  string
		sign  func(*sas.BlobSignatureValues)
		query func(url.Values)
		visit func(*signature.Visit)
		want  signature.Problem
	}{
		{name: "Good"},
		{name: "AnotherBlob", visit: func(v *signature.Visit) { v.Blob = "b.vhd" }, want: signature.Forged},
		{name: "AnotherContainer", visit: func(v *signature.Visit) { v.Container = "other" }, want: signature.Forged},
		{name: "MoreRights", query: func(q url.Values) { q.Set("sp", "rw") }, want: signature.Forged},
		{name: "LaterEnd", query: func(q url.Values) { q.Set("se", "2030-01-01") }, want: signature.Forged},
		{name: "WiderResource", query: func(q url.Values) { q.Set("sr", "c") }, want: signature.Forged},
		{name: "NoSignature", query: func(q url.Values) { q.Del("sig") }, want: signature.Forged},
		{name: "OldVersion", query: func(q url.Values) { q.Set("sv", "2012-02-12") }, want: signature.Forged},
		{name: "UnknownResource", query: func(q url.Values) { q.Set("sr", "d") }, want: signature.Forged},
		{name: "AtItsEnd", visit: func(v *signature.Visit) { v.Now = now.Add(time.Hour) }, want: signature.Late},
		{name: "JustBeforeItsEnd", visit: func(v *signature.Visit) { v.Now = now.Add(time.Hour - time.Second) }},
		{name: "BeforeItsStart", visit: func(v *signature.Visit) { v.Now = now.Add(-2 * time.Hour) }, want: signature.Early},
		{name: "HTTPSOnly", sign: func(v *sas.BlobSignatureValues) { v.Protocol = sas.ProtocolHTTPS }, want: signature.Protocol},
		{name: "HTTPSOverHTTPS", sign: func(v *sas.BlobSignatureValues) { v.Protocol = sas.ProtocolHTTPS }, visit: func(v *signature.Visit) { v.Scheme = "https" }},
		{name: "FromElsewhere", sign: func(v *sas.BlobSignatureValues) { v.IPRange = sas.IPRange{Start: net.IPv4(10, 0, 0, 1)} },
			visit: func(v *signature.Visit) { v.Address = net.IPv4(10, 0, 0, 2) }, want: signature.Address},
		{name: "FromTheRange", sign: func(v *sas.BlobSignatureValues) {
			v.IPRange = sas.IPRange{Start: net.IPv4(10, 0, 0, 1), End: net.IPv4(10, 0, 0, 9)}
		}, visit: func(v *signature.Visit) { v.Address = net.IPv4(10, 0, 0, 2) }},
		{name: "Container", sign: func(v *sas.BlobSignatureValues) { v.BlobName = "" }},
		{name: "ContainerForAnyBlob", sign: func(v *sas.BlobSignatureValues) { v.BlobName = "" }, visit: func(v *signature.Visit) { v.Blob = "else.vhd" }},
		{name: "ResponseHeaders", sign: func(v *sas.BlobSignatureValues) { v.ContentType, v.CacheControl = "text/plain", "no-store" }},
		{name: "Scope", sign: func(v *sas.BlobSignatureValues) { v.EncryptionScope = "scope" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, v := sign(t, tc.sign), visit()
			if tc.query != nil {
				tc.query(q)
			}
			if tc.visit != nil {
				tc.visit(&v)
			}
			g, problem := a.SAS(q, v)
			if problem != tc.want {
				t.Errorf("problem = %q, want %q", problem, tc.want)
			}
			if problem == "" && g.Permissions != "r" {
				t.Errorf("grant = %+v", g)
			}
		})
	}
}

// A signature for a whole account is none that is known here.
func TestAccountSAS(t *testing.T) {
	t.Parallel()
	a, cred := account(t)
	p, err := sas.AccountSignatureValues{Permissions: "rl", ResourceTypes: "sco", ExpiryTime: now.Add(time.Hour), Protocol: sas.ProtocolHTTPSandHTTP}.SignWithSharedKey(cred)
	if err != nil {
		t.Fatal(err)
	}
	q, err := url.ParseQuery(p.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if _, problem := a.SAS(q, signature.Visit{Now: now, Scheme: "http"}); problem != signature.Forged {
		t.Errorf("problem = %q", problem)
	}
}

// delegated answers Azure's client with a delegation key of the account.
type delegated struct {
	signature.Account
	key signature.Delegation
}

// Do answers.
func (d delegated) Do(r *http.Request) (*http.Response, error) {
	k := d.key
	body := "<UserDelegationKey><SignedOid>" + k.ObjectID + "</SignedOid><SignedTid>" + k.TenantID + "</SignedTid><SignedStart>" + k.Start +
		"</SignedStart><SignedExpiry>" + k.Expiry + "</SignedExpiry><SignedService>" + k.Service + "</SignedService><SignedVersion>" + k.Version +
		"</SignedVersion><Value>" + base64.StdEncoding.EncodeToString(d.DelegationKey(k)) + "</Value></UserDelegationKey>"
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestUserDelegationSAS(t *testing.T) {
	t.Parallel()
	a, _ := account(t)
	key := signature.Delegation{ObjectID: "11111111-2222-3333-4444-555555555555", TenantID: "66666666-2222-3333-4444-555555555555",
		Start: now.Add(-30 * time.Minute).Format(time.RFC3339), Expiry: now.Add(2 * time.Hour).Format(time.RFC3339), Service: "b", Version: "2026-02-06"}
	options := service.ClientOptions{}
	options.Transport = delegated{a, key}
	s, err := service.NewClientWithNoCredential("https://acct.blob.core.windows.net", &options)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := s.GetUserDelegationCredential(t.Context(), service.KeyInfo{Start: &key.Start, Expiry: &key.Expiry}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Only what Azure's client can be told to write; each version has its own lines.
	p, err := sas.BlobSignatureValues{ContainerName: "vhds", BlobName: "a b/ü.vhd", Permissions: "r", StartTime: now.Add(-time.Hour),
		ExpiryTime: now.Add(24 * time.Hour), Protocol: sas.ProtocolHTTPSandHTTP, CorrelationID: "77777777-2222-3333-4444-555555555555"}.SignWithUserDelegation(cred)
	if err != nil {
		t.Fatal(err)
	}
	q, err := url.ParseQuery(p.Encode())
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]signature.Problem{
		0: "", 119 * time.Minute: "", 2 * time.Hour: signature.Late, -40 * time.Minute: signature.Early,
	} {
		v := visit()
		v.Now = now.Add(at)
		if g, problem := a.SAS(q, v); problem != want {
			t.Errorf("%v from now: %+v, %q, want %q: the key's life counts too", at, g, problem, want)
		}
	}
	q.Set("ske", now.Add(7*24*time.Hour).Format(time.RFC3339))
	if _, problem := a.SAS(q, visit()); problem != signature.Forged {
		t.Errorf("a key that was given a longer life: %q", problem)
	}
}

func TestSharedKey(t *testing.T) {
	t.Parallel()
	a, _ := account(t)
	for _, tc := range []struct {
		name   string
		change func(*http.Request)
		want   bool
	}{
		{"Untouched", func(*http.Request) {}, true},
		{"OtherMethod", func(r *http.Request) { r.Method = http.MethodDelete }, false},
		{"OtherPath", func(r *http.Request) { r.URL.Path += "x" }, false},
		{"OtherQuery", func(r *http.Request) { r.URL.RawQuery = "comp=tier" }, false},
		{"OtherRange", func(r *http.Request) { r.Header.Set("Range", "bytes=0-1") }, false},
		{"OtherHeader", func(r *http.Request) { r.Header.Set("x-ms-lease-id", "1") }, false},
		{"OtherAccount", func(r *http.Request) {
			r.Header.Set("Authorization", "SharedKey other:"+r.Header.Get("Authorization")[len("SharedKey acct:"):])
		}, false},
		{"NoSignature", func(r *http.Request) { r.Header.Set("Authorization", "SharedKey acct") }, false},
	} {
		r := signedRequest(t)
		tc.change(r)
		if got := a.SharedKey(r); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

type capture struct{ req *http.Request }

// Do keeps the request that Azure's client signed.
func (c *capture) Do(r *http.Request) (*http.Response, error) {
	c.req = r
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func signedRequest(t *testing.T) *http.Request {
	t.Helper()
	_, cred := account(t)
	var c capture
	options := service.ClientOptions{}
	options.Transport = &c
	s, err := service.NewClientWithSharedKeyCredential("http://127.0.0.1:1/acct", cred, &options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewContainerClient("vhds").NewBlobClient("a b/ü.vhd").GetProperties(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	arrived := http.Header{} // as a server sees the names
	for name, values := range c.req.Header {
		arrived[http.CanonicalHeaderKey(name)] = values
	}
	c.req.Header = arrived
	return c.req
}

func TestDelegationKeysDiffer(t *testing.T) {
	t.Parallel()
	a, _ := account(t)
	d := signature.Delegation{ObjectID: "o", TenantID: "t", Start: "s", Expiry: "e", Service: "b", Version: "v"}
	first := string(a.DelegationKey(d))
	if first != string(a.DelegationKey(d)) {
		t.Error("the same name gives another key")
	}
	d.Expiry = "f"
	if first == string(a.DelegationKey(d)) {
		t.Error("a longer life gives the same key")
	}
}
