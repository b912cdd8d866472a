package cloud_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/google/go-cmp/cmp"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
)

func TestTokenGoesToTheRootOnly(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"https://evil.example.test/v1.0/users", "http://graph.example.test/a", "https://graph.example.test:8443/a",
		"https://graph.example.test.evil.test/a", "https://graph.example.test@evil.test/",
	} {
		s := &script{answer: inOrder(status(200))}
		_, err := call(t.Context(), newPipeline(t, s), "GET", u, "")
		if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "cloud.foreign-host" {
			t.Errorf("%s: %v", u, err)
		}
		if len(s.all()) != 0 {
			t.Errorf("%s was called", u)
		}
	}
	for _, u := range []string{root + "/a", "HTTPS://GRAPH.example.test:443/a"} {
		s := &script{answer: inOrder(status(200))}
		if _, err := call(t.Context(), newPipeline(t, s), "GET", u, ""); err != nil {
			t.Errorf("%s: %v", u, err)
		}
		if got := s.all()[0].header.Get("Authorization"); !strings.HasPrefix(got, "Bearer sandbox-token-") {
			t.Errorf("%s went with %q", u, got)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	calls := 0
	rt := roundTripper(func(r *http.Request) (*http.Response, error) {
		calls++
		resp, _ := reply(302, "", "Location", "https://evil.example.test/")
		resp.Request = r
		return resp, nil
	})
	p := newPipeline(t, nil, func(c *cloud.PipelineConfig) { c.Transport = &http.Client{Transport: rt} })
	resp, err := call(t.Context(), p, "GET", root+"/a", "")
	if err != nil || resp.StatusCode != 302 || calls != 1 {
		t.Errorf("got %v, %v after %d calls, want the redirect itself", resp, err, calls)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNewPipelineRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  cloud.PipelineConfig
		code string
	}{
		"NoService":        {cloud.PipelineConfig{Root: root}, "cloud.config"},
		"TokenWithoutRoot": {cloud.PipelineConfig{Service: "graph", Credential: signin.SandboxCredential()}, "cloud.config"},
		"NotAURL":          {cloud.PipelineConfig{Service: "graph", Root: "graph"}, "cloud.config"},
		"UserInURL":        {cloud.PipelineConfig{Service: "graph", Root: "https://a@b"}, "cloud.config"},
		"PlainHTTP":        {cloud.PipelineConfig{Service: "graph", Root: "http://graph.example.test", Credential: signin.SandboxCredential()}, "cloud.plain-http"},
		"LooksLocal":       {cloud.PipelineConfig{Service: "graph", Root: "http://127.0.0.1.evil.test"}, "cloud.plain-http"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := cloud.NewPipeline(tt.cfg); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != tt.code {
				t.Errorf("got %v, want code %s", err, tt.code)
			}
		})
	}
}

func TestPlainHTTPOnLoopback(t *testing.T) {
	t.Parallel()
	for _, r := range []string{"http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"} {
		s := &script{answer: inOrder(status(200))}
		p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Root = r })
		if _, err := call(t.Context(), p, "GET", r+"/v1.0/users", ""); err != nil {
			t.Errorf("%s: %v", r, err)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := &script{answer: inOrder(status(200))}
	p := newPipeline(t, s)
	ctx := cloud.WithOperation(t.Context(), "the-operation")
	for range 2 {
		if _, err := call(ctx, p, "GET", root+"/a", ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := call(t.Context(), p, "GET", root+"/a", ""); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, r := range s.all() {
		ids = append(ids, r.header.Get("client-request-id"))
		if r.header.Get("return-client-request-id") != "true" {
			t.Error("the id is not asked back")
		}
	}
	if ids[0] != "the-operation" || ids[1] != ids[0] || ids[2] == ids[3] || len(ids[2]) != 36 {
		t.Errorf("ids %q", ids)
	}
	if cloud.OperationOf(ctx) != "the-operation" || cloud.OperationOf(t.Context()) != "" {
		t.Error("OperationOf")
	}
}

// TestClientOptions builds another client of the SDK on the pipeline's options.
func TestClientOptions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: inOrder(status(503, "Retry-After", "20"), status(200))}
		p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Service = "blob"; c.Credential = nil })
		o := p.ClientOptions()
		sign := func(req *policy.Request) (*http.Response, error) {
			req.Raw().Header.Set("Authorization", "SharedKey a:b")
			return req.Next()
		}
		pl := runtime.NewPipeline("test", "v1", runtime.PipelineOptions{PerRetry: []policy.Policy{policyFunc(sign)}}, &o)
		do := func(u string) error {
			req, err := runtime.NewRequest(t.Context(), "GET", u)
			if err != nil {
				return err
			}
			_, err = pl.Do(req)
			return err
		}
		start := time.Now()
		if err := do(root + "/c/b.vhd"); err != nil || time.Since(start) != 20*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if id := s.all()[0].header.Get("x-ms-client-request-id"); len(id) != 36 {
			t.Errorf("id %q", id)
		}
		if err := do("https://other.example.test/c/b.vhd"); fault.CodeOf(err) != "cloud.foreign-host" {
			t.Errorf("a signed request to another host: %v", err)
		}
		if d := cmp.Diff(2, len(s.all())); d != "" {
			t.Error(d)
		}
	})
}

type policyFunc func(*policy.Request) (*http.Response, error)

func (f policyFunc) Do(req *policy.Request) (*http.Response, error) { return f(req) }

func TestSignInFaults(t *testing.T) {
	t.Parallel()
	s := &script{answer: inOrder(status(200))}
	p := newPipeline(t, s, func(c *cloud.PipelineConfig) {
		c.Credential = noToken{errors.New("dial tcp: no route, sig=secretsecret")}
	})
	_, err := call(retry.Once(t.Context()), p, "POST", root+"/a", "x")
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "cloud.sign-in" || len(s.all()) != 0 {
		t.Errorf("got %v", err)
	}
	if strings.Contains(fault.As(err).Error(), "secretsecret") {
		t.Errorf("the secret is in %v", err)
	}
}

// Whoever may have been overtaken while a request stood in line is asked right before it is sent, and nothing is sent after
// a no.
func TestAskFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: inOrder(status(200))}
		p := newPipeline(t, s)
		began := time.Now()
		p.Hold(10*time.Second, "test")
		var asked []time.Duration
		no := error(nil)
		ctx := retry.Once(permit.AskFirst(t.Context(), permit.New(func() error {
			asked = append(asked, time.Since(began))
			return no
		})))
		if _, err := call(ctx, p, "POST", root+"/a", "x"); err != nil || len(asked) != 1 || asked[0] < 10*time.Second || len(s.all()) != 1 {
			t.Errorf("%v; asked after %v, %d requests", err, asked, len(s.all()))
		}
		time.Sleep(3 * time.Second) // its answer is not believed any more
		no = fault.New(fault.Conflict, "ledger.lock-lost", "overtaken", "")
		ctx = retry.Once(ctx)
		if _, err := call(ctx, p, "POST", root+"/a", "x"); fault.CodeOf(err) != "ledger.lock-lost" || retry.MayHaveActed(ctx) || len(s.all()) != 1 || len(asked) != 2 {
			t.Errorf("%v; acted %v, asked after %v, %d requests", err, retry.MayHaveActed(ctx), asked, len(s.all()))
		}
	})
}
