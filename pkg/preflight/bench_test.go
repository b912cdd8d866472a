package preflight_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"wave365/pkg/preflight"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// peak samples what the process holds until it is told to stop, and gives the most.
func peak() (stop func() uint64) {
	quit, most := make(chan struct{}), make(chan uint64)
	go func() {
		held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		var max uint64
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			metrics.Read(held)
			if n := held[0].Value.Uint64() - held[1].Value.Uint64(); n > max {
				max = n
			}
			select {
			case <-tick.C:
			case <-quit:
				tick.Stop()
				most <- max
				return
			}
		}
	}()
	return func() uint64 {
		close(quit)
		return <-most
	}
}

// BenchmarkCheck10000 validates ten thousand rows against a sandbox in the same process, so that time and memory are
// those of both. What the tool alone takes is measured at the command, in cmd/wave365.
func BenchmarkCheck10000(b *testing.B) {
	const rows = 10_000
	for _, how := range []string{"memory", "loopback"} {
		b.Run(how, func(b *testing.B) {
			s, csv := generated(b, rows)
			graph, blobs, at := s.graph, s.blobs, blobRoot
			if how == "loopback" {
				origin := serve(b, s)
				at = strings.Replace(blobRoot, root, origin, 1)
				graph, blobs = clients(b, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}, origin, at)
			}
			runtime.GC()
			stop := peak()
			b.ResetTimer()
			for b.Loop() {
				file, findings := reading.Read("w", csv, wave.Options{})
				res, err := checkRows(context.Background(), graph, blobs, preflight.Input{
					File: file, Findings: findings, BlobRoot: at, Slots: 20, Now: s.now,
				})
				if err != nil || len(res.Findings) != 0 {
					b.Fatalf("%v %+v", err, res.Findings)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(stop())/1e6, "MB-held")
		})
	}
}

// serve puts the stage's transport behind a port.
func serve(b *testing.B, s *stage) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	origin := "http://" + l.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Scheme, r.URL.Host, r.RequestURI = "http", l.Addr().String(), ""
		resp, err := s.sent.next.RoundTrip(r)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer func() { _ = resp.Body.Close() }()
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	b.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return origin
}
