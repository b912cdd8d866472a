package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs every testdata/script/*.txtar: the tool as a person types it, with exit code and both streams.
func TestScripts(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Abs(filepath.Join("..", "..", "waves"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), RequireExplicitExec: true, RequireUniqueNames: true,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SAMPLES", samples)
			e.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: scriptCommands(),
	})
}

func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := steerCommands()
	maps.Copy(all, map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits, "dump": dump, "deleted": deleted, "touched": touched, "mark": mark, "foreign": foreign, "mail": mailsOf, "strike": strike, "lose": lose, "undecided": undecided, "follow": follow, "anyway": anyway, "tenant": tenant, "requests": requests, "count": count, "same": same, "document": document,
	})
	return all
}

// exits CODE PROGRAM ARGS… runs a program and wants this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ended with %d, want %d\nstdout:\n%s\nstderr:\n%s", strings.Join(args[1:], " "), got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// tenant SCENARIO [SPEED] starts a sandbox in a process of its own, ends it with the script, and sets $TENANT to its
// URL and $HOSTPORT to its address.
func tenant(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: tenant SCENARIO [SPEED]")
	}
	speed := "6000"
	if len(args) == 2 {
		speed = args[1]
	}
	cmd := exec.Command(os.Args[0], "sandbox", "--scenario", ts.MkAbs(args[0]), "--speed", speed, "--state", ts.MkAbs("state-of-"+filepath.Base(args[0])))
	cmd.Env = append(os.Environ(), beTheTool+"=1")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	var ends struct{ Graph string }
	ts.Check(json.Unmarshal([]byte(line), &ends))
	ts.Setenv("TENANT", ends.Graph)
	ts.Setenv("HOSTPORT", strings.TrimPrefix(ends.Graph, "http://"))
}

type loggedRequest struct {
	Method, Path, Effect, User, Outcome string
	Status                              int
}

func readRequests(root string) ([]loggedRequest, error) { return requestsAfter(root, 0) }

// requestsAfter is readRequests without the first n.
func requestsAfter(root string, n int64) ([]loggedRequest, error) {
	resp, err := http.Get(fmt.Sprintf("%s/sandbox/requests?after=%d", root, n))
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var doc struct{ Requests []loggedRequest }
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return doc.Requests, json.Unmarshal(body, &doc)
}

// requests EFFECT N wants so many requests at the tenant whose effect contains the text; "any" is any effect at all.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests EFFECT N")
	}
	all, err := readRequests(ts.Getenv("TENANT"))
	ts.Check(err)
	if len(all) == 0 {
		ts.Fatalf("the tenant's request log is empty")
	}
	n := 0
	for _, r := range all {
		if r.Effect != "" && (args[0] == "any" || strings.Contains(r.Effect, args[0])) {
			n++
		}
	}
	if fmt.Sprint(n) != args[1] {
		ts.Fatalf("%d requests with effect %q, want %s", n, args[0], args[1])
	}
}

// foreign VAR USER [STATUS] has somebody else import a disk for the user, and sets VAR to the import's id.
func foreign(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: foreign VAR USER [STATUS]")
	}
	ids := func() map[string]bool {
		var doc struct {
			Tenant struct{ Imports []struct{ ID string } }
		}
		read(ts, "/sandbox/state", &doc)
		all := map[string]bool{}
		for _, i := range doc.Tenant.Imports {
			all[i.ID] = true
		}
		return all
	}
	before, status := ids(), ""
	if len(args) == 3 {
		status = `,"status":"` + args[2] + `"`
	}
	post(ts, false, []string{"/sandbox/events", `[{"do":"give-import","user":"` + args[1] + `"` + status + `}]`})
	for id := range ids() {
		if !before[id] {
			ts.Setenv(args[0], id)
			return
		}
	}
	ts.Fatalf("no import was made")
}

// mail SUBJECT N wants so many mails in the tenant whose subject holds the text.
func mailsOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mail SUBJECT N")
	}
	var doc struct {
		Tenant struct{ Mails []struct{ Subject string } }
	}
	read(ts, "/sandbox/state", &doc)
	n := 0
	for _, m := range doc.Tenant.Mails {
		if strings.Contains(m.Subject, args[0]) {
			n++
		}
	}
	if fmt.Sprint(n) != args[1] {
		ts.Fatalf("%d mails about %q, want %s, of %v", n, args[0], args[1], doc.Tenant.Mails)
	}
}

// deleted N wants so many blobs deleted at the tenant's storage account.
func deleted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deleted N")
	}
	all, err := readRequests(ts.Getenv("TENANT"))
	ts.Check(err)
	n := 0
	for _, r := range all {
		if r.Method == http.MethodDelete && r.Status == http.StatusAccepted && strings.HasPrefix(r.Path, "/devstoreaccount1/") {
			n++
		}
	}
	if fmt.Sprint(n) != args[0] {
		ts.Fatalf("%d blobs were deleted, want %s", n, args[0])
	}
}

// count FILE KEY N … wants these numbers in a JSON answer's counts.
func count(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: count FILE KEY N [KEY N…]")
	}
	var doc struct{ Counts map[string]int }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	for i := 1; i < len(args); i += 2 {
		if got, ok := doc.Counts[args[i]]; !ok || fmt.Sprint(got) != args[i+1] {
			ts.Fatalf("%s is %d, want %s, in %v", args[i], got, args[i+1], doc.Counts)
		}
	}
}

// document SCHEMA wants one JSON document of this schema on the last command's standard output, and nothing else.
func document(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: document SCHEMA")
	}
	var doc struct{ Schema string }
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc); err != nil || doc.Schema != args[0] {
		ts.Fatalf("schema %q, %v, want %q in\n%s", doc.Schema, err, args[0], ts.ReadFile("stdout"))
	}
}

// same FILE FILE wants two files with the same bytes.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same FILE FILE")
	}
	if ts.ReadFile(args[0]) != ts.ReadFile(args[1]) {
		ts.Fatalf("%s and %s differ", args[0], args[1])
	}
}
