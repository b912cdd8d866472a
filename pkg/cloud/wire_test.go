package cloud_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/cloud/signin"
)

type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countedConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// A process that dies, or is frozen, at any moment has sent a request whole or not at all.
func TestARequestLeavesInOnePiece(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	var writes atomic.Int64
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return countedConn{conn, &writes}, err
	}}
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: server.URL, Credential: signin.SandboxCredential(), Transport: &http.Client{Transport: tr}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := retry.Once(permit.AskFirst(t.Context(), permit.New(func() error { return nil })))
	if _, err := call(ctx, p, "POST", server.URL+"/a", strings.Repeat("x", 9000)); err != nil || writes.Load() != 1 {
		t.Errorf("%v; %d writes, want 1", err, writes.Load())
	}
}
