package main

import (
	"os"
	"os/exec"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// strike PATH ARGS… runs the tool, and kills it while a request is under way whose method and path hold PATH. The command
// must come to such a request.
func strike(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: strike PATH ARG…")
	}
	post(ts, false, []string{"/sandbox/faults", `{"match": "` + args[0] + `", "kind": "delay", "delay": "2000h", "count": 1}`})
	cmd := exec.Command(os.Args[0], args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), beTheTool+"=1", "NO_COLOR=1")
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	limit := time.After(60 * time.Second)
	for struck := false; !struck; {
		select {
		case <-ended:
			ts.Fatalf("%v ended before it came to %s", args[1:], args[0])
		case <-limit:
			ts.Fatalf("%v neither ended nor came to %s", args[1:], args[0])
		case <-time.After(20 * time.Millisecond):
			var doc struct{ Faults []struct{ Hits int } }
			read(ts, "/sandbox/state", &doc)
			for _, f := range doc.Faults {
				struck = struck || f.Hits > 0
			}
		}
	}
	_ = cmd.Process.Kill()
	<-ended
	mend(ts, false, nil)
}

// anyway ARGS… runs the tool, which may find that all is done already.
func anyway(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("wave365", args...)
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != exitNothing) { //nolint:errorlint // testscript returns it bare
		ts.Fatalf("%v: %v\n%s", args, err, ts.ReadFile("stderr"))
	}
}
