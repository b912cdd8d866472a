package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// dialTimeout and firstTry bound the first words with a host, on the wall clock: what has never answered is not waited
	// for as long as what has.
	dialTimeout = 10 * time.Second
	firstTry    = 14 * time.Second
	// knockFor is how long a host that has never answered is tried again.
	knockFor = 4 * time.Second
)

// contacts remembers which hosts have answered. Safe for concurrent use.
type contacts struct {
	mu sync.Mutex
	of map[string]*contact
}

type contact struct {
	begun    time.Time
	answered bool
}

func (c *contacts) host(name string) *contact {
	if c.of == nil {
		c.of = map[string]*contact{}
	}
	k := c.of[name]
	if k == nil {
		k = &contact{begun: time.Now()}
		c.of[name] = k
	}
	return k
}

// knock is called before each request to a host. It reports whether the host has ever answered.
func (c *contacts) knock(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.host(name).answered
}

// answered notes that a host is there.
func (c *contacts) answered(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.host(name).answered = true
}

// hopeless reports whether a host has never answered, and was tried for long enough.
func (c *contacts) hopeless(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.host(name)
	return !k.answered && time.Since(k.begun) >= knockFor
}

// notSent reports errors that prove that no byte of the request left: there was no connection to send it on.
func notSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED) || neverWorks(err)
}

// noConnection reports errors of a connection that was never made, at a proxy too: what a proxy did is not known as well.
func noConnection(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	_, dns := errors.AsType[*net.DNSError](err)
	return notSent(err) || dns || ok && op.Op == "proxyconnect"
}

// causeOf says in few words why a host cannot be reached, without the address that the standard library puts before it.
func causeOf(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		switch {
		case dns.IsNotFound:
			return "no such host"
		case dns.IsTimeout:
			return "its name could not be resolved in time"
		}
		return "its name could not be resolved (" + dns.Err + ")"
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted (" + cert.Err.Error() + ")"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer came in time"
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		if op.Timeout() {
			return "no answer came in time"
		}
		err = op.Err
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	return strings.TrimSpace(firstLine(err.Error()))
}
