// Package monitor serves a worker's health and metrics over HTTP, in the text format that Prometheus reads. It does not
// interpret the numbers.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Metric is one number.
type Metric struct {
	// Name is without the prefix wave365_; Label is empty or as `state="parked"`.
	Name, Label, Help string
	// Counter: the number only grows; otherwise it is a gauge.
	Counter bool
	Value   float64
}

// Probe returns the metrics; an error means that the worker is not healthy, and comes with the metrics that are known.
type Probe func(ctx context.Context) ([]Metric, error)

// patience is how long a probe may take.
const patience = 3 * time.Second

// Serve answers /livez, /healthz and /metrics on l until ctx ends. /livez is well as long as the process is: a worker whose
// database is away may hold outcomes that it has yet to record, and is not to be ended for it.
func Serve(ctx context.Context, l net.Listener, probe Probe) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		if _, err := probe(ctx); err != nil {
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		metrics, err := probe(ctx)
		up := 1.0
		if err != nil {
			up = 0
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		Write(w, append(metrics, Metric{Name: "database_up", Help: "Whether the database answers.", Value: up}))
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: patience, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Write writes metrics; those of one name must be adjacent.
func Write(w io.Writer, metrics []Metric) {
	last := ""
	for _, m := range metrics {
		name := "wave365_" + m.Name
		if name != last {
			kind := "gauge"
			if m.Counter {
				kind = "counter"
			}
			fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, m.Help, name, kind)
			last = name
		}
		if m.Label != "" {
			name += "{" + m.Label + "}"
		}
		fmt.Fprintf(w, "%s %v\n", name, m.Value)
	}
}
