package blobapi

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/sandbox/blobapi/signature"
	"wave365/pkg/sandbox/blobstore"
)

// serviceVersion is the newest version of the protocol that the answers follow.
const serviceVersion = "2026-02-06"

// The development account that every Azure storage client and emulator knows, with its published key.
const (
	DevelopmentAccount = "devstoreaccount1"
	DevelopmentKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Account is a storage account: its blobs, and the name and key by which it is accessed. Safe for concurrent use.
type Account struct {
	*blobstore.Store
	account signature.Account
}

// NewAccount returns an empty account. key is base64; both empty: the development account. It panics when key is not
// base64, which is a bug of the program, not input.
func NewAccount(name, key string) *Account {
	if name == "" {
		name, key = DevelopmentAccount, DevelopmentKey
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) == 0 {
		panic("blobapi: the account key is not base64")
	}
	return &Account{Store: blobstore.New(), account: signature.Account{Name: name, Key: raw}}
}

// Name is the account's name.
func (a *Account) Name() string { return a.account.Name }

// server answers requests to an account.
type server struct {
	*Account
	now func() time.Time
	// served numbers the requests.
	served atomic.Uint64
}

// call is one request in parts.
type call struct {
	*http.Request
	container, blob string
	query           url.Values
	id              string
	now             time.Time
	operation       operation
}

// Handler serves the account at /account/container/blob. now returns the service's time, and is called once for each
// request; the validity of signatures is checked against it.
func (a *Account) Handler(now func() time.Time) http.Handler {
	return &server{Account: a, now: now}
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, now: s.now().UTC(), id: requestID(s.served.Add(1))}
	h := w.Header()
	h.Set("Server", "Windows-Azure-Blob/1.0")
	h.Set("x-ms-request-id", c.id)
	h.Set("x-ms-version", version(r))
	h.Set("Date", c.now.Format(http.TimeFormat))
	if id := r.Header.Get("x-ms-client-request-id"); id != "" && len(id) <= 1024 {
		h.Set("x-ms-client-request-id", id)
	}
	if err := s.answer(w, c); err != nil {
		err.write(w, c)
	}
}

func (s *server) answer(w http.ResponseWriter, c *call) *refusal {
	var err *refusal
	if err = s.take(c); err != nil {
		return err
	}
	var ok bool
	if c.operation, ok = s.find(c); !ok {
		return refuse(http.StatusNotImplemented, "NotImplemented", "The sandbox does not know the request "+c.describe()+".")
	}
	if err = s.authorize(c); err != nil {
		return err
	}
	return c.operation.run(s, w, c)
}

// take splits the path into account, container and blob.
func (s *server) take(c *call) *refusal {
	badPath := refuse(http.StatusBadRequest, "InvalidUri", "The requested URI does not represent any resource on the server.")
	account, rest, _ := strings.Cut(strings.TrimPrefix(c.URL.EscapedPath(), "/"), "/")
	if account != s.account.Name {
		return badPath
	}
	container, blob, _ := strings.Cut(rest, "/")
	var err1, err2, err3 error
	c.container, err1 = url.PathUnescape(container)
	c.blob, err2 = url.PathUnescape(blob)
	c.query, err3 = url.ParseQuery(c.URL.RawQuery)
	if err1 != nil || err2 != nil || err3 != nil {
		return badPath
	}
	return nil
}

// describe returns a description of the request without its signature.
func (c *call) describe() string {
	out := c.Method + " " + c.URL.Path
	sep := "?"
	for _, name := range []string{"restype", "comp"} {
		if v := c.query.Get(name); v != "" {
			out += sep + name + "=" + v
			sep = "&"
		}
	}
	return out
}

func version(r *http.Request) string {
	if v := r.Header.Get("x-ms-version"); v != "" {
		return v
	}
	if v := r.URL.Query().Get("sv"); v != "" {
		return v
	}
	return serviceVersion
}

// requestID returns a GUID made from a counter.
func requestID(n uint64) string {
	var b [16]byte
	copy(b[:], []byte{0x5a, 0x4d, 0xb0, 0x0b, 0, 0x1e, 0, 0x7d})
	binary.BigEndian.PutUint64(b[8:], n)
	return uuid.UUID(b).String()
}

// httpTime formats a time as in headers and listings.
func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// header returns the first of the named headers that is present.
func (c *call) header(names ...string) string {
	for _, name := range names {
		if v := c.Header.Get(name); v != "" {
			return v
		}
	}
	return ""
}
