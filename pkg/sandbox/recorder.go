package sandbox

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
)

// streamAbove is the length from which an answer is passed on as it comes, where it may be.
const streamAbove = 8 << 20

// recorder is an answer that has not left yet. A long one, for which there is a writer, is passed through instead of kept.
type recorder struct {
	offer, through http.ResponseWriter
	header         http.Header
	code           int
	body           bytes.Buffer
	// cut is drop-reply or reset when the connection is to be closed instead.
	cut string
}

func newRecorder(offer http.ResponseWriter) *recorder {
	return &recorder{offer: offer, header: http.Header{}}
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(code int) {
	if r.code != 0 {
		return
	}
	r.code = code
	if n, _ := strconv.ParseInt(r.header.Get("Content-Length"), 10, 64); n > streamAbove && r.offer != nil {
		r.through = r.offer
		maps.Copy(r.through.Header(), r.header)
		r.through.WriteHeader(code)
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.through != nil {
		return r.through.Write(b)
	}
	return r.body.Write(b)
}

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

// replace makes another answer of it.
func (r *recorder) replace(code int, header http.Header, body string) {
	r.code, r.header = code, header
	r.body.Reset()
	r.body.WriteString(body)
}

// send copies a kept answer to w.
func (r *recorder) send(w http.ResponseWriter) {
	if r.through != nil {
		return
	}
	h := w.Header()
	maps.Copy(h, r.header)
	code := r.status()
	if code >= 200 && code != http.StatusNoContent && code != http.StatusNotModified && h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(r.body.Len()))
	}
	w.WriteHeader(code)
	if r.body.Len() > 0 {
		_, _ = w.Write(r.body.Bytes()) // a client that went away is no concern of this one
	}
}
