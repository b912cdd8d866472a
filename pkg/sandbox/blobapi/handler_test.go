package blobapi_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/blobstore"
	"wave365/pkg/sandbox/scenario"
)

const gib = 1 << 30

var evening = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// account is a store behind its handler, at a time that the test moves.
type account struct {
	*testing.T
	store *blobapi.Account
	h     http.Handler
	now   atomic.Pointer[time.Time]
}

func newAccount(t *testing.T, blobs ...scenario.Blob) *account {
	t.Helper()
	a := &account{T: t, store: blobapi.NewAccount("", "")}
	a.at(evening)
	for _, b := range blobs {
		d, err := blobstore.DiskOf(b)
		if err == nil {
			err = a.store.Put(d)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	a.h = a.store.Handler(func() time.Time { return *a.now.Load() })
	return a
}

func (a *account) at(t time.Time) { a.now.Store(&t) }

// do sends a request as somebody who is signed in; headers are name: value lines.
func (a *account) do(method, path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	a.Helper()
	return a.send(method, path, body, append(headers, "Authorization: Bearer token")...)
}

func (a *account) send(method, path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	a.Helper()
	r := httptest.NewRequest(method, "/devstoreaccount1"+path, bytes.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, r)
	return w
}

// want checks status and code, and that the body says the same.
func (a *account) want(w *httptest.ResponseRecorder, status int, code string) {
	a.Helper()
	if w.Code != status || w.Header().Get("x-ms-error-code") != code {
		a.Errorf("answer = %d %q, want %d %q: %s", w.Code, w.Header().Get("x-ms-error-code"), status, code, w.Body)
	}
	if w.Header().Get("x-ms-request-id") == "" || w.Header().Get("x-ms-version") == "" {
		a.Error("the answer has no request id or version")
	}
	if code == "" || w.Body.Len() == 0 {
		return
	}
	var e struct{ Code, Message string }
	if err := xml.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code != code || !strings.Contains(e.Message, "RequestId:") {
		a.Errorf("error body %s, %v", w.Body, err)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	a := newAccount(t, scenario.Blob{Path: "vhds/a.vhd", Bytes: 1 << 20})
	const length = 1<<20 + 512
	for _, tc := range []struct {
		header       string
		status       int
		contentRange string
		n            int
	}{
		{"x-ms-range: bytes=0-511", 206, "bytes 0-511/1049088", 512},
		{"Range: bytes=1048576-", 206, "bytes 1048576-1049087/1049088", 512},
		{"Range: bytes=1049000-2000000", 206, "bytes 1049000-1049087/1049088", 88},
		// No range to the service: it sends everything.
		{"Range: bytes=-512", 200, "", length},
		{"Range: bytes=9-1", 200, "", length},
		{"Range: lines=1-2", 200, "", length},
		{"Accept: */*", 200, "", length},
	} {
		w := a.do("GET", "/vhds/a.vhd", nil, tc.header)
		if w.Code != tc.status || w.Header().Get("Content-Range") != tc.contentRange || w.Body.Len() != tc.n || w.Header().Get("Content-Length") != fmt.Sprint(tc.n) {
			t.Errorf("%s: %d %q, %d bytes", tc.header, w.Code, w.Header().Get("Content-Range"), w.Body.Len())
		}
	}
	a.want(a.do("GET", "/vhds/a.vhd", nil, "x-ms-range: bytes=1049088-"), 416, "InvalidRange")
	w := a.do("HEAD", "/vhds/a.vhd", nil)
	if w.Header().Get("Content-Length") != fmt.Sprint(length) || w.Body.Len() != 0 || w.Header().Get("x-ms-blob-type") != "PageBlob" {
		t.Errorf("HEAD: %v", w.Header())
	}
	w = a.do("GET", "/vhds/a.vhd", nil, "x-ms-range: bytes=1048576-1048583")
	if w.Body.String() != "conectix" {
		t.Errorf("the footer begins with %q", w.Body)
	}
}

func TestErrorsCarryAzuresCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t,
		scenario.Blob{Path: "vhds/a.vhd", GiB: 1}, scenario.Blob{Path: "vhds/forbidden.vhd", GiB: 1, Fault: "forbidden"},
		scenario.Blob{Path: "vhds/archived.vhd", GiB: 1, Fault: "archived"}, scenario.Blob{Path: "vhds/leased.vhd", GiB: 1, Fault: "leased"},
		scenario.Blob{Path: "vhds/block.vhd", GiB: 1, Kind: "block-blob"})
	for _, tc := range []struct {
		request string
		headers []string
		body    []byte
		status  int
		code    string
	}{
		{"GET /vhds/none.vhd", nil, nil, 404, "BlobNotFound"},
		{"GET /none/a.vhd", nil, nil, 404, "ContainerNotFound"},
		{"HEAD /none/a.vhd", nil, nil, 404, "ContainerNotFound"},
		{"GET /none?restype=container&comp=list", nil, nil, 404, "ContainerNotFound"},
		{"GET /vhds?restype=container&comp=list&maxresults=x", nil, nil, 400, "InvalidQueryParameterValue"},
		{"GET /vhds/forbidden.vhd", nil, nil, 403, "AuthorizationPermissionMismatch"},
		{"HEAD /vhds/forbidden.vhd", nil, nil, 403, "AuthorizationPermissionMismatch"},
		{"GET /vhds/archived.vhd", nil, nil, 409, "BlobArchived"},
		{"HEAD /vhds/archived.vhd", nil, nil, 200, ""},
		{"GET /vhds/a.vhd", []string{`If-Match: "0x1"`}, nil, 412, "ConditionNotMet"},
		{"GET /vhds/a.vhd", []string{"If-None-Match: *"}, nil, 501, "NotImplemented"},
		{"GET /vhds/a.vhd", []string{"If-Modified-Since: Wed, 01 Jan 2031 00:00:00 GMT"}, nil, 501, "NotImplemented"},
		{"GET /vhds/a.vhd", []string{"If-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT"}, nil, 501, "NotImplemented"},
		{"DELETE /vhds/leased.vhd", nil, nil, 412, "LeaseIdMissing"},
		{"DELETE /vhds/none.vhd", nil, nil, 404, "BlobNotFound"},
		{"DELETE /vhds/a.vhd", []string{`If-Match: "0x1"`}, nil, 412, "ConditionNotMet"},
		{"DELETE /vhds/a.vhd", []string{"If-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT"}, nil, 501, "NotImplemented"},
		{"POST /?restype=service&comp=userdelegationkey", nil, []byte("<KeyInfo>"), 400, "InvalidXmlDocument"},
		{"POST /?restype=service&comp=userdelegationkey", nil, []byte("<KeyInfo><Expiry>2026-11-30T00:00:00Z</Expiry></KeyInfo>"), 400, "InvalidXmlNodeValue"},
	} {
		method, path, _ := strings.Cut(tc.request, " ")
		t.Run(tc.request, func(t *testing.T) {
			b := account{T: t, store: a.store, h: a.h}
			b.want(b.do(method, path, tc.body, tc.headers...), tc.status, tc.code)
		})
	}
}

func TestUnknownRequestsAreNamed(t *testing.T) {
	t.Parallel()
	a := newAccount(t, scenario.Blob{Path: "vhds/a.vhd", GiB: 1})
	for request, name := range map[string]string{
		"PUT /vhds/a.vhd?comp=undelete&sig=secretsecret": "PUT /devstoreaccount1/vhds/a.vhd?comp=undelete",
		"PUT /vhds?restype=container&comp=acl":           "PUT /devstoreaccount1/vhds?restype=container&amp;comp=acl",
		"GET /?comp=stats&restype=service":               "GET /devstoreaccount1/?restype=service&amp;comp=stats",
		"PATCH /vhds/a.vhd":                              "PATCH /devstoreaccount1/vhds/a.vhd",
		"PUT /vhds/b.vhd":                                "PUT /devstoreaccount1/vhds/b.vhd",
		"DELETE /vhds?restype=container":                 "DELETE /devstoreaccount1/vhds?restype=container",
		"GET /?comp=list":                                "GET /devstoreaccount1/?comp=list",
		"GET /vhds/a.vhd?snapshot=2026-01-01T00:00:00Z":  "GET /devstoreaccount1/vhds/a.vhd",
	} {
		method, path, _ := strings.Cut(request, " ")
		w := a.do(method, path, nil)
		a.want(w, 501, "NotImplemented")
		if !strings.Contains(w.Body.String(), name) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %s", request, w.Body)
		}
	}
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, httptest.NewRequest("GET", "/otheraccount/vhds/a.vhd", nil))
	a.want(w, 400, "InvalidUri")
}

func TestAnswersNameTheRequest(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	one := a.do("GET", "/vhds?restype=container&comp=list", nil, "x-ms-client-request-id: op-1", "x-ms-version: 2021-08-06")
	two := a.do("GET", "/vhds?restype=container&comp=list", nil)
	if one.Header().Get("x-ms-client-request-id") != "op-1" || one.Header().Get("x-ms-version") != "2021-08-06" {
		t.Errorf("headers = %v", one.Header())
	}
	if one.Header().Get("x-ms-request-id") == two.Header().Get("x-ms-request-id") || two.Header().Get("Date") != "Fri, 20 Nov 2026 18:00:00 GMT" {
		t.Errorf("headers = %v", two.Header())
	}
}

// query signs for the blob vhds/a.vhd as Azure's client does.
func query(t *testing.T, change func(*sas.BlobSignatureValues)) string {
	t.Helper()
	cred, err := service.NewSharedKeyCredential(blobapi.DevelopmentAccount, blobapi.DevelopmentKey)
	if err != nil {
		t.Fatal(err)
	}
	v := sas.BlobSignatureValues{ContainerName: "vhds", BlobName: "a.vhd", Permissions: "r", Protocol: sas.ProtocolHTTPSandHTTP, ExpiryTime: evening.Add(time.Hour)}
	if change != nil {
		change(&v)
	}
	q, err := v.SignWithSharedKey(cred)
	if err != nil {
		t.Fatal(err)
	}
	return q.Encode()
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	a := newAccount(t, scenario.Blob{Path: "vhds/a.vhd", GiB: 1}, scenario.Blob{Path: "vhds/b.vhd", GiB: 1})
	read := query(t, nil)
	container := query(t, func(v *sas.BlobSignatureValues) { v.BlobName, v.Permissions = "", "rl" })
	write := query(t, func(v *sas.BlobSignatureValues) { v.Permissions = "w" })
	https := query(t, func(v *sas.BlobSignatureValues) { v.Protocol = sas.ProtocolHTTPS })
	for _, tc := range []struct {
		name, request string
		headers       []string
		status        int
		code          string
	}{
		{"Nobody", "HEAD /vhds/a.vhd", nil, 401, "NoAuthenticationInformation"},
		{"NoScheme", "HEAD /vhds/a.vhd", []string{"Authorization: Basic abc"}, 400, "InvalidAuthenticationInfo"},
		{"EmptyToken", "HEAD /vhds/a.vhd", []string{"Authorization: Bearer "}, 400, "InvalidAuthenticationInfo"},
		{"ForgedKey", "HEAD /vhds/a.vhd", []string{"Authorization: SharedKey devstoreaccount1:AAAA"}, 403, "AuthenticationFailed"},
		{"ReadSAS", "HEAD /vhds/a.vhd?" + read, nil, 200, ""},
		{"ReadSASElsewhere", "HEAD /vhds/b.vhd?" + read, nil, 403, "AuthenticationFailed"},
		{"ReadSASDeletes", "DELETE /vhds/a.vhd?" + read, nil, 403, "AuthorizationPermissionMismatch"},
		{"ReadSASLists", "GET /vhds?restype=container&comp=list&" + read, nil, 403, "AuthenticationFailed"},
		{"WriteSASReads", "HEAD /vhds/a.vhd?" + write, nil, 403, "AuthorizationPermissionMismatch"},
		{"ContainerSASReads", "HEAD /vhds/b.vhd?" + container, nil, 200, ""},
		{"ContainerSASLists", "GET /vhds?restype=container&comp=list&" + container, nil, 200, ""},
		{"HTTPSOnly", "HEAD /vhds/a.vhd?" + https, nil, 403, "AuthorizationProtocolMismatch"},
		{"KeyForASAS", "POST /?restype=service&comp=userdelegationkey&" + read, nil, 403, "AuthenticationFailed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := account{T: t, store: a.store, h: a.h}
			method, path, _ := strings.Cut(tc.request, " ")
			b.want(b.send(method, path, nil, tc.headers...), tc.status, tc.code)
		})
	}
	a.at(evening.Add(time.Hour))
	a.want(a.send("HEAD", "/vhds/a.vhd?"+read, nil), 403, "AuthenticationFailed")
}

func TestCheckReadSAS(t *testing.T) {
	t.Parallel()
	a := newAccount(t, scenario.Blob{Path: "vhds/a.vhd", GiB: 1}, scenario.Blob{Path: "vhds/archived.vhd", GiB: 1, Fault: "archived"},
		scenario.Blob{Path: "vhds/copying.vhd", GiB: 1, Fault: "copy-pending"}, scenario.Blob{Path: "vhds/forbidden.vhd", GiB: 1, Fault: "forbidden"})
	named := func(name string) string { return query(t, func(v *sas.BlobSignatureValues) { v.BlobName = name }) }
	const root = "http://127.0.0.1:1/devstoreaccount1"
	for _, tc := range []struct {
		name, url string
		kind      fault.Kind
	}{
		{"Good", root + "/vhds/a.vhd?" + query(t, nil), ""},
		{"ElsewhereOnTheNet", "https://contoso.blob.core.windows.net/devstoreaccount1/vhds/a.vhd?" + query(t, nil), fault.Invalid},
		{"OtherAccount", "http://127.0.0.1:1/other/vhds/a.vhd?" + query(t, nil), fault.Invalid},
		{"Container", root + "/vhds?" + query(t, nil), fault.Invalid},
		{"Unsigned", root + "/vhds/a.vhd", fault.Denied},
		{"WriteOnly", root + "/vhds/a.vhd?" + query(t, func(v *sas.BlobSignatureValues) { v.Permissions = "w" }), fault.Denied},
		{"Expired", root + "/vhds/a.vhd?" + query(t, func(v *sas.BlobSignatureValues) { v.ExpiryTime = evening }), fault.Denied},
		{"Missing", root + "/vhds/none.vhd?" + named("none.vhd"), fault.NotFound},
		{"Archived", root + "/vhds/archived.vhd?" + named("archived.vhd"), fault.Conflict},
		{"Copying", root + "/vhds/copying.vhd?" + named("copying.vhd"), fault.Conflict},
		{"Forbidden", root + "/vhds/forbidden.vhd?" + named("forbidden.vhd"), fault.Denied},
	} {
		u, err := url.Parse(tc.url)
		if err != nil {
			t.Fatal(err)
		}
		b, err := a.store.CheckReadSAS(u, evening)
		if fault.KindOf(err) != tc.kind {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err == nil && b.Length != gib+512 {
			t.Errorf("%s: %d bytes", tc.name, b.Length)
		}
		if err != nil && strings.Contains(err.Error(), "sig=") {
			t.Errorf("%s: the signature shows in %v", tc.name, err)
		}
	}
}

// A deletion under a condition: the version that was looked at goes, another one stays.
func TestDelete(t *testing.T) {
	t.Parallel()
	a := newAccount(t, scenario.Blob{Path: "vhds/a.vhd", GiB: 1}, scenario.Blob{Path: "vhds/b.vhd", GiB: 1})
	seen := "If-Match: " + a.do("HEAD", "/vhds/a.vhd", nil).Header().Get("ETag")
	if !a.store.Touch("vhds", "a.vhd", evening) || a.store.Touch("vhds", "none.vhd", evening) {
		t.Error("touched what is not there, or not what is")
	}
	a.want(a.do("DELETE", "/vhds/a.vhd", nil, seen), 412, "ConditionNotMet")
	now := a.do("HEAD", "/vhds/a.vhd", nil).Header()
	if "If-Match: "+now.Get("ETag") == seen || now.Get("Last-Modified") != evening.Format(http.TimeFormat) {
		t.Errorf("somebody wrote to it: %v", now)
	}
	a.want(a.do("DELETE", "/vhds/a.vhd", nil, "If-Match: "+now.Get("ETag")), 202, "")
	a.want(a.do("DELETE", "/vhds/a.vhd", nil), 404, "BlobNotFound")
	if body := a.do("GET", "/vhds?restype=container&comp=list", nil).Body.String(); strings.Contains(body, "a.vhd") || !strings.Contains(body, "b.vhd") {
		t.Errorf("left: %s", body)
	}
}

func TestFaultsShowInTheListing(t *testing.T) {
	t.Parallel()
	a := newAccount(t, scenario.Blob{Path: "vhds/leased.vhd", GiB: 1, Fault: "leased"}, scenario.Blob{Path: "vhds/copying.vhd", GiB: 1, Fault: "copy-pending"},
		scenario.Blob{Path: "vhds/old.vhd", GiB: 1, Fault: "archived"}, scenario.Blob{Path: "vhds/none.vhd", Kind: "empty"}, scenario.Blob{Path: "vhds/b &%\x01.vhd", GiB: 1, Kind: "block-blob"})
	body := a.do("GET", "/vhds?restype=container&comp=list&include=copy", nil).Body.String()
	for _, want := range []string{
		"<Name>leased.vhd</Name>", "<LeaseState>leased</LeaseState><LeaseDuration>infinite</LeaseDuration>", "<CopyStatus>pending</CopyStatus>",
		"<AccessTier>Archive</AccessTier>", "<Content-Length>0</Content-Length>", "<BlobType>BlockBlob</BlobType>", `<Name Encoded="true">b%20&amp;%25%01.vhd</Name>`, "<NextMarker />",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
	if body := a.do("GET", "/vhds?restype=container&comp=list", nil).Body.String(); strings.Contains(body, "CopyStatus") {
		t.Error("copies show without being asked for")
	}
}

// A whole disk can be asked for; it is sent piece by piece until the caller has enough.
func TestAWholeDiskIsStreamed(t *testing.T) {
	t.Parallel()
	a := newAccount(t, scenario.Blob{Path: "vhds/a.vhd", GiB: 1024})
	srv := httptest.NewServer(a.h)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/devstoreaccount1/vhds/a.vhd", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer x")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.ContentLength != 1024*gib+512 {
		t.Errorf("length %d", resp.ContentLength)
	}
	if n, err := io.CopyN(io.Discard, resp.Body, 8<<20); err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
}
