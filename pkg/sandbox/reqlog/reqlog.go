// Package reqlog logs the requests to a sandbox: the last ones in memory, all of them in a file. It is for people and
// tests; no state is read from it.
package reqlog

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"wave365/pkg/fault"
)

// Entry is one request. No field holds a SAS query or a token.
type Entry struct {
	// N numbers the requests from 1.
	N int64 `json:"n"`
	// Time is service time.
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Query is left out where it is a signature.
	Query string `json:"query,omitempty"`
	// Status is the status of the answer; 0: there was none.
	Status          int    `json:"status"`
	ClientRequestID string `json:"client_request_id"`
	RequestID       string `json:"request_id"`
	// Effect is what the request changed; empty: nothing.
	Effect string `json:"effect"`
	// User is the object id of the user concerned.
	User string `json:"user"`
	// Outcome is accepted, refused, unknown (no such route) or empty.
	Outcome string `json:"outcome"`
	// Batch: the request was inside a $batch.
	Batch bool `json:"batch,omitempty"`
	// Fault names the faults that hit it.
	Fault string `json:"fault,omitempty"`
}

// Keep is how many entries stay in memory. Older ones are in the file only.
const Keep = 100_000

// Log is safe for concurrent use. Make one with [Open].
type Log struct {
	mu   sync.Mutex
	ring []Entry // entry N stands at (N-1) % Keep
	last int64
	file *os.File
}

// Open returns a log. With a path it continues the file, and the caller closes it. Without one the log is in memory. A
// file that cannot be read or written is a fault of kind Invalid.
func Open(path string) (*Log, error) {
	l := &Log{}
	if path == "" {
		return l, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "sandbox.state", "the request log "+path+" cannot be opened", "name a folder for --state that you may write to", err)
	}
	l.file = f
	if err := l.load(); err != nil {
		f.Close()
		return nil, fault.Wrap(fault.Invalid, "sandbox.state", "the request log "+path+" cannot be read", "move the state folder away and start afresh", err)
	}
	return l, nil
}

// load reads the file's entries and drops a last line that was cut off in the middle.
func (l *Log) load() error {
	r := bufio.NewReader(l.file)
	var good int64
	for {
		line, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		var e Entry
		if err == io.EOF || json.Unmarshal(line, &e) != nil || e.N != l.last+1 {
			break
		}
		l.put(e)
		good += int64(len(line))
	}
	if err := l.file.Truncate(good); err != nil {
		return err
	}
	_, err := l.file.Seek(good, io.SeekStart)
	return err
}

func (l *Log) put(e Entry) {
	if len(l.ring) < Keep {
		l.ring = append(l.ring, e)
	} else {
		l.ring[(e.N-1)%Keep] = e
	}
	l.last = e.N
}

// Add numbers an entry and records it. With a file the entry is in it when Add returns: the end of this process cannot lose
// it.
func (l *Log) Add(e Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.N = l.last + 1
	if l.file != nil {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := l.file.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	l.put(e)
	return nil
}

// Page returns up to limit entries after number after, oldest first, and how many before the first in memory were dropped. A
// limit of 0 means all.
func (l *Log) Page(after int64, limit int) (entries []Entry, dropped int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.last - int64(len(l.ring)) + 1
	dropped = first - 1
	from := max(after+1, first)
	entries = make([]Entry, 0, max(0, l.last-from+1))
	for n := from; n <= l.last && (limit <= 0 || len(entries) < limit); n++ {
		entries = append(entries, l.ring[(n-1)%Keep])
	}
	return entries, dropped
}

// Close closes the file.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Of returns the entry for a request, before its result is known. inner: it is part of a $batch.
func Of(r *http.Request, inner bool) Entry {
	return Entry{Method: r.Method, Path: r.URL.Path, Query: visible(r.URL.RawQuery), Batch: inner, ClientRequestID: clientRequestID(r)}
}

// visible returns a query that may be shown; a signed one is left out.
func visible(query string) string {
	if strings.Contains(query, "sig=") || strings.Contains(query, "skoid=") {
		return ""
	}
	return query
}

func clientRequestID(r *http.Request) string {
	if id := r.Header.Get("client-request-id"); id != "" {
		return id
	}
	return r.Header.Get("x-ms-client-request-id")
}
