package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// A stop of all workers names the command that ends it, for their database, and fleet repeats it.
func TestStoppedWorkers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.worker("one", nil)
	database := f.server.URL("postgres")
	ask := func(args ...string) string {
		t.Helper()
		out, code := answer(t, tool(f.dir, append(args, "--database", database)...))
		if code != 0 {
			t.Fatalf("%v: exit code %d\n%s", args, code, out)
		}
		return out
	}
	again := startAgain(database)
	if !strings.Contains(again, "wave365 worker --start --database ") || !strings.Contains(again, database) {
		t.Fatalf("the command is %s", again)
	}
	for _, args := range [][]string{{"worker", "--stop"}, {"fleet"}} {
		if out := ask(args...); !strings.Contains(out, "until: "+again) {
			t.Errorf("%v does not name %s:\n%s", args, again, out)
		}
	}
	var doc workersDocument
	for _, tc := range []struct {
		flag    string
		stopped bool
	}{{"--stop", true}, {"--start", false}} {
		if out := ask("worker", tc.flag, "--json"); json.Unmarshal([]byte(out), &doc) != nil || doc != (workersDocument{"wave365/workers/v1", tc.stopped}) {
			t.Errorf("worker %s answers %s", tc.flag, out)
		}
	}
	if out := ask("fleet"); strings.Contains(out, again) {
		t.Errorf("started again:\n%s", out)
	}
}
