package rehearsal

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"wave365/pkg/sandbox/reqlog"
)

// Measures counts what a rehearsal requested from its tenant.
type Measures struct {
	// Graph and Storage count requests, those inside a $batch individually; Calls counts HTTP calls of both.
	Graph   int `json:"graph_requests"`
	Storage int `json:"storage_requests"`
	Calls   int `json:"http_calls"`
	// Throttled counts 429 answers, Spoiled requests hit by a fault.
	Throttled int `json:"throttled"`
	Spoiled   int `json:"spoiled"`
	// Imports is how many imports were sent, BusiestDay the most within 24 hours.
	Imports    int `json:"imports_sent"`
	BusiestDay int `json:"imports_in_24_hours"`
	// Licenses counts assigned licenses.
	Licenses int `json:"licenses_given"`
}

// Measure reads a sandbox's request log, one JSON entry per line.
func Measure(r io.Reader) (Measures, error) {
	var m Measures
	var imports []time.Time
	for d := json.NewDecoder(r); ; {
		var e reqlog.Entry
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, err
		}
		m.add(e)
		if strings.HasSuffix(strings.ToLower(e.Path), "/importsnapshot") {
			imports = append(imports, e.Time)
		}
	}
	m.Imports = len(imports)
	from := 0
	for i, t := range imports {
		for t.Sub(imports[from]) >= 24*time.Hour {
			from++
		}
		m.BusiestDay = max(m.BusiestDay, i-from+1)
	}
	return m, nil
}

func (m *Measures) add(e reqlog.Entry) {
	if strings.HasPrefix(e.Path, "/sandbox") {
		return
	}
	if !e.Batch {
		m.Calls++
	}
	if e.Status == 429 {
		m.Throttled++
	}
	if e.Fault != "" {
		m.Spoiled++
	}
	if strings.HasPrefix(e.Effect, "license assigned") {
		m.Licenses++
	}
	switch {
	case strings.HasPrefix(e.Path, "/v1.0/") || strings.HasPrefix(e.Path, "/beta/"):
		if !strings.HasSuffix(e.Path, "/$batch") {
			m.Graph++
		}
	default:
		m.Storage++
	}
}
