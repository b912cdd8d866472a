package simtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// quiet is a wave of any size on a good evening: disks of 64 to 512 GiB, durations as the sandbox draws them.
func quiet(rows int) *story {
	r := rand.New(rand.NewPCG(uint64(rows), 7))
	s := &story{seed: 1, slots: 50, workers: 8}
	sc := &s.scenario
	sc.Version, sc.Name, sc.Seed = 1, "speed", 1
	sc.Knobs.DailyImports = -1 // a wave larger than a day's imports waits for the next day, however quick we are
	sc.Tenant = scenario.Tenant{ID: "11111111-2222-3333-4444-555555555555", Name: "Contoso", Domain: "contoso.example"}
	sc.Licenses = []scenario.License{{SKU: "CPC_E_8C_32GB_512GB", Seats: rows}}
	sc.Groups = []scenario.Group{{Name: "grp-0"}}
	sc.Policies = []scenario.Policy{{Name: "P0", Groups: []string{"grp-0"}}}
	for i := range rows {
		p := person{name: fmt.Sprintf("u%05d", i), crowd: i, trigger: migration.TriggerLicense}
		u := scenario.User{UPN: p.name}
		if i%5 == 4 {
			p.trigger = migration.TriggerMembership
			u.Licenses = []string{"CPC_E_8C_32GB_512GB"}
		}
		sc.Users = append(sc.Users, u)
		sc.Blobs = append(sc.Blobs, scenario.Blob{Path: "disks/" + p.name + ".vhd", GiB: 64 << r.IntN(4)})
		s.people = append(s.people, p)
	}
	return s
}

// meter counts what is asked of Graph; each answer takes a moment.
type meter struct {
	http.RoundTripper
	mu              sync.Mutex
	calls, requests int
	by              map[string]int
}

func (m *meter) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(150 * time.Millisecond)
	if strings.HasPrefix(req.URL.Path, "/devstoreaccount1") {
		return m.RoundTripper.RoundTrip(req)
	}
	inside := []string{req.Method + " " + req.URL.Path}
	if strings.HasSuffix(req.URL.Path, "/$batch") {
		text, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(text))
		var doc struct {
			Requests []struct{ Method, URL string }
		}
		if err := json.Unmarshal(text, &doc); err != nil {
			return nil, err
		}
		inside = nil
		for _, r := range doc.Requests {
			inside = append(inside, r.Method+" "+r.URL)
		}
	}
	m.mu.Lock()
	m.calls++
	for _, in := range inside {
		m.requests++
		m.by[kind(in)]++
	}
	m.mu.Unlock()
	return m.RoundTripper.RoundTrip(req)
}

// kind is a request without ids.
func kind(line string) string {
	line, _, _ = strings.Cut(line, "?")
	line, _, _ = strings.Cut(line, "(")
	parts := strings.Split(line, "/")
	for i, p := range parts {
		if len(p) == 36 && strings.Count(p, "-") == 4 {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// TestSpeed runs a wave of WAVE365_ROWS rows (default 600) through 50 slots in virtual time and compares the makespan with
// the lower bound that no order and no polling could beat: the longest row, or all imports one after the other through the
// slots and then the shortest provisioning. `make bench` runs it with 3,000 rows.
func TestSpeed(t *testing.T) {
	t.Parallel()
	rows := int(number("WAVE365_ROWS", 600))
	if raced {
		rows = min(rows, 100)
	}
	synctest.Test(t, func(t *testing.T) {
		s := quiet(rows)
		w, err := newWorld(t, s)
		if w != nil {
			defer func() {
				if err := w.close(); err != nil {
					t.Error(err)
				}
			}()
		}
		if err != nil {
			t.Fatal(err)
		}
		m := &meter{RoundTripper: w.wire, by: map[string]int{}}
		w.wire = m
		began := time.Now()
		if err := w.play(); err != nil {
			t.Fatal(err)
		}
		makespan := time.Since(began) - 5*time.Minute // the pause after the last process
		all, err := w.store.Rows(t.Context(), w.run.ID)
		if err != nil {
			t.Fatal(err)
		}
		if c := migration.Count(all); c.Succeeded != rows {
			t.Fatalf("%+v", c)
		}
		var imports, longest, found time.Duration
		shortest := time.Duration(1 << 62)
		for _, r := range all {
			f := r.Facts
			in, out := f.ImportEnded.Sub(f.ImportStarted), f.Provisioned.Sub(f.CutOver)
			imports += in
			longest = max(longest, in+out)
			shortest = min(shortest, out)
			found += f.CutOver.Sub(f.ImportEnded)
		}
		bound := max(longest, imports/time.Duration(s.slots)+shortest)
		ratio := float64(makespan) / float64(bound)
		requests, calls := float64(m.requests)/float64(rows), float64(m.calls)/float64(rows)
		t.Logf("%d rows, %d slots: makespan %s, lower bound %s, ratio %.4f; %.2f Graph requests in %.2f HTTP calls per user; an import's end is acted on after %s",
			rows, s.slots, makespan.Round(time.Second), bound.Round(time.Second), ratio, requests, calls, (found / time.Duration(rows)).Round(time.Second))
		for k, n := range m.by {
			t.Logf("%8.3f per user: %s", float64(n)/float64(rows), k)
		}
		var missed []error
		miss := func(what string, got, most float64) {
			if got > most {
				missed = append(missed, fmt.Errorf("%s: %.3f, want at most %.2f", what, got, most))
			}
		}
		few := 1.0
		if rows < 500 { // in a short wave fewer rows share a call
			few = 1.25
		}
		// Two requests and one call of these are the look before the import, and nearly one more of each that before the cut-over,
		// which are worth them.
		miss("Graph requests per user", requests, 12*few)
		miss("HTTP calls per user", calls, 5.75*few)
		if rows >= 10000 { // a short wave has a long tail
			miss("makespan by lower bound", ratio, 1.03)
		}
		if err := errors.Join(missed...); err != nil {
			t.Error(err)
		}
	})
}
