package process_test

import (
	"os"
	"os/exec"
	"testing"

	"wave365/pkg/ledger/process"
)

func TestAlive(t *testing.T) {
	t.Parallel()
	me := os.Getpid()
	token := process.Token(me)
	if !process.Alive(me, token) || !process.Alive(me, "") {
		t.Error("this process counts as dead")
	}
	if token != "" && process.Alive(me, token+"x") {
		t.Error("another process with this one's id counts as alive")
	}
	if process.Alive(0, "") || process.Alive(-1, "") {
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
	if process.Alive(pid, was) {
		t.Error("a process that ended counts as alive")
	}
}
