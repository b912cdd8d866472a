package cloud_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
)

const root = "https://graph.example.test"

// seen is a request as it arrived.
type seen struct {
	at     time.Time
	method string
	url    string
	header http.Header
	body   string
}

// script is a transport that answers with a function and remembers what arrived.
type script struct {
	mu     sync.Mutex
	seen   []seen
	answer func(n int, r *http.Request) (*http.Response, error) // n counts from 1
}

func (s *script) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.mu.Lock()
	s.seen = append(s.seen, seen{time.Now(), r.Method, r.URL.String(), r.Header.Clone(), string(body)})
	n := len(s.seen)
	s.mu.Unlock()
	return s.answer(n, r)
}

func (s *script) all() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.seen...)
}

func reply(status int, body string, header ...string) (*http.Response, error) {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: nil}, nil
}

// inOrder answers with each in turn, and with the last from then on.
func inOrder(answers ...func() (*http.Response, error)) func(int, *http.Request) (*http.Response, error) {
	return func(n int, _ *http.Request) (*http.Response, error) { return answers[min(n, len(answers))-1]() }
}

func status(code int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return reply(code, `{}`, header...) }
}

func broken(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

func newPipeline(t *testing.T, s *script, change ...func(*cloud.PipelineConfig)) *cloud.Pipeline {
	t.Helper()
	cfg := cloud.PipelineConfig{Service: "graph", Root: root, Credential: signin.SandboxCredential(), Transport: s}
	for _, f := range change {
		f(&cfg)
	}
	p, err := cloud.NewPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func call(ctx context.Context, p *cloud.Pipeline, method, url, body string) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, method, url)
	if err != nil {
		return nil, err
	}
	if body != "" {
		if err := runtime.MarshalAsJSON(req, map[string]string{"text": body}); err != nil {
			return nil, err
		}
	}
	return p.Do(req)
}

// cut answers 200 with a body that ends in err before it is whole.
func cut(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		resp, _ := reply(200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"value":[`), iotest.ErrReader(err)))
		return resp, nil
	}
}
