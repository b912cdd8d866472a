package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// childEnv is the ledger that this test binary works on when it is started as a child; checkpointEnv is its
// Options.Checkpoint.
const (
	childEnv      = "LEDGER_TEST_CHILD"
	checkpointEnv = "LEDGER_TEST_CHECKPOINT"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := work(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// work drives the rows of r1 until it is killed, and prints on stdout what was acknowledged.
func work(path string) error {
	ctx := context.Background()
	checkpoint, _ := time.ParseDuration(os.Getenv(checkpointEnv))
	// On a full disk every row may be waiting to record an answer at the same moment: then only this ends the process.
	stalled := func(why error) {
		fmt.Fprintln(os.Stderr, why)
		os.Exit(1)
	}
	l, err := ledger.Open(ctx, path, ledger.Options{Checkpoint: checkpoint, Stalled: stalled})
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

// TestKill kills a working process at random moments. What was acknowledged as durable is there afterwards, the next
// process replaces its lock, and the chain is intact.
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
	for i := range rounds {
		// Every other process checkpoints without a pause, so that the kill finds it in the middle of that.
		checkpoint := time.Duration(i%2) * time.Microsecond
		child := startChild(t, path, checkpoint)
		child.killAfter(1 + rand.IntN(400))
		child.check(t, path)
	}
}

// check compares a ledger with what its process was told is durable.
func (c *child) check(t *testing.T, path string) {
	t.Helper()
	l, err := ledger.Open(t.Context(), path, ledger.Options{})
	must(t, err)
	defer l.Close()
	rows, err := l.Rows(t.Context(), "r1")
	must(t, err)
	total := int64(0)
	for _, r := range rows {
		if r.Version < c.versions[int64(r.Index)] {
			t.Errorf("row %d: version %d, but %d was acknowledged", r.Index, r.Version, c.versions[int64(r.Index)])
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
	open := maps.Clone(c.intents)
	for _, in := range all {
		if open[in.ID] == "outcome" && in.Outcome == nil {
			t.Errorf("intent %d lost its outcome", in.ID)
		}
		delete(open, in.ID)
	}
	if len(open) > 0 {
		t.Errorf("acknowledged intents are gone: %v", open)
	}
	must(t, ledger.VerifyChain(l.Audit(t.Context(), "")))
}

// child is a process that works on a ledger, and what it has printed.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	// versions is the last version of each row; intents is whether "intent" or "outcome" was printed for each.
	versions map[int64]int64
	intents  map[int64]string
	stderr   bytes.Buffer
}

func startChild(t *testing.T, path string, checkpoint time.Duration) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0]), versions: map[int64]int64{}, intents: map[int64]string{}}
	c.cmd.Env = append(os.Environ(), childEnv+"="+path, checkpointEnv+"="+checkpoint.String())
	c.cmd.Stderr = &c.stderr
	out, err := c.cmd.StdoutPipe()
	must(t, err)
	must(t, c.cmd.Start())
	c.lines = bufio.NewScanner(out)
	return c
}

// read reads what the child prints until it has printed n more lines, or ends.
func (c *child) read(n int) bool {
	for ; n > 0; n-- {
		if !c.lines.Scan() {
			return false
		}
		var kind, a, b string
		// The last line may be incomplete, and a number in it too; a complete line ends with a line feed.
		if _, err := fmt.Sscan(c.lines.Text(), &kind, &a, &b); err != nil {
			continue
		}
		row, _ := strconv.ParseInt(a, 10, 64)
		num, _ := strconv.ParseInt(b, 10, 64)
		if kind == "row" {
			c.versions[row] = max(c.versions[row], num)
		} else {
			c.intents[num] = kind
		}
	}
	return true
}

// killAfter kills the child after that many acknowledgements, and reads what it printed until then.
func (c *child) killAfter(n int) {
	c.read(n)
	_ = c.cmd.Process.Kill()
	for c.read(1) {
	}
	_ = c.cmd.Wait()
}
