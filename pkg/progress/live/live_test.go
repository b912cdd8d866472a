package live_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wave365/pkg/fault"
	"wave365/pkg/progress/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source is a run whose state a test sets.
type source struct {
	mu   sync.Mutex
	text string
}

func (s *source) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

func (s *source) Stamp(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text, nil
}

func (s *source) Page(ctx context.Context) ([]byte, error) {
	text, err := s.Stamp(ctx)
	return []byte("page " + text), err
}

func start(t *testing.T) (*live.Server, *source) {
	t.Helper()
	src := &source{text: "one"}
	s, err := live.Start("", src)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(time.Second) })
	return s, src
}

func ask(t *testing.T, method, url, host string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestStart_loopbackOnly(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.168.1.4:80", "[::]:0", "example.com:80", "127.0.0.1", "127.0.0.1.evil.example:1"} {
		s, err := live.Start(addr, &source{})
		if err == nil {
			s.Close(0)
			t.Errorf("%s is listened at", addr)
		} else if f := fault.As(err); f == nil || f.Code != "live.address" {
			t.Errorf("%s: %v", addr, err)
		}
	}
	s, _ := start(t)
	_, err := live.Start(strings.Split(s.URL(), "/")[2], &source{})
	if f := fault.As(err); f == nil || f.Code != "live.port" {
		t.Errorf("a port in use: %v", err)
	}
}

// TestServer_readOnlyBehindItsToken: only requests with the complete address get anything, and only to read.
func TestServer_readOnlyBehindItsToken(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	root := "http://" + strings.Split(s.URL(), "/")[2]
	for _, c := range []struct {
		method, url, host string
		want              int
	}{
		{"GET", s.URL(), "", 200}, {"HEAD", s.URL(), "", 200}, {"GET", root + "/", "", 404}, {"GET", root + "/events", "", 404},
		{"GET", strings.TrimSuffix(s.URL(), "/") + "x/", "", 404}, {"GET", root + "//", "", 404}, {"GET", s.URL() + "run.json", "", 404},
		{"POST", s.URL(), "", 405}, {"DELETE", s.URL(), "", 405}, {"PUT", s.URL() + "events", "", 405},
		{"GET", s.URL(), "rebound.example", 421}, {"GET", s.URL(), "localhost:" + strings.Split(root, ":")[2], 200},
	} {
		code, header, body := ask(t, c.method, c.url, c.host)
		if code != c.want {
			t.Errorf("%s %s as %q: %d, want %d", c.method, strings.TrimPrefix(c.url, root), c.host, code, c.want)
		}
		if code != 200 && strings.Contains(body, "page") && strings.Contains(body, "one") {
			t.Errorf("%s %s gives the page away", c.method, c.url)
		}
		if header.Get("Cache-Control") != "no-store" || header.Get("Access-Control-Allow-Origin") != "" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: headers %v", c.method, c.url, header)
		}
	}
	if other, _ := start(t); strings.Split(other.URL(), "/")[3] == strings.Split(s.URL(), "/")[3] || len(strings.Split(s.URL(), "/")[3]) < 32 {
		t.Error("the token is not random, or short")
	}
}

// TestServer_follows: a browser is told of each change and of the end, and gets the frozen page before the server ends.
func TestServer_follows(t *testing.T) {
	t.Parallel()
	s, src := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		var event string
		for lines.Scan() {
			if lines.Text() == "" && event != "" {
				return event
			}
			event += strings.TrimPrefix(lines.Text(), "event: ") + " "
		}
		t.Fatal("the stream has ended")
		return ""
	}
	if got := next(); !strings.HasPrefix(got, "change") {
		t.Fatalf("first %q", got)
	}
	src.set("two")
	for got := next(); !strings.Contains(got, "two"); got = next() {
	}
	if _, _, body := ask(t, "GET", s.URL(), ""); body != "page two" {
		t.Errorf("the page reads %q", body)
	}
	s.Freeze([]byte("the file"))
	src.set("three")
	if got := next(); !strings.HasPrefix(got, "end") {
		t.Fatalf("then %q", got)
	}
	closed := make(chan struct{})
	go func() {
		s.Close(20 * time.Second)
		close(closed)
	}()
	if _, _, body := ask(t, "GET", s.URL(), ""); body != "the file" {
		t.Errorf("the frozen page reads %q", body)
	}
	<-closed
	if served(s.URL()) {
		t.Error("it is still served")
	}
}

func served(url string) bool {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return true
}
