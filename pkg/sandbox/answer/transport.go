package answer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
)

// Transport returns a handler's service without a network. Each round trip runs in its caller's goroutine and leaves nothing behind, so it works
// inside a testing/synctest bubble. A fault that closes the connection is an error here, as on a real one; when the context ends, a delay ends
// too. Bodies are buffered whole; one above 64 MiB (a whole disk) is an error.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

// longest is the largest body that is buffered, in bytes.
const longest = 64 << 20

var errTooLong = errors.New("sandbox: the answer is too long for the transport in memory; read a range of it")

type transport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := req.Clone(ctx)
	r.RequestURI = req.URL.RequestURI()
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	r.URL = u
	// Some clients write header names in any case; a server only ever sees the canonical one.
	r.Header = make(http.Header, len(req.Header))
	for name, values := range req.Header {
		for _, v := range values {
			r.Header.Add(name, v)
		}
	}
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
		r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor, r.RemoteAddr = "HTTP/1.1", 1, 1, "127.0.0.1:0"
	w := &memory{Recorder: *New(nil), isHead: req.Method == http.MethodHead}
	t.handler.ServeHTTP(w, r)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.response(req)
}

// memory is the writer of a round trip in memory.
type memory struct {
	Recorder
	isHead bool
}

// Write discards the body of an answer to HEAD.
func (m *memory) Write(b []byte) (int, error) {
	if m.isHead {
		m.WriteHeader(http.StatusOK)
		return len(b), nil
	}
	if m.body.Len()+len(b) > longest {
		m.Cut = "too long"
		return 0, errTooLong
	}
	return m.Recorder.Write(b)
}

func (m *memory) hangUp(how string) { m.Cut = how }

func (m *memory) response(req *http.Request) (*http.Response, error) {
	switch m.Cut {
	case "":
	case "reset":
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	case "too long":
		return nil, errTooLong
	default:
		return nil, io.ErrUnexpectedEOF
	}
	code := m.Status()
	resp := &http.Response{
		Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), StatusCode: code,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: m.Recorder.head, Request: req,
		Body: io.NopCloser(bytes.NewReader(m.body.Bytes())), ContentLength: int64(m.body.Len()),
	}
	if n, err := strconv.ParseInt(m.Recorder.head.Get("Content-Length"), 10, 64); err == nil && m.isHead {
		resp.ContentLength = n
	}
	return resp, nil
}
