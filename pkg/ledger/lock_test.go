package ledger_test

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/process"
	"wave365/pkg/migration"
)

// The holder was frozen in the middle of a write: the next process is told who holds the lock and what to do, as usual.
func TestLockOfAFrozenHolder(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	_, err := l.Lock(ctx, ledger.Holder{Command: "wave365 run friday.csv", Run: "r1"})
	must(t, err)
	raw, err := sql.Open("sqlite", "file:"+l.Path())
	must(t, err)
	defer raw.Close()
	frozen, err := raw.Conn(ctx)
	must(t, err)
	defer frozen.Close()
	_, err = frozen.ExecContext(ctx, "BEGIN IMMEDIATE")
	must(t, err)
	next := openAt(t, l.Path(), ledger.Options{})
	_, err = next.Lock(ctx, ledger.Holder{})
	wantFault(t, err, fault.Conflict, "ledger.locked")
	if err != nil {
		text := err.Error() + fault.HintOf(err)
		for _, want := range []string{fmt.Sprint(os.Getpid()), "wave365 run friday.csv", "r1", "frozen"} {
			if !strings.Contains(text, want) {
				t.Errorf("the refusal does not name %q: %s", want, text)
			}
		}
	}
	_, err = frozen.ExecContext(ctx, "ROLLBACK")
	must(t, err)
}

func TestLock(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 2)
	second := openAt(t, l.Path(), ledger.Options{})
	release, err := l.Lock(ctx, ledger.Holder{Host: "elsewhere", User: "eve", Command: "wave365 run friday.csv", Started: evening, Run: "r1"})
	must(t, err)
	h, held, err := second.Holder(ctx)
	must(t, err)
	if !held || h.ID == "" || h.Life != process.Unknown || h.PID != os.Getpid() || !h.Started.Equal(evening) {
		t.Errorf("holder %+v, %v", h, held)
	}

	_, err = second.Lock(ctx, ledger.Holder{})
	wantFault(t, err, fault.Conflict, "ledger.locked")
	if err != nil {
		text := err.Error() + fault.HintOf(err) + fault.RemedyOf(err).Commands[0].String()
		for _, want := range []string{h.ID, h.Host, "eve", "wave365 run friday.csv", "since " + clocks.Moment(evening.UTC()), "r1"} {
			if !strings.Contains(text, want) {
				t.Errorf("the refusal does not name %q: %s", want, text)
			}
		}
	}
	must(t, l.Apply(ctx, migration.Claim(rows[0], evening)))

	wantFault(t, second.Unlock(ctx, "guess"), fault.Conflict, "ledger.locked")
	must(t, second.Unlock(ctx, h.ID))
	wantFault(t, second.Unlock(ctx, h.ID), fault.NotFound, "ledger.unlocked")
	wantFault(t, l.Apply(ctx, migration.Claim(rows[1], evening)), fault.Conflict, "ledger.lock-lost")
	_, err = l.Intend(ctx, migration.Intent{Run: "r1", Effect: migration.EffectJoin})
	wantFault(t, err, fault.Conflict, "ledger.lock-lost")

	releaseSecond, err := second.Lock(ctx, ledger.Holder{})
	must(t, err)
	must(t, release())
	if _, held, _ := l.Holder(ctx); !held {
		t.Error("the old holder's release freed the new holder's lock")
	}
	must(t, releaseSecond())
	must(t, releaseSecond())
	if h, held, _ := l.Holder(ctx); held {
		t.Errorf("still held by %+v", h)
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}

// The lock of a process that runs on this host is not taken away, and the message does not say how to.
func TestALivingHolderIsNotUnlocked(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	_, err := l.Lock(ctx, ledger.Holder{Run: "r1"})
	must(t, err)
	second := openAt(t, l.Path(), ledger.Options{})
	h, _, err := second.Holder(ctx)
	must(t, err)
	if h.Life != process.Alive || h.Host == "" {
		t.Errorf("the holder is %+v", h)
	}
	_, err = second.Lock(ctx, ledger.Holder{})
	wantFault(t, err, fault.Conflict, "ledger.locked")
	if strings.Contains(fault.HintOf(err), "unlock") {
		t.Errorf("the holder lives, and its lock is offered: %s", fault.HintOf(err))
	}
	wantFault(t, second.Unlock(ctx, h.ID), fault.Conflict, "ledger.holder-lives")
	must(t, l.Holds(ctx))
}

// A request to a run whose process has died fails at once.
func TestRequestToADeadProcessFails(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	must(t, cmd.Start())
	_, err := l.Lock(ctx, ledger.Holder{PID: cmd.Process.Pid, Run: "r1"})
	must(t, err)
	must(t, cmd.Wait())
	second := openAt(t, l.Path(), ledger.Options{})
	_, err = second.RecordRequest(ctx, ledger.Request{Run: "r1", By: "ada on host", Kind: ledger.RequestPause})
	wantFault(t, err, fault.Conflict, "ledger.not-driven")
	if err != nil && !strings.Contains(err.Error(), "ended unexpectedly") {
		t.Errorf("it does not say that the process is gone: %v", err)
	}
	h, held, err := second.Holder(ctx)
	must(t, err)
	if !held || h.Life != process.Gone {
		t.Errorf("the holder is %+v, %v", h, held)
	}
}

func TestCloseReleases(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := t.TempDir() + "/ledger.db"
	l, err := ledger.Open(ctx, path, ledger.Options{})
	must(t, err)
	release, err := l.Lock(ctx, ledger.Holder{})
	must(t, err)
	must(t, l.Close())
	must(t, release())
	l = openAt(t, path, ledger.Options{})
	if h, held, _ := l.Holder(ctx); held {
		t.Errorf("still held by %+v", h)
	}
}

func TestLockReplacesTheDead(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := open(t)
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	must(t, cmd.Start())
	_, err := l.Lock(ctx, ledger.Holder{PID: cmd.Process.Pid, ID: "dead"})
	must(t, err)
	must(t, cmd.Wait())
	second := openAt(t, l.Path(), ledger.Options{})
	release, err := second.Lock(ctx, ledger.Holder{ID: "alive"})
	must(t, err)
	replaced := false
	for e, err := range l.Audit(ctx, "") {
		must(t, err)
		replaced = replaced || e.Kind == "lock-replaced" && strings.Contains(string(e.Body), "dead")
	}
	if !replaced {
		t.Error("the audit does not say that a dead holder was replaced")
	}
	must(t, release())
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}

func TestLockOfAnotherHostIsKept(t *testing.T) {
	t.Parallel()
	l := open(t)
	_, err := l.Lock(t.Context(), ledger.Holder{Host: "elsewhere", PID: 1 << 30})
	must(t, err)
	_, err = l.Lock(t.Context(), ledger.Holder{})
	wantFault(t, err, fault.Conflict, "ledger.locked")
}
