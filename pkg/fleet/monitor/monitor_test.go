package monitor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var broken error
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, l, func(context.Context) ([]Metric, error) {
			return []Metric{
				{Name: "slices_total", Help: "Slices.", Counter: true, Value: 3},
				{Name: "jobs", Label: `state="queued"`, Help: "Jobs.", Value: 1}, {Name: "jobs", Label: `state="done"`, Help: "Jobs.", Value: 2},
			}, broken
		})
	}()
	get := func(path string) (int, string) {
		resp, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := get("/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %d %s", status, body)
	}
	_, body := get("/metrics")
	want := `# HELP wave365_slices_total Slices.
# TYPE wave365_slices_total counter
wave365_slices_total 3
# HELP wave365_jobs Jobs.
# TYPE wave365_jobs gauge
wave365_jobs{state="queued"} 1
wave365_jobs{state="done"} 2
# HELP wave365_database_up Whether the database answers.
# TYPE wave365_database_up gauge
wave365_database_up 1
`
	if body != want {
		t.Errorf("/metrics:\n%s", body)
	}
	broken = errors.New("away")
	if status, _ := get("/healthz"); status != http.StatusServiceUnavailable {
		t.Errorf("/healthz without a database: %d", status)
	}
	if status, body := get("/livez"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/livez without a database: %d %s", status, body)
	}
	if _, body := get("/metrics"); !strings.Contains(body, "wave365_database_up 0") {
		t.Errorf("/metrics without a database:\n%s", body)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
