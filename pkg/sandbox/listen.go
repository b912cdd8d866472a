package sandbox

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/answer"
	"wave365/pkg/sandbox/blobapi"
)

// Account is the storage account's name: the development account that storage clients know. AccountKey is its published key.
const (
	Account    = blobapi.DevelopmentAccount
	AccountKey = blobapi.DevelopmentKey
)

// Endpoints are where a sandbox listens: the line that the sandbox command prints.
type Endpoints struct {
	Graph string `json:"graph"`
	Blob  string `json:"blob"`
}

// EndpointsOf gives the roots for a listener's address.
func EndpointsOf(addr net.Addr) Endpoints {
	root := "http://" + addr.String()
	return Endpoints{Graph: root, Blob: root + "/" + Account}
}

// servers are the listeners that are being served.
type servers struct {
	mu     sync.Mutex
	all    []*http.Server
	closed bool
}

// Loopback gives a fault Invalid, "sandbox.not-loopback", for an address that other machines can reach.
func Loopback(addr net.Addr) error {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return nil
	}
	return fault.New(fault.Invalid, "sandbox.not-loopback", "a sandbox listens on loopback only, not on "+addr.String(), "use --listen 127.0.0.1:0")
}

// Serve answers on a listener until [Sandbox.Close], and then returns nil; it closes the listener. A listener that other machines
// can reach is refused with a fault Invalid.
func (s *Sandbox) Serve(l net.Listener) error {
	if err := Loopback(l.Addr()); err != nil {
		l.Close()
		return err
	}
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	if !s.servers.add(server) {
		l.Close()
		return nil
	}
	if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fault.Wrap(fault.Unavailable, "sandbox.listen", "the sandbox stopped listening on "+l.Addr().String(), "", err)
	}
	return nil
}

func (s *servers) add(server *http.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.all = append(s.all, server)
	}
	return !s.closed
}

func (s *servers) close() error {
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

// Transport is the same service without a network; see [answer.Transport]. Address it as http://127.0.0.1: signed URLs of other
// hosts are not the account's.
func (s *Sandbox) Transport() http.RoundTripper { return answer.Transport(s.handler()) }
