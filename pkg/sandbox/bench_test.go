package sandbox_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/generate"
	"wave365/pkg/sandbox/loopback"
)

// quick lifts the quotas, so that a benchmark measures answers.
const quick = "knobs: {writes_per_20s: -1, requests_per_20s: -1, membership_lag: 0s, license_lag: 0s}\n"

func benchSandbox(b *testing.B, text, dir string) *sandbox.Sandbox {
	b.Helper()
	sc, err := sandbox.ParseScenario("bench.yaml", []byte(text))
	if err != nil {
		b.Fatal(err)
	}
	s, err := sandbox.New(sandbox.Config{Scenario: sc, StateDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func generated(b *testing.B, users int) string {
	b.Helper()
	_, text, err := generate.Wave(users, 1, false)
	if err != nil {
		b.Fatal(err)
	}
	return string(text) + quick
}

func ask(b *testing.B, c *http.Client, method, url, body string, want int) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer x")
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode != want {
		b.Fatalf("%s %s: %s", method, url, resp.Status)
	}
}

// BenchmarkReads answers simple reads over loopback, with the state on disk; client and sandbox share the cores.
func BenchmarkReads(b *testing.B) {
	text := generated(b, 1000)
	s := benchSandbox(b, text, b.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go s.Serve(l)
	root := loopback.Of(l.Addr()).Graph
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr}
	b.SetParallelism(8)
	b.ReportAllocs()
	began := time.Now()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			ask(b, c, "GET", root+"/v1.0/groups?$top=1", "", 200)
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "req/s")
}

// BenchmarkWrites makes one durable change after the other, in a tenant of so many users.
func BenchmarkWrites(b *testing.B) {
	for _, users := range []int{100, 10_000} {
		b.Run(fmt.Sprint(users, " users"), func(b *testing.B) {
			s := benchSandbox(b, generated(b, users), b.TempDir())
			c := &http.Client{Transport: s.Transport()}
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				ask(b, c, "POST", "http://127.0.0.1/beta/deviceManagement/virtualEndpoint/userSettings", `{"displayName":"x","provisioningSourceType":"image"}`, 201)
			}
		})
	}
}

// BenchmarkLargeTenant makes a tenant of 20,000 users and says what it holds in memory.
func BenchmarkLargeTenant(b *testing.B) {
	text := generated(b, 20_000)
	for b.Loop() {
		s := benchSandbox(b, text, "")
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc>>20), "MiB-held")
		b.ReportMetric(float64(m.Sys>>20), "MiB-from-os")
		runtime.KeepAlive(s)
	}
}
