// Package simtest plays whole evenings in virtual time: the real clients, playbook and runner against the sandbox, with
// faults, delays and sudden deaths drawn from a seed. It holds tests only.
package simtest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/migration"
)

// TestMain lets memory grow for speed, up to a bound: the stories leave much behind that is soon garbage, and the redaction knows
// every signature of theirs as long as the process lives, which is 2 GiB of 20,000 stories.
func TestMain(m *testing.M) {
	debug.SetGCPercent(1000)
	debug.SetMemoryLimit(4 << 30)
	os.Exit(m.Run())
}

// TestSimulation plays as many stories as WAVE365_SEEDS says (default 400; 2,000 in CI), from WAVE365_FIRST on (default 1). With
// WAVE365_SEED it plays that one alone, and tells all it asked when it fails. A seed tells the same story again, nearly
// always; for the rest it is played up to WAVE365_TIMES times (default 20).
func TestSimulation(t *testing.T) {
	t.Parallel()
	if one := number("WAVE365_SEED", 0); one > 0 {
		for range number("WAVE365_TIMES", 20) {
			if !t.Run(fmt.Sprint("Seed", one), func(t *testing.T) { playSeed(t, one) }) {
				return
			}
		}
		return
	}
	seeds, first := number("WAVE365_SEEDS", defaultSeeds), number("WAVE365_FIRST", 1)
	var next, failed atomic.Uint64
	next.Store(first)
	for i := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprint("Worker", i), func(t *testing.T) {
			t.Parallel()
			for seed := next.Add(1) - 1; seed < first+seeds && failed.Load() < 5; seed = next.Add(1) - 1 {
				if !t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) { playSeed(t, seed) }) {
					failed.Add(1)
				}
			}
		})
	}
}

func number(name string, def uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return def
}

func playSeed(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(t, draw(seed))
		if w != nil {
			defer func() {
				if err := w.close(); err != nil {
					t.Error(err)
				}
			}()
		}
		if err == nil {
			err = errors.Join(w.play(), w.check())
		}
		if err == nil {
			err = w.tendAll()
		}
		if err != nil {
			t.Errorf("a promise was broken; play it again with: WAVE365_SEED=%d go test -run TestSimulation ./pkg/runner/simtest\n%v\n%s", seed, err, w.story.tell())
			if os.Getenv("WAVE365_SEED") != "" && w != nil {
				w.trace(t)
			}
		}
	})
}

// tell says what the story is about.
func (s *story) tell() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows (%d of them late), %d slots, %d workers, knobs %+v", len(s.people), s.late, s.slots, s.workers, s.scenario.Knobs)
	for _, f := range s.faults {
		fmt.Fprintf(&b, "\n  fault %+v", f)
	}
	for _, c := range s.cares {
		fmt.Fprintf(&b, "\n  afterwards: %s", c.tell())
	}
	for _, a := range s.further {
		fmt.Fprintf(&b, "\n  another wave of people %d to %d, before process %d, ends %+v", a.from, a.to, a.before, a.ends)
	}
	for _, m := range s.others {
		fmt.Fprintf(&b, "\n  somebody, after %s: %s (%d; %s)", m.after, m.what, m.n, m.lasts)
	}
	for _, e := range s.ends {
		for _, a := range e.before {
			fmt.Fprintf(&b, "\n  the operator: %s (%d)", a.what, a.n)
		}
		fmt.Fprintf(&b, "\n  %s at step %d (it takes effect: %t), then %s; flags %+v", cmp.Or(e.how, "not ended"), e.after, e.effect, e.pause, e.steer)
		for _, o := range e.orders {
			fmt.Fprintf(&b, "\n    after %s: %s %d %d", o.after, o.Kind, o.Slots, o.Row)
		}
	}
	return b.String()
}

// trace writes everything that was asked and everything that was recorded.
func (w *world) trace(t *testing.T) {
	t.Log(w.tale(t))
	rows, _ := w.store.Rows(t.Context(), w.run.ID)
	t.Logf("%+v", migration.Count(rows))
}

// tale is everything that was asked and everything that was recorded, in order of time.
func (w *world) tale(t *testing.T) string {
	log, err := w.requests()
	if err != nil {
		t.Log(err)
	}
	events, err := w.store.Events(t.Context(), w.run.ID)
	if err != nil {
		t.Log(err)
	}
	var b strings.Builder
	write := func(at time.Time) {
		for len(events) > 0 && !events[0].At.After(at) {
			e := events[0]
			events = events[1:]
			code := ""
			if e.Problem != nil {
				code = e.Problem.Code + ": " + e.Problem.Message
			}
			fmt.Fprintf(&b, "%s   row %d: %s at %s → %s at %s (%s) %s %s\n", stamp(e.At), e.Row, e.From, e.Step, e.To, e.NextStep, e.Reason, e.Note, code)
		}
	}
	for _, e := range log {
		write(e.Time.Add(-1))
		fmt.Fprintf(&b, "%s %s %s?%s %d %s %s %s\n", stamp(e.Time), e.Method, e.Path, e.Query, e.Status, e.Effect, e.User, e.Fault)
	}
	write(time.Now())
	return ids.ReplaceAllString(b.String(), "client-request-id …")
}

// ids are the only thing in a tale that is not in the seed.
var ids = regexp.MustCompile(`client-request-id [0-9a-f-]{36}`)
