// Package live serves the page of a run in progress: on loopback, behind a random token, read-only. The caller provides the
// page and decides what it says. It is not an API and takes no commands.
package live

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"wave365/pkg/fault"
)

// Source is what the page is made from.
type Source interface {
	// Stamp returns a short text that changes whenever the page would. It is called often and has to be cheap.
	Stamp(ctx context.Context) (string, error)
	// Page returns the current page.
	Page(ctx context.Context) ([]byte, error)
}

// Default is the address to listen on when none is given: a free port on loopback.
const Default = "127.0.0.1:0"

// pause is the interval at which a source is polled; a page that takes long to make is made less often.
const pause = time.Second

// Server serves one page to browsers on this machine. It may be used by several goroutines.
type Server struct {
	source Source
	listen net.Listener
	http   *http.Server
	token  string
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu sync.Mutex
	// stamp is the state that browsers are told; over: it is the last one, and final is its page.
	stamp   string
	over    bool
	final   []byte
	changed chan struct{}
	readers int
}

// Listen opens a port for a page that is served later, so that a port that cannot be used is found early. addr has to
// be on loopback (Invalid, "live.address"); a port that cannot be opened is Invalid, "live.port". An empty addr is
// [Default].
func Listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = Default
	}
	if err := loopback(addr); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if Taken(err) {
		return nil, fault.Wrap(fault.Invalid, "live.port", "another process listens on "+addr, "name another port, or none to get a free one", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "live.port", "cannot listen on "+addr+": "+err.Error(), "name another port, or none to get a free one", err)
	}
	return l, nil
}

// Taken reports whether a port could not be opened because another process uses it.
func Taken(err error) bool {
	const windows = syscall.Errno(10048) // WSAEADDRINUSE, which is not Go's EADDRINUSE there
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windows)
}

// Start is Listen and Serve.
func Start(addr string, source Source) (*Server, error) {
	listen, err := Listen(addr)
	if err != nil {
		return nil, err
	}
	return Serve(listen, source), nil
}

// Serve serves the page on a listener, which it closes, until Close.
func Serve(listen net.Listener, source Source) *Server {
	secret := make([]byte, 24)
	_, _ = rand.Read(secret)
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		source: source, listen: listen, token: base64.RawURLEncoding.EncodeToString(secret), cancel: cancel,
		changed: make(chan struct{}),
	}
	s.http = &http.Server{
		Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.done.Go(func() { _ = s.http.Serve(listen) })
	s.done.Go(func() { s.watch(ctx) })
	return s
}

// loopback refuses an address that other machines could reach.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	ip, perr := netip.ParseAddr(host)
	if err == nil && (host == "localhost" || perr == nil && ip.IsLoopback()) {
		return nil
	}
	return fault.New(fault.Invalid, "live.address", addr+" is not an address on loopback",
		"the page names people: it is served to this machine only, such as at 127.0.0.1:8365")
}

// URL returns the address of the page, with its token. Anyone who has it can read the page while it is served.
func (s *Server) URL() string { return "http://" + s.listen.Addr().String() + "/" + s.token + "/" }

// Freeze makes page the last one: browsers load it and stop following.
func (s *Server) Freeze(page []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.over, s.final = true, page
	close(s.changed)
}

// Close stops serving. Browsers that follow get the frozen page first; it waits for them for at most patience.
func (s *Server) Close(patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for s.following() && ctx.Err() == nil {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	_ = s.http.Shutdown(ctx)
	s.cancel()
	_ = s.http.Close()
	s.done.Wait()
}

// following reports whether a browser has yet to fetch the last page.
func (s *Server) following() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over && s.readers > 0
}

// watch polls the source and wakes the browsers when something has changed.
func (s *Server) watch(ctx context.Context) {
	for {
		began := time.Now()
		if stamp, err := s.source.Stamp(ctx); err == nil {
			s.mu.Lock()
			if !s.over && stamp != s.stamp {
				s.stamp = stamp
				close(s.changed)
				s.changed = make(chan struct{})
			}
			s.mu.Unlock()
		}
		select {
		case <-time.After(max(pause, 10*time.Since(began))):
		case <-ctx.Done():
			return
		}
	}
}

// state returns what browsers are told, and a channel that is closed as soon as that is out of date.
func (s *Server) state() (stamp string, over bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stamp, s.over, s.changed
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	token, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case !s.ours(r.Host):
		// A host name that somebody pointed at this machine (DNS rebinding).
		http.Error(w, "this page is served under its own address only", http.StatusMisdirectedRequest)
	case subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this page is read-only", http.StatusMethodNotAllowed)
	case rest == "":
		s.page(w, r)
	case rest == "events":
		s.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) ours(host string) bool {
	_, port, err := net.SplitHostPort(s.listen.Addr().String())
	return err == nil && (host == s.listen.Addr().String() || host == "localhost:"+port)
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	page, over := s.final, s.over
	s.mu.Unlock()
	if !over {
		var err error
		if page, err = s.source.Page(r.Context()); err != nil {
			http.Error(w, "the page cannot be made at the moment", http.StatusServiceUnavailable)
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page)
	if over && r.Method == http.MethodGet {
		s.mu.Lock()
		s.readers = max(0, s.readers-1)
		s.mu.Unlock()
	}
}

// events tells a browser of changes by server-sent events: "change" with each new state, "end" with the last one.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	s.mu.Lock()
	s.readers++
	s.mu.Unlock()
	told, over, changed := s.state()
	for ended := false; !ended; {
		var err error
		if over {
			ended = true
			_, err = fmt.Fprint(w, "event: end\ndata: end\n\n")
		} else {
			// The first one also catches up with what changed between the page and this stream.
			_, err = fmt.Fprintf(w, "event: change\ndata: %q\n\n", told)
		}
		if err = errors.Join(err, out.Flush()); err != nil || ended {
			break
		}
		if !s.wait(w, out, r, changed) {
			break
		}
		told, over, changed = s.state()
	}
	if !over {
		s.mu.Lock()
		s.readers--
		s.mu.Unlock()
	}
}

// wait waits for a change; it reports false if the browser is gone.
func (s *Server) wait(w http.ResponseWriter, out *http.ResponseController, r *http.Request, changed <-chan struct{}) bool {
	for {
		select {
		case <-changed:
			return true
		case <-r.Context().Done():
			return false
		case <-time.After(15 * time.Second):
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil || out.Flush() != nil {
				return false
			}
		}
	}
}
