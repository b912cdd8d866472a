package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// steerCommands are the script commands about runs that are steered while they go on.
func steerCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){"awaits": awaits, "post": post, "mend": mend, "clockin": clockIn, "snapshot": snapshotOf}
}

// awaits PATTERN PROGRAM ARGS… runs a program again and again until its standard output matches.
func awaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: awaits PATTERN PROGRAM [ARG…]")
	}
	want := regexp.MustCompile("(?m)" + args[0])
	limit := time.After(60 * time.Second)
	for {
		err := ts.Exec(args[1], args[2:]...)
		out := ts.ReadFile("stdout")
		if err == nil && want.MatchString(out) {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-limit:
			ts.Fatalf("%v never gave %q; the last time:\n%s", args[1:], args[0], out)
		}
	}
}

// post PATH BODY sends to the tenant's own endpoints.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: post PATH BODY")
	}
	resp, err := http.Post(ts.Getenv("TENANT")+args[0], "application/json", bytes.NewReader([]byte(args[1])))
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode >= 300 {
		ts.Fatalf("POST %s: %s %s", args[0], resp.Status, text)
	}
}

// mend takes every fault out of the tenant.
func mend(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: mend")
	}
	req, err := http.NewRequest(http.MethodDelete, ts.Getenv("TENANT")+"/sandbox/faults", nil)
	ts.Check(err)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	if resp.StatusCode >= 300 {
		ts.Fatalf("DELETE /sandbox/faults: %s", resp.Status)
	}
}

// clockin VAR MINUTES sets a variable to the local time of day that the tenant's clock shows in so many minutes.
func clockIn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: clockin VAR MINUTES")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var doc struct{ Now time.Time }
	read(ts, "/sandbox/clock", &doc)
	ts.Setenv(args[0], doc.Now.In(time.Local).Add(time.Duration(n)*time.Minute).Format("15:04"))
}

// snapshot VAR N sets a variable to the id of the tenant's only import, and wants that there are N.
func snapshotOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: snapshot VAR N")
	}
	var doc struct {
		Tenant struct{ Imports []struct{ ID string } }
	}
	read(ts, "/sandbox/state", &doc)
	if strconv.Itoa(len(doc.Tenant.Imports)) != args[1] {
		ts.Fatalf("%d imports, want %s", len(doc.Tenant.Imports), args[1])
	}
	ts.Setenv(args[0], doc.Tenant.Imports[0].ID)
}

func read(ts *testscript.TestScript, path string, into any) {
	resp, err := http.Get(ts.Getenv("TENANT") + path)
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(json.Unmarshal(text, into))
}
