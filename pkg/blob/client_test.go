package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/blob"
	"wave365/pkg/blob/blobtest"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/blobstore"
)

// bench is a client and what it talks to.
type bench struct {
	client *blob.Client
	root   string
	log    *bytes.Buffer
}

type option func(*cloud.PipelineConfig, *blob.Config)

// withToken signs in in place of using the account's key.
func withToken(c azcore.TokenCredential) option {
	return func(_ *cloud.PipelineConfig, b *blob.Config) { b.SharedKey, b.Credential = "", c }
}

// connect makes a client for the account that h serves, with a log at debug level.
func connect(t testing.TB, h http.Handler, options ...option) bench {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	var log bytes.Buffer
	// A fast clock makes the waits between tries short.
	clock := cloud.FastClock(time.Now(), time.Now(), 1000)
	p := cloud.PipelineConfig{Service: "blob", Root: srv.URL, Clock: clock, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	b := blob.Config{Root: srv.URL + "/" + blobtest.Account, SharedKey: blobtest.Key, Clock: clock}
	for _, o := range options {
		o(&p, &b)
	}
	var err error
	if b.Pipeline, err = cloud.NewPipeline(p); err != nil {
		t.Fatal(err)
	}
	c, err := blob.New(b)
	if err != nil {
		t.Fatal(err)
	}
	return bench{c, b.Root, &log}
}

func mustRef(t testing.TB, text, root string) bloburl.Ref {
	t.Helper()
	r, err := bloburl.Parse(text, root)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Without a sign-in and without a key only blobs that bring their own signature are asked for.
func TestStranger(t *testing.T) {
	t.Parallel()
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob", NoToken: true})
	if err != nil {
		t.Fatal(err)
	}
	c, err := blob.New(blob.Config{Root: "https://other.example/acct", Account: "acct", Pipeline: p})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := bloburl.Parse("disks/a.vhd", c.Root())
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := c.Properties(t.Context(), ref)
	_, err2 := c.List(t.Context(), "disks", "")
	_, err3 := c.SignRead(t.Context(), ref, time.Time{}, time.Now().Add(time.Hour))
	for _, err := range []error{err1, err2, err3} {
		if fault.CodeOf(err) != "blob.forbidden" || !strings.Contains(fault.HintOf(err), "WAVE365_STORAGE_KEY") {
			t.Error(err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob"})
	if err != nil {
		t.Fatal(err)
	}
	good := blob.Config{Root: azure, Pipeline: p, SharedKey: blobtest.Key}
	for name, change := range map[string]func(*blob.Config){
		"NoRoot":          func(c *blob.Config) { c.Root = "" },
		"NoScheme":        func(c *blob.Config) { c.Root = "contoso.blob.core.windows.net" },
		"PlainHTTP":       func(c *blob.Config) { c.Root = "http://contoso.blob.core.windows.net" },
		"SASInRoot":       func(c *blob.Config) { c.Root = azure + "?" + query },
		"NoPipeline":      func(c *blob.Config) { c.Pipeline = nil },
		"TwoSignIns":      func(c *blob.Config) { c.Credential = signin.SandboxCredential() },
		"KeyNotBase64":    func(c *blob.Config) { c.SharedKey = "S3cr3tS3cr3t!" },
		"NoAccountInPath": func(c *blob.Config) { c.Root = "http://127.0.0.1:10000" },
	} {
		cfg := good
		change(&cfg)
		_, err := blob.New(cfg)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		} else {
			noSecret(t, err.Error())
		}
	}
	c, err := blob.New(good)
	if err != nil || c.Account() != "contoso" || c.Root() != azure {
		t.Errorf("client = %v, %v", c, err)
	}
}

func TestOtherAccountIsRefusedBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	b := connect(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	r := mustRef(t, "https://other.blob.core.windows.net/vhds/a.vhd", b.root)
	_, err := b.client.Properties(t.Context(), r)
	_, err2 := b.client.Read(t.Context(), r, 0, 1)
	_, err3 := b.client.SignRead(t.Context(), r, time.Time{}, time.Now().Add(time.Hour))
	for _, err := range []error{err, err2, err3} {
		if f := fault.As(err); f == nil || f.Code != "blob.wrong-host" || f.Kind != fault.Invalid {
			t.Errorf("fault = %+v", f)
		}
	}
	if _, err := b.client.Read(t.Context(), r, -512, 512); !fault.Is(err, fault.Internal) {
		t.Errorf("a suffix range: %v", err)
	}
}

func TestFaultsOfTheService(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		code   string
		kind   fault.Kind
		want   string
	}{
		{403, "AuthorizationFailure", fault.Denied, "blob.forbidden"},
		{403, "AuthenticationFailed", fault.Denied, "blob.forbidden"},
		{401, "NoAuthenticationInformation", fault.Denied, "blob.forbidden"},
		{404, "BlobNotFound", fault.NotFound, "blob.not-found"},
		{409, "BlobArchived", fault.Conflict, "blob.archived"},
		{409, "BlobBeingRehydrated", fault.Conflict, "blob.archived"},
		{412, "ConditionNotMet", fault.Conflict, ""},
		{416, "InvalidRange", fault.Conflict, ""},
		{400, "InvalidHeaderValue", fault.Invalid, ""},
		{429, "TooManyRequests", fault.Throttled, ""},
		{503, "ServerBusy", fault.Throttled, ""},
		{500, "InternalError", fault.Unavailable, ""},
	} {
		b := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("x-ms-error-code", tc.code)
			w.Header().Set("x-ms-request-id", "req-1")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(tc.status)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>Said for %s\nString to sign: %s</Message></Error>", tc.code, r.URL.RawQuery, query)
		}))
		for _, text := range []string{"vhds/a.vhd", "vhds/a.vhd?" + strings.ReplaceAll(query, "2026", "2999")} {
			ctx := cloud.WithOperation(t.Context(), "op-1")
			_, err := b.client.Read(ctx, mustRef(t, strings.Replace(text, "st=2999", "st=2001", 1), b.root), 0, 512)
			f := fault.As(err)
			if f == nil || f.Kind != tc.kind || f.Code != tc.want {
				t.Errorf("%d %s: fault = %+v", tc.status, tc.code, f)
				continue
			}
			if f.Remote.Status != tc.status || f.Remote.Code != tc.code || f.Remote.RequestID != "req-1" || f.Remote.ClientRequestID != "op-1" || f.Remote.Service != "blob" || f.Remote.RetryAfter == 0 {
				t.Errorf("%d %s: remote = %+v", tc.status, tc.code, f.Remote)
			}
			noSecret(t, fmt.Sprintf("%v %+v %+v %v", err, *f, *f.Remote, errors.Unwrap(err)))
		}
		noSecret(t, strings.ReplaceAll(b.log.String(), "sig=REDACTED", ""))
	}
}

func TestTransportFaultsShowNoSignature(t *testing.T) {
	t.Parallel()
	b := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	r := mustRef(t, b.root+"/vhds/a.vhd?"+query, b.root)
	_, err := b.client.Properties(t.Context(), r)
	if !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" || strings.Contains(err.Error(), "?") {
		t.Errorf("fault = %+v", fault.As(err))
	}
	noSecret(t, fmt.Sprintf("%v %+v %v", err, *fault.As(err), errors.Unwrap(err)))
	noSecret(t, strings.ReplaceAll(b.log.String(), "sig=REDACTED", ""))
}

func TestInterruptedIsSaidSo(t *testing.T) {
	t.Parallel()
	stop := errors.New("drained by the operator")
	ctx, cancel := context.WithCancelCause(t.Context())
	b := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel(stop)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	_, err := b.client.Properties(ctx, mustRef(t, "vhds/a.vhd", b.root))
	if !fault.Is(err, fault.Interrupted) || !errors.Is(err, stop) {
		t.Errorf("err = %v", err)
	}
}

func TestReadDistrustsTheServer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter){
		"WholeBlob":  func(w http.ResponseWriter) { _, _ = io.Copy(w, io.LimitReader(zeros{}, 1<<20)) },
		"OtherRange": func(w http.ResponseWriter) { part(w, "bytes 0-511/4096", 512) },
		"OtherEnd":   func(w http.ResponseWriter) { part(w, "bytes 512-10230/99999", 512) },
		"FewerBytes": func(w http.ResponseWriter) { part(w, "bytes 512-1023/4096", 511) },
		"MoreBytes":  func(w http.ResponseWriter) { part(w, "bytes 512-1023/4096", 513) },
		"NoRange":    func(w http.ResponseWriter) { part(w, "", 512) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("x-ms-range") + r.Header.Get("Range"); got != "bytes=512-1023" {
					t.Errorf("range = %q", got)
				}
				answer(w)
			}))
			data, err := b.client.Read(t.Context(), mustRef(t, "vhds/a.vhd", b.root), 512, 512)
			if !fault.Is(err, fault.Conflict) || data != nil {
				t.Errorf("%d bytes, %v", len(data), err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func part(w http.ResponseWriter, contentRange string, n int) {
	if contentRange != "" {
		w.Header().Set("Content-Range", contentRange)
	}
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(make([]byte, n))
}

func TestABrokenBodyIsReadAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	b := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := strings.TrimPrefix(r.Header.Get("x-ms-range"), "bytes=")
		w.Header().Set("Content-Range", "bytes "+from+"/4096")
		w.Header().Set("ETag", `"1"`)
		var n int
		if calls.Add(1) == 1 {
			w.Header().Set("Content-Length", "512")
			n = 100 // and the connection ends
		} else {
			var start, end int
			if _, err := fmt.Sscanf(from, "%d-%d", &start, &end); err != nil {
				t.Error(err)
			}
			n = end - start + 1
		}
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(bytes.Repeat([]byte{7}, n))
	}))
	data, err := b.client.Read(t.Context(), mustRef(t, "vhds/a.vhd", b.root), 0, 512)
	if err != nil || !bytes.Equal(data, bytes.Repeat([]byte{7}, 512)) || calls.Load() != 2 {
		t.Errorf("%d bytes after %d calls, %v", len(data), calls.Load(), err)
	}
}

func TestListWithCircularLinksEnds(t *testing.T) {
	t.Parallel()
	b := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs><NextMarker>again</NextMarker></EnumerationResults>`)
	}))
	if _, err := b.client.List(t.Context(), "vhds", ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("err = %v", err)
	}
	if _, err := b.client.List(t.Context(), "../vhds", ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("a container that cannot be: %v", err)
	}
}

// counted counts the requests for delegation keys and gives each a moment, so that they would overlap.
func counted(keys *atomic.Int32, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("comp") == "userdelegationkey" {
			keys.Add(1)
		}
		h.ServeHTTP(w, r)
	})
}

func TestUserDelegationKeyIsFetchedOnce(t *testing.T) {
	t.Parallel()
	store := blobapi.NewAccount("", "")
	if err := store.Put(blobstore.Disk{Container: "vhds", Name: "a/ü 1.vhd", Size: 127 << 30}); err != nil {
		t.Fatal(err)
	}
	var keys atomic.Int32
	b := connect(t, counted(&keys, store.Handler(func() time.Time { return time.Now().UTC() })), withToken(signin.SandboxCredential()))
	r, expiry := mustRef(t, "vhds/a/ü 1.vhd", b.root), time.Now().Add(48*time.Hour)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			signed, err := b.client.SignRead(t.Context(), r, time.Now().Add(time.Duration(i)*time.Minute-time.Hour), expiry)
			if err != nil {
				t.Error(err)
				return
			}
			ref, err := bloburl.Parse(signed, b.root)
			if err != nil || ref.SAS().ObjectID == "" || ref.SAS().CanRead() == false || ref.SAS().Excess() != "" {
				t.Errorf("signature: %v, %v", ref.SAS(), err)
				return
			}
			if _, err := b.client.Read(t.Context(), ref, 127<<30, 512); err != nil {
				t.Errorf("read by it: %v", err)
			}
		})
	}
	wg.Wait()
	// The goroutines come in any order; a start before the key's asks for another key.
	first := keys.Load()
	for range 4 {
		if _, err := b.client.SignRead(t.Context(), r, time.Time{}, expiry); err != nil {
			t.Error(err)
		}
	}
	if keys.Load() != first || first > 8 {
		t.Errorf("%d keys, then %d", first, keys.Load())
	}
	if _, err := b.client.SignRead(t.Context(), r, time.Time{}, expiry.Add(4*24*time.Hour)); err != nil || keys.Load() != first+1 {
		t.Errorf("a later end: %v, %d keys", err, keys.Load()-first)
	}
	if _, err := b.client.SignRead(t.Context(), r, time.Time{}, time.Now().Add(8*24*time.Hour)); fault.CodeOf(err) != "sas.expires-too-soon" || keys.Load() != first+1 {
		t.Errorf("more than seven days: %v", err)
	}
	if _, err := b.client.SignRead(t.Context(), r, time.Time{}, time.Now().Add(-time.Hour)); !fault.Is(err, fault.Internal) {
		t.Errorf("a signature that is over: %v", err)
	}
	noSecret(t, b.log.String())
}

type brokenSignIn struct{}

func (brokenSignIn) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, refusedSignIn{}
}

type refusedSignIn struct{}

func (refusedSignIn) Error() string { return "AADSTS7000215: wrong secret\nmore" }
func (refusedSignIn) NonRetriable() {}

func TestARefusedSignInIsDenied(t *testing.T) {
	t.Parallel()
	b := connect(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }), withToken(brokenSignIn{}))
	r := mustRef(t, "vhds/a.vhd", b.root)
	_, err := b.client.Properties(t.Context(), r)
	_, err2 := b.client.SignRead(t.Context(), r, time.Time{}, time.Now().Add(time.Hour))
	for _, err := range []error{err, err2} {
		if !fault.Is(err, fault.Denied) || fault.CodeOf(err) != "cloud.sign-in" || !strings.Contains(err.Error(), "AADSTS7000215") || strings.Contains(err.Error(), "more") {
			t.Errorf("err = %v", err)
		}
	}
}

func TestDelegationKeyAnswers(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"NotXML":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
		"Empty":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<UserDelegationKey/>") },
		"NoRight": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
	} {
		b := connect(t, h, withToken(signin.SandboxCredential()))
		_, err := b.client.SignRead(t.Context(), mustRef(t, "vhds/a.vhd", b.root), time.Time{}, time.Now().Add(time.Hour))
		if want := map[string]fault.Kind{"NotXML": fault.Unavailable, "Empty": fault.Unavailable, "NoRight": fault.Denied}[name]; !fault.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignaturesAreForHTTPSOnlyInTheCloud(t *testing.T) {
	t.Parallel()
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := blob.New(blob.Config{Root: azure, Pipeline: p, SharedKey: blobtest.Key})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := c.SignRead(t.Context(), mustRef(t, "vhds/a b.vhd", azure), time.Time{}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil || u.Query().Get("spr") != "https" || u.Query().Get("sr") != "b" || u.Query().Get("sp") != "r" || u.EscapedPath() != "/vhds/a%20b.vhd" {
		t.Errorf("signed as %v, %v", u.Query(), err)
	}
}
