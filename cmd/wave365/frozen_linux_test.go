package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/playbook"
)

// frozenApp is the tool for tests. With WAVE365_FREEZE="SHARE BLIND SEED" it stops itself, as SIGSTOP does, after that
// share of the intents of imports, until somebody lets it go on; blind, it does not ask afterwards whether it still has
// the run.
func frozenApp() *app {
	a := newApp()
	f := &freezing{}
	var seed uint64
	if n, _ := fmt.Sscan(os.Getenv("WAVE365_FREEZE"), &f.share, &f.blind, &seed); n == 3 {
		f.rng = rand.New(rand.NewPCG(seed, uint64(os.Getpid())))
		a.journal = func(j playbook.Journal) playbook.Journal { return frozenJournal{j, f} }
	}
	return a
}

// frozenAt is what the name of the file begins with, in the working folder, that a process leaves which stops itself; the
// rest is the id of the user whose import it was about to ask for.
const frozenAt = "frozen-"

type freezing struct {
	share float64
	blind bool
	mu    sync.Mutex
	rng   *rand.Rand
}

func (f *freezing) roll() float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rng.Float64()
}

type frozenJournal struct {
	playbook.Journal
	*freezing
}

func (j frozenJournal) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in, err := j.Journal.Intend(ctx, in)
	if err == nil && in.Effect == migration.EffectImport && j.roll() < j.share {
		_ = os.WriteFile(frozenAt+in.Subject, nil, 0o600)
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-time.After(time.Second) // the signal stops the other threads first, and this one an instant later
	}
	return in, err
}

func (j frozenJournal) Holds(ctx context.Context) error {
	if j.blind {
		return nil
	}
	return j.Journal.Holds(ctx)
}
