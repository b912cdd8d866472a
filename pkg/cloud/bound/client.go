package bound

import (
	"net"
	"net/http"
	"time"
)

// dialTimeout bounds the making of a connection, on the wall clock.
const dialTimeout = 10 * time.Second

// NewClient makes a client that does not wait long for a connection, and follows no redirect: what it sends is for one host.
func NewClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	return WithoutRedirects(&http.Client{Transport: t})
}

// WithoutRedirects is a copy of a client that follows no redirect.
func WithoutRedirects(c *http.Client) *http.Client {
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
