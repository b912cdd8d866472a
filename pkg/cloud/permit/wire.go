package permit

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// wire is an HTTP transport that sends a request with a [Question] only while the answer is fresh. There is nothing between
// the last reading of the clock and the system call that hands the bytes over. Such requests use connections of their own,
// in HTTP/1.1, which carry one request at a time: in HTTP/2 it would be unknown whose bytes are written.
type wire struct{ free, asked *http.Client }

// OnWire gives a client's requests that have a question a wire of their own. A client whose transport is not the standard
// library's keeps it.
func OnWire(c *http.Client) policy.Transporter {
	t, ok := c.Transport.(*http.Transport)
	if c.Transport == nil {
		t, ok = http.DefaultTransport.(*http.Transport)
	}
	if !ok {
		return c
	}
	return newWire(c, t)
}

// newWire makes one that connects as t does.
func newWire(c *http.Client, t *http.Transport) wire {
	own := t.Clone()
	own.ForceAttemptHTTP2 = false
	own.Protocols = new(http.Protocols)
	own.Protocols.SetHTTP1(true)
	own.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if own.TLSClientConfig != nil {
		own.TLSClientConfig.NextProtos = nil
	}
	own.WriteBufferSize = 32 << 10 // an ordinary request leaves in one piece
	dial := own.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	own.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &guarded{Conn: conn}, nil
	}
	asked := *c
	asked.Transport = own
	return wire{free: c, asked: &asked}
}

// Do sends a request. The error wraps errTooLate when the answer to its question had grown old and no byte of it was sent.
func (w wire) Do(req *http.Request) (*http.Response, error) {
	q := questionOf(req.Context())
	if q == nil {
		return w.free.Do(req)
	}
	g := &guard{q: q}
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		_ = q.Settle() // after a no nothing is written
		if conn := guardedOf(info.Conn); conn != nil {
			conn.by.Store(g)
		}
	}})
	own := req.WithContext(ctx)
	if err := inOnePiece(own); err != nil {
		return nil, err
	}
	resp, err := w.asked.Do(own)
	if err != nil && g.late.Load() && !g.sent.Load() {
		return resp, fmt.Errorf("%w: %w", ErrTooLate, err)
	}
	return resp, err
}

// maxPiece is the largest body that leaves together with its headers: those of calls have some kilobytes.
const maxPiece = 16 << 10

// inOnePiece lets a request leave with a single write, so that it is sent whole or not at all: net/http sends the headers
// first where it does not know that the body is in memory.
func inOnePiece(req *http.Request) error {
	if req.Body == nil || req.ContentLength <= 0 || req.ContentLength > maxPiece {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, err = req.GetBody()
	return err
}

// guard watches over the bytes of one request.
type guard struct {
	q          *Question
	sent, late atomic.Bool
}

// guarded is a connection on which one request at a time is written.
type guarded struct {
	net.Conn
	by atomic.Pointer[guard]
}

var errGrewOld = errors.New("the answer grew old before the request was sent")

// Write writes unless the answer to the request's question is not fresh: a request that was sent in part is broken off, and the other
// side does not act on it.
func (c *guarded) Write(b []byte) (int, error) {
	g := c.by.Load()
	if g == nil {
		return c.Conn.Write(b) // a handshake
	}
	if !g.q.fresh() {
		g.late.Store(true)
		return 0, errGrewOld
	}
	g.sent.Store(true)
	return c.Conn.Write(b)
}

// guardedOf finds our connection below what TLS put over it, once for the host and once for a proxy; nil: it is not ours.
func guardedOf(c net.Conn) *guarded {
	for {
		switch conn := c.(type) {
		case *guarded:
			return conn
		case interface{ NetConn() net.Conn }:
			c = conn.NetConn()
		default:
			return nil
		}
	}
}
