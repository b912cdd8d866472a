// Package loopback serves a handler on loopback only, and returns its address.
package loopback

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobapi"
)

// Endpoints are the addresses of a sandbox, which the sandbox command prints as one line.
type Endpoints struct {
	Graph string `json:"graph"`
	Blob  string `json:"blob"`
}

// Of returns the roots for a listener's address.
func Of(addr net.Addr) Endpoints {
	root := "http://" + addr.String()
	return Endpoints{Graph: root, Blob: root + "/" + blobapi.DevelopmentAccount}
}

// Servers are the listeners that are being served.
type Servers struct {
	mu     sync.Mutex
	all    []*http.Server
	closed bool
}

// Check returns a fault of kind Invalid, "sandbox.not-loopback", for an address that other machines can reach.
func Check(addr net.Addr) error {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return nil
	}
	return fault.New(fault.Invalid, "sandbox.not-loopback", "a sandbox listens on loopback only, not on "+addr.String(), "use --listen 127.0.0.1:0")
}

// Serve serves a listener until the servers are closed, and then returns nil; it closes the listener. A listener that other
// machines can reach is a fault of kind Invalid.
func (s *Servers) Serve(l net.Listener, h http.Handler) error {
	if err := Check(l.Addr()); err != nil {
		l.Close()
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	if !s.add(server) {
		l.Close()
		return nil
	}
	if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fault.Wrap(fault.Unavailable, "sandbox.listen", "the sandbox stopped listening on "+l.Addr().String(), "", err)
	}
	return nil
}

func (s *Servers) add(server *http.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.all = append(s.all, server)
	}
	return !s.closed
}

func (s *Servers) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var err error
	for _, server := range s.all {
		err = errors.Join(err, server.Close())
	}
	s.all = nil
	return err
}

// Meant reports whether a request was intended for a sandbox: its host is a loopback name, which excludes other sites whose name
// was pointed here, and its origin is not another one, which excludes what browsers send across origins.
func Meant(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	if !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
		return false
	}
	origin := r.Header.Get("Origin")
	return (origin == "" || strings.EqualFold(origin, "http://"+r.Host)) && r.Header.Get("Sec-Fetch-Site") != "cross-site" && r.Header.Get("Sec-Fetch-Site") != "same-site"
}
