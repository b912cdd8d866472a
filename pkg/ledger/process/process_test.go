package process_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"wave365/pkg/ledger/process"
)

func TestLifeOf(t *testing.T) {
	t.Parallel()
	me := os.Getpid()
	token := process.Token(me)
	if process.LifeOf(me, token) != process.Alive || process.LifeOf(me, "") != process.Alive {
		t.Error("this process does not count as alive")
	}
	if token != "" && process.LifeOf(me, "x"+token) != process.Gone {
		t.Error("another process with this one's id counts as alive")
	}
	if process.LifeOf(0, "") != process.Gone || process.LifeOf(-1, "") != process.Gone {
		t.Error("no process at all counts as alive")
	}
	child := exec.Command(os.Args[0], "-test.run=^$")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := child.Process.Pid
	was := process.Token(pid)
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := process.LifeOf(pid, was); got != process.Gone {
		t.Errorf("a process that ended counts as %s", got)
	}
}

// A process that was killed under a parent that does not wait for it exists and does nothing: it must not hold a lock.
func TestAZombieIsGone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no zombies")
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Skip(err)
	}
	pid := child.Process.Pid
	token := process.Token(pid)
	if got := process.LifeOf(pid, token); got != process.Alive {
		t.Errorf("a process that sleeps counts as %s", got)
	}
	_ = child.Process.Kill()
	defer func() { _ = child.Wait() }() // until then it is a zombie
	for limit := time.After(10 * time.Second); process.LifeOf(pid, token) != process.Gone; {
		select {
		case <-time.After(time.Millisecond):
		case <-limit:
			t.Fatal("a zombie counts as alive")
		}
	}
}

// Processes of another container cannot be seen from here: the id may belong to another process here, or to none.
func TestAnotherPIDNamespaceIsUnknown(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux parts process ids")
	}
	token := process.Token(os.Getpid())
	i := strings.LastIndex(token, "@")
	if i < 0 {
		t.Fatalf("the token %q names no space", token)
	}
	for _, pid := range []int{os.Getpid(), 1 << 22} {
		if got := process.LifeOf(pid, token[:i]+"@pid:[1]"); got != process.Unknown {
			t.Errorf("process %d of another space counts as %s", pid, got)
		}
	}
	// As earlier versions wrote it, without the namespace.
	if process.LifeOf(os.Getpid(), token[:i]) != process.Alive || process.LifeOf(os.Getpid(), "x"+token[:i]) != process.Gone {
		t.Error("a token without a space is not understood")
	}
}
