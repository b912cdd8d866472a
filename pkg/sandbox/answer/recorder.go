// Package answer buffers the answer to a request until it is decided what to do with it: keep it, spoil it as a fault says,
// cut it off, or send it. It writes errors in the formats of Graph and of Blob storage, and knows neither tenant nor storage.
package answer

import (
	"bytes"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// streamAbove is the length in bytes from which an answer is streamed, where that is allowed.
const streamAbove = 8 << 20

// Recorder is an answer that has not been sent yet. A long one is streamed to its writer, if it has one, instead of
// buffered.
type Recorder struct {
	offer, through http.ResponseWriter
	head           http.Header
	code           int
	body           bytes.Buffer
	// Cut is drop-reply or reset when the connection is to be closed instead.
	Cut string
}

// New returns an empty answer. offer, when given, may be used to stream a long body.
func New(offer http.ResponseWriter) *Recorder {
	return &Recorder{offer: offer, head: http.Header{}}
}

// Header implements [http.ResponseWriter], as do WriteHeader and Write.
func (r *Recorder) Header() http.Header { return r.head }

func (r *Recorder) WriteHeader(code int) {
	if r.code != 0 {
		return
	}
	r.code = code
	if n, _ := strconv.ParseInt(r.head.Get("Content-Length"), 10, 64); n > streamAbove && r.offer != nil {
		r.through = r.offer
		maps.Copy(r.through.Header(), r.head)
		r.through.WriteHeader(code)
	}
}

func (r *Recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.through != nil {
		return r.through.Write(b)
	}
	return r.body.Write(b)
}

// Status returns the status, 200 until another one is written.
func (r *Recorder) Status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

// Body returns the buffered body.
func (r *Recorder) Body() []byte { return r.body.Bytes() }

// replace replaces the answer.
func (r *Recorder) replace(code int, header http.Header, body string) {
	r.code, r.head = code, header
	r.body.Reset()
	r.body.WriteString(body)
}

// Send copies a buffered answer to w.
func (r *Recorder) Send(w http.ResponseWriter) {
	if r.through != nil {
		return
	}
	h := w.Header()
	maps.Copy(h, r.head)
	code := r.Status()
	if code >= 200 && code != http.StatusNoContent && code != http.StatusNotModified && h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(r.body.Len()))
	}
	w.WriteHeader(code)
	if r.body.Len() > 0 {
		_, _ = w.Write(r.body.Bytes()) // a client that went away does not matter
	}
}

// HangUp closes the connection without an answer: with a reset, or like a server that dies.
func HangUp(w http.ResponseWriter, how string) {
	if c, ok := w.(interface{ hangUp(how string) }); ok {
		c.hangUp(how)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && how == "reset" {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
