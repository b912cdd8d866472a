// Package answer holds back the answer to a request until it is known whether it may leave: kept, spoiled as a fault says, cut
// off, or sent. It says no in the words of Graph and of Blob storage, and knows neither tenant nor storage.
package answer

import (
	"bytes"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// streamAbove is the length from which an answer is passed on as it comes, where it may be.
const streamAbove = 8 << 20

// Recorder is an answer that has not left yet. A long one, for which there is a writer, is passed through instead of kept.
type Recorder struct {
	offer, through http.ResponseWriter
	head           http.Header
	code           int
	body           bytes.Buffer
	// Cut is drop-reply or reset when the connection is to be closed instead.
	Cut string
}

// New makes an empty answer. offer, when given, may get a long body as it comes.
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

// Status is 200 until another one is written.
func (r *Recorder) Status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

// Body is what was kept of the body.
func (r *Recorder) Body() []byte { return r.body.Bytes() }

// replace makes another answer of it.
func (r *Recorder) replace(code int, header http.Header, body string) {
	r.code, r.head = code, header
	r.body.Reset()
	r.body.WriteString(body)
}

// Send copies a kept answer to w.
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
		_, _ = w.Write(r.body.Bytes()) // a client that went away is no concern of this one
	}
}

// HangUp closes the connection without an answer: with a reset, or as a server does that dies.
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
