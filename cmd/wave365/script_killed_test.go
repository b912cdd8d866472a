package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// strike PATH ARGS… runs the tool, and kills it while a request is under way whose method and path hold PATH. The command
// must come to such a request. "second:PATH" is the second one.
func strike(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: strike PATH ARG…")
	}
	path, second := strings.CutPrefix(args[0], "second:")
	after := "0"
	if second {
		after = "1"
	}
	killAt(ts, `{"match": "`+path+`", "kind": "delay", "delay": "2000h", "after": `+after+`, "count": 1}`, args[1:])
}

// lose WRITE READ N ARGS… runs the tool: the write whose method and path hold WRITE has its effect, its answers are lost, and
// the process is killed at the first request after N whose method and path hold READ, when it looks what became of it.
func lose(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: lose WRITE READ N ARG…")
	}
	killAt(ts, `{"match": "`+args[1]+`", "kind": "delay", "delay": "2000h", "after": `+args[2]+`, "count": 1},
		{"match": "`+args[0]+`", "kind": "drop-reply"}`, args[3:])
}

// killAt runs the tool, and kills it when the first of the faults hits.
func killAt(ts *testscript.TestScript, faults string, args []string) {
	post(ts, false, []string{"/sandbox/faults", "[" + faults + "]"})
	cmd := exec.Command(os.Args[0], args...)
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
			ts.Fatalf("%v ended before it came to %s", args, faults)
		case <-limit:
			ts.Fatalf("%v neither ended nor came to %s", args, faults)
		case <-time.After(20 * time.Millisecond):
			var doc struct{ Faults []struct{ Hits int } }
			read(ts, "/sandbox/state", &doc)
			struck = len(doc.Faults) > 0 && doc.Faults[0].Hits > 0
		}
	}
	_ = cmd.Process.Kill()
	<-ended
	mend(ts, false, nil)
}

// undecided N [LEDGER] wants so many writes of commands in the ledger of which nobody knows how they ended.
func undecided(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: undecided N [LEDGER]")
	}
	path := defaultLedger
	if len(args) == 2 {
		path = args[1]
	}
	l, err := ledger.Open(context.Background(), ts.MkAbs(path), ledger.Options{ReadOnly: true})
	ts.Check(err)
	defer func() { _ = l.Close() }()
	open, err := l.Writes(context.Background(), migration.WriteFilter{Undecided: true})
	ts.Check(err)
	if strconv.Itoa(len(open)) != args[0] {
		ts.Fatalf("%d writes are undecided, want %s: %+v", len(open), args[0], open)
	}
}

// anyway ARGS… runs the tool, which may find that all is done already.
func anyway(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("wave365", args...)
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != exitNothing) { //nolint:errorlint // testscript returns it bare
		ts.Fatalf("%v: %v\n%s", args, err, ts.ReadFile("stderr"))
	}
}
