// Package admin serves the sandbox's own endpoints, with which tests and people inspect a tenant and steer its story. They are
// never subject to faults and never logged.
package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/clock"
	"wave365/pkg/sandbox/faults"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/scenario/check"
	"wave365/pkg/sandbox/scenario/shape"
	"wave365/pkg/sandbox/tenant"
)

// Sandbox is what the endpoints show and control.
type Sandbox struct {
	Scenario string
	Seed     int64
	Start    time.Time
	Clock    *clock.Clock
	Requests *reqlog.Log
	Faults   *faults.Set
	// State returns the tenant's current state.
	State func() tenant.State
	// Advance moves service time forward, Rules lets do change the rules in force, and Others makes other people do things.
	// Each makes its effect durable. Others returns a fault of kind Invalid for an unknown name; all other faults are
	// Unavailable.
	Advance func(time.Duration) error
	Rules   func(do func()) error
	Others  func([]scenario.Event) error
}

// Handler serves /sandbox/.
func Handler(s Sandbox) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/clock", func(w http.ResponseWriter, _ *http.Request) { s.writeClock(w) })
	mux.HandleFunc("POST /sandbox/clock", s.postClock)
	mux.HandleFunc("GET /sandbox/requests", s.getRequests)
	mux.HandleFunc("GET /sandbox/state", s.getState)
	mux.HandleFunc("POST /sandbox/events", s.postEvents)
	mux.HandleFunc("GET /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) { s.writeFaults(w) })
	mux.HandleFunc("POST /sandbox/faults", s.postFaults)
	mux.HandleFunc("DELETE /sandbox/faults", s.deleteFaults)
	mux.HandleFunc("/sandbox/", func(w http.ResponseWriter, r *http.Request) {
		Complain(w, http.StatusNotFound, "no such sandbox endpoint: "+r.Method+" "+r.URL.Path+
			"; there are GET and POST clock, GET requests, GET state, POST events, and GET, POST and DELETE faults")
	})
	return mux
}

func (s Sandbox) writeClock(w http.ResponseWriter) {
	writeJSON(w, struct {
		Now   time.Time `json:"now"`
		Speed float64   `json:"speed"`
	}{s.Clock.Now(), s.Clock.Mark().Speed})
}

// postClock moves service time forward.
func (s Sandbox) postClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string `json:"advance"`
	}
	if err := strict(r.Body, &in); err != nil {
		Complain(w, http.StatusBadRequest, err.Error())
		return
	}
	d, err := time.ParseDuration(in.Advance)
	if err != nil || d < 0 {
		Complain(w, http.StatusBadRequest, fmt.Sprintf("advance: expected a duration such as 20m, got %q", in.Advance))
		return
	}
	if err := s.Advance(d); err != nil {
		Complain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	s.writeClock(w)
}

// getRequests pages through the request log: ?after=N begins after entry N, ?limit=M stops after M entries. "dropped" counts the
// oldest entries, which are no longer in memory.
func (s Sandbox) getRequests(w http.ResponseWriter, r *http.Request) {
	after, err := number(r, "after")
	limit, err2 := number(r, "limit")
	if err := errors.Join(err, err2); err != nil {
		Complain(w, http.StatusBadRequest, err.Error())
		return
	}
	entries, dropped := s.Requests.Page(after, int(limit))
	writeJSON(w, struct {
		Requests []reqlog.Entry `json:"requests"`
		Dropped  int64          `json:"dropped"`
	}{entries, dropped})
}

func number(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: expected a whole number, got %q", name, text)
	}
	return n, nil
}

// getState returns the tenant, but only those of its users who changed since the scenario.
func (s Sandbox) getState(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, struct {
		Scenario string        `json:"scenario"`
		Seed     int64         `json:"seed"`
		Start    time.Time     `json:"start"`
		Now      time.Time     `json:"now"`
		Speed    float64       `json:"speed"`
		Faults   []faults.Rule `json:"faults"`
		Tenant   tenant.State  `json:"tenant"`
	}{s.Scenario, s.Seed, s.Start, s.Clock.Now(), s.Clock.Mark().Speed, s.Faults.Rules(), s.State()})
}

func (s Sandbox) writeFaults(w http.ResponseWriter) {
	writeJSON(w, struct {
		Faults []faults.Rule `json:"faults"`
	}{append([]faults.Rule{}, s.Faults.Rules()...)})
}

// list reads one value of a body, or a list of them, and returns their problems as an error.
func list[T any](r *http.Request, wrong func(T) []shape.Problem) ([]T, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	var all []T
	if !strings.HasPrefix(strings.TrimSpace(string(body)), "[") {
		all = make([]T, 1)
		err = strict(bytes.NewReader(body), &all[0])
	} else {
		err = strict(bytes.NewReader(body), &all)
	}
	for _, x := range all {
		for _, p := range wrong(x) {
			err = errors.Join(err, fmt.Errorf("%s: %s", p.Field, p.Expected))
		}
	}
	return all, err
}

// postFaults adds a fault, or a list of them.
func (s Sandbox) postFaults(w http.ResponseWriter, r *http.Request) {
	rules, err := list(r, check.Fault)
	if err != nil {
		Complain(w, http.StatusBadRequest, err.Error())
		return
	}
	s.setFaults(w, func() { s.Faults.Add(rules...) })
}

// postEvents makes other people do something, one thing or a list, each at its time from now on.
func (s Sandbox) postEvents(w http.ResponseWriter, r *http.Request) {
	events, err := list(r, check.Event)
	if err != nil {
		Complain(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := s.Others(events); err != nil {
		status := http.StatusServiceUnavailable
		if fault.Is(err, fault.Invalid) {
			status = http.StatusBadRequest
		}
		Complain(w, status, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s Sandbox) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	s.setFaults(w, func() { s.Faults.Restore(nil) })
}

func (s Sandbox) setFaults(w http.ResponseWriter, do func()) {
	if err := s.Rules(do); err != nil {
		Complain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	s.writeFaults(w)
}

func strict(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("expected a JSON document of this endpoint: %w", err)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

// Complain answers with an error message.
func Complain(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"message": message}})
}
