package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/run"
)

// frozenApp is the tool for tests. With WAVE365_FREEZE="SHARE BLIND SEED" it stops itself, as SIGSTOP does, at that share of
// its imports, until somebody lets it go on: half of them right after the intent, half when the request is about to get its
// connection, after the question whether the run is still its own. A SEED of 0 stops it at the first intent, of 1 at the
// first request. Blind, the answer to that question is always yes.
func frozenApp() *app {
	a := newApp()
	f := &freezing{of: map[string]string{}}
	if n, _ := fmt.Sscan(os.Getenv("WAVE365_FREEZE"), &f.share, &f.blind, &f.seed); n == 3 {
		f.rng = rand.New(rand.NewPCG(f.seed, uint64(os.Getpid())))
		if f.blind { // a look that grew old would keep it back as well
			a.clock = func(c run.Clock) run.Clock { return blindClock{c} }
		}
		a.journal = func(j playbook.Journal) playbook.Journal { return frozenJournal{j, f} }
		// The tool's own transport is made from this one, and asks this before a request gets its connection.
		http.DefaultTransport.(*http.Transport).Proxy = f.atTheWire
	}
	return a
}

// frozenAt is what the name of the file begins with, in the working folder, that a process leaves which stops itself; the
// rest is the id of the user whose import it was about to ask for. It holds the process's id.
const frozenAt = "frozen-"

// calm is the name of a file in the working folder: where it lies no process stops itself any more.
const calm = "calm"

type freezing struct {
	share float64
	blind bool
	seed  uint64
	done  bool // it has stopped itself
	mu    sync.Mutex
	rng   *rand.Rand
	// of is whose import each request asks for, by its client-request-id.
	of map[string]string
}

// at stops the process where that is to happen.
func (f *freezing) at(wire bool, user string) {
	if _, err := os.Stat(calm); err == nil {
		return
	}
	f.mu.Lock()
	hit := f.rng.Float64() < f.share/2
	if f.seed < 2 {
		hit = wire == (f.seed == 1) && !f.done
	}
	f.done = f.done || hit
	f.mu.Unlock()
	if !hit {
		return
	}
	_ = os.WriteFile(frozenAt+user, []byte(strconv.Itoa(os.Getpid())), 0o600)
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-time.After(time.Second) // the signal stops the other threads first, and this one an instant later
}

func (f *freezing) atTheWire(r *http.Request) (*url.URL, error) {
	if strings.HasSuffix(r.URL.Path, "/importSnapshot") {
		f.mu.Lock()
		user := f.of[r.Header.Get("client-request-id")]
		f.mu.Unlock()
		f.at(true, user)
	}
	return http.ProxyFromEnvironment(r)
}

// blindClock takes no stretch of time for long: no look ever seems too old for an import.
type blindClock struct{ run.Clock }

func (c blindClock) Wall(d time.Duration) time.Duration { return min(c.Clock.Wall(d), time.Second) }

type frozenJournal struct {
	playbook.Journal
	*freezing
}

func (j frozenJournal) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in, err := j.Journal.Intend(ctx, in)
	if err == nil && in.Effect == migration.EffectImport {
		j.mu.Lock()
		j.of[in.ClientRequestID] = in.Subject
		j.mu.Unlock()
		j.at(false, in.Subject)
	}
	return in, err
}

func (j frozenJournal) Holds(ctx context.Context) error {
	if j.blind {
		return nil
	}
	return j.Journal.Holds(ctx)
}
