package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/faults"
	"wave365/pkg/sandbox/graphapi"
	"wave365/pkg/sandbox/scenario"
)

// change is one line of the journal. The tenant's rules are the same every time for the same requests at the same service
// times, so a change is kept as the request that made it: its cost does not depend on how much state there is.
type change struct {
	Time time.Time `json:"t"`
	// A request that changed something, with what storage said about the blobs it named. No SAS query, no token.
	Method string            `json:"method,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
	Checks []blobCheck       `json:"checks,omitempty"`
	Effect string            `json:"effect,omitempty"`
	// Or a moved clock, or changed fault rules.
	Clock  *mark         `json:"clock,omitempty"`
	Faults []faults.Rule `json:"faults,omitempty"`
	Rules  bool          `json:"rules,omitempty"`
	// Or what others were made to do.
	Events []scenario.Event `json:"events,omitempty"`
	// Or a blob that was deleted: account, container and name.
	Deleted []string `json:"deleted,omitempty"`
}

// retell makes one line of the journal happen again. at and last follow the clock and the time of the changes.
func (s *Sandbox) retell(line []byte, at *mark, last *time.Time) error {
	var c change
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	*last = c.Time
	switch {
	case c.Clock != nil:
		*at = *c.Clock
	case c.Rules:
		s.faults.Restore(c.Faults)
		return s.tenant.SetKnobs(c.Time, s.knobs())
	case c.Events != nil:
		return s.tenant.Others(c.Time, c.Events)
	case len(c.Deleted) == 3:
		s.storage.stores[c.Deleted[0]].Delete(c.Deleted[1], c.Deleted[2])
	case c.Method != "":
		return s.redo(c)
	}
	return nil
}

// redo makes the change of a request again.
func (s *Sandbox) redo(c change) error {
	r, err := http.NewRequestWithContext(context.Background(), c.Method, "http://sandbox", bytes.NewReader([]byte(c.Body)))
	if err != nil {
		return err
	}
	if r.URL, err = url.ParseRequestURI(c.URI); err != nil {
		return err
	}
	r.RequestURI = c.URI
	for k, v := range c.Header {
		r.Header.Set(k, v)
	}
	s.pinned.Store(&c.Time)
	defer s.pinned.Store(nil)
	s.storage.replay(c.Checks)
	defer s.storage.live()
	var tr graphapi.Trace
	rec := newRecorder(nil)
	s.graph.ServeHTTP(rec, r.WithContext(graphapi.WithTrace(r.Context(), &tr)))
	if tr.Effect != c.Effect {
		return fault.New(fault.Invalid, "sandbox.state",
			fmt.Sprintf("the state folder was written by another version of this program: %s %s had the effect %q and now has %q (status %d)",
				c.Method, r.URL.Path, c.Effect, tr.Effect, rec.status()), "remove the folder to begin the story again")
	}
	return nil
}

// record makes a change durable. The caller holds s.order for writing (or is alone).
func (s *Sandbox) record(c change) error {
	if s.journal == nil {
		return nil
	}
	if c.Time.IsZero() {
		c.Time = s.clock.Now()
	}
	line, err := json.Marshal(c)
	if err == nil {
		err = s.journal.Append(line)
	}
	if err != nil {
		return s.breakDown(err)
	}
	return nil
}

// breakDown ends the sandbox's service: what happened in memory is not on disk, so nothing may be answered any more.
func (s *Sandbox) breakDown(err error) error {
	f := fault.Wrap(fault.Unavailable, "sandbox.state", "the sandbox cannot write its state folder and has stopped answering",
		"make room on the disk and start it again", err)
	if s.broken.CompareAndSwap(nil, f) {
		s.log.Error(f.Msg, "error", err)
	}
	return f
}

// signed finds the query of a signed URL inside a JSON text.
var signed = regexp.MustCompile(`(https?:[^"?\s]*)\?[^"\s]*sig(=|%3[dD])[^"\s]*`)

// unsigned takes a signed URL's query away but for the two ends of its life: an import runs only as long as its signature.
func unsigned(raw []byte) []byte {
	path, query, _ := strings.Cut(string(raw), "?")
	values, err := url.ParseQuery(strings.ReplaceAll(query, `\u0026`, "&"))
	if err != nil {
		return []byte(path)
	}
	kept := url.Values{}
	for _, name := range []string{"se", "ske"} {
		if v := values.Get(name); v != "" {
			kept.Set(name, v)
		}
	}
	if len(kept) == 0 {
		return []byte(path)
	}
	return []byte(path + "?" + kept.Encode())
}

// journalled is the change of a request, without secrets.
func journalled(r *http.Request, body []byte, now time.Time, effect string, checks []blobCheck) change {
	c := change{Time: now, Method: r.Method, URI: r.RequestURI, Effect: effect, Checks: checks, Header: map[string]string{}}
	if c.URI == "" {
		c.URI = r.URL.RequestURI()
	}
	c.Body = string(signed.ReplaceAllFunc(body, unsigned))
	for k := range r.Header {
		switch k {
		case "Authorization":
			c.Header[k] = "Bearer sandbox"
		case "Cookie", "User-Agent", "Accept-Encoding", "Content-Encoding", "Content-Length", "Connection", "X-Forwarded-For":
		default:
			c.Header[k] = r.Header.Get(k)
		}
	}
	return c
}

// knobs are the scenario's with what the fault rules in force make of them, those that the tenant itself acts on: lag is a delay
// until a write is seen (of memberships or licenses when match says so), expire-import the life of an unused import, quota the
// imports that a day allows.
func (s *Sandbox) knobs() scenario.Knobs {
	k := s.scenario.Knobs
	for _, f := range s.faults.Rules() {
		switch f.Kind {
		case "lag":
			match := strings.ToLower(f.Match)
			if !strings.Contains(match, "license") {
				k.MembershipLag = cmp.Or(f.Delay, "10m")
			}
			if !strings.Contains(match, "member") {
				k.LicenseLag = cmp.Or(f.Delay, "10m")
			}
		case "flip-flop":
			k.FlipFlop = "on"
		case "reuse-id":
			k.ReuseCloudPCID = true
		case "expire-import":
			k.ImportExpires = cmp.Or(f.Delay, "1h")
		case "quota":
			k.DailyImports = cmp.Or(f.Count, 1)
		}
	}
	return k
}
