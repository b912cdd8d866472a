package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// childEnv names the ledger that this test binary works on when it is started as a child.
const childEnv = "LEDGER_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child drives the rows of r1 until it is killed, and says on stdout what was acknowledged.
func child(path string) error {
	ctx := context.Background()
	l, err := ledger.Open(ctx, path, ledger.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	release, err := l.Lock(ctx, ledger.Holder{Command: "child"})
	if err != nil {
		return err
	}
	defer release()
	rows, err := l.Rows(ctx, "r1")
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for _, r := range rows {
		wg.Go(func() {
			for {
				in, err := l.Intend(ctx, migration.Intent{Run: r.Run, Row: r.Index, Effect: migration.EffectJoin, Subject: "u"})
				if err == nil {
					fmt.Printf("intent %d %d\n", r.Index, in.ID)
					err = l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone})
				}
				tr := flip(r)
				if err == nil {
					fmt.Printf("outcome %d %d\n", r.Index, in.ID)
					err = l.Apply(ctx, tr)
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				r = tr.To()
				fmt.Printf("row %d %d\n", r.Index, r.Version)
			}
		})
	}
	wg.Wait()
	return nil
}

// TestKill kills a working process at random moments. What it was told is durable is there afterwards, the next
// process replaces its lock, and the chain holds.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(t.Context(), path, ledger.Options{})
	must(t, err)
	must(t, l.CreateRun(t.Context(), newRun("r1"), newRows("r1", 8), nil))
	must(t, l.Close())
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		versions, intents := killOne(t, path, 1+rand.IntN(400))
		l, err := ledger.Open(t.Context(), path, ledger.Options{})
		must(t, err)
		rows, err := l.Rows(t.Context(), "r1")
		must(t, err)
		total := int64(0)
		for _, r := range rows {
			if r.Version < versions[int64(r.Index)] {
				t.Errorf("row %d: version %d, but %d was acknowledged", r.Index, r.Version, versions[int64(r.Index)])
			}
			total += r.Version
		}
		events, err := l.Events(t.Context(), "r1")
		must(t, err)
		if int64(len(events)) != total {
			t.Errorf("%d events for %d transitions", len(events), total)
		}
		all, err := l.AllIntents(t.Context(), "r1")
		must(t, err)
		for _, in := range all {
			if intents[in.ID] == "outcome" && in.Outcome == nil {
				t.Errorf("intent %d lost its outcome", in.ID)
			}
			delete(intents, in.ID)
		}
		if len(intents) > 0 {
			t.Errorf("acknowledged intents are gone: %v", intents)
		}
		must(t, ledger.VerifyChain(l.Audit(t.Context(), "")))
		must(t, l.Close())
	}
}

// killOne starts a child, kills it after so many acknowledgements and gives what it said.
func killOne(t *testing.T, path string, after int) (versions map[int64]int64, intents map[int64]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	versions, intents = map[int64]int64{}, map[int64]string{}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == after {
			must(t, cmd.Process.Kill())
		}
		var kind, a, b string
		// The last line may be cut off in its middle, and a number with it; a whole line has its line end.
		if _, err := fmt.Sscan(lines.Text(), &kind, &a, &b); err != nil {
			continue
		}
		row, _ := strconv.ParseInt(a, 10, 64)
		num, _ := strconv.ParseInt(b, 10, 64)
		if kind == "row" {
			versions[row] = max(versions[row], num)
		} else {
			intents[num] = kind
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	return versions, intents
}
