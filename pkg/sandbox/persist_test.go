package sandbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox"
)

// killed copies a state folder as it is now: what a process that is killed at this moment leaves.
func killed(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// held is all that the tenant holds, at a moment that does not move.
func held(t *testing.T, c client) any {
	t.Helper()
	state := read[map[string]any](t, c.do(200, "GET", "/sandbox/state", ""))
	tenant := state["tenant"].(map[string]any)
	delete(tenant, "Now")
	return tenant
}

func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := inMemory(t, start(t, sandbox.Config{StateDir: dir}))
	step := func(what string, do func()) {
		t.Helper()
		do()
		again := inMemory(t, start(t, sandbox.Config{StateDir: killed(t, dir)}))
		again.do(200, "GET", virtualEndpoint+"/cloudPCs", "") // both have seen the same time
		c.do(200, "GET", virtualEndpoint+"/cloudPCs", "")
		if diff := cmp.Diff(held(t, c), held(t, again)); diff != "" {
			t.Errorf("after %s (-before +after the kill):\n%s", what, diff)
		}
		if got, want := len(again.requests()), len(c.requests()); got != want {
			t.Errorf("after %s: %d requests in the log, want %d", what, got, want)
		}
	}
	step("nothing", func() {})
	step("a migration", func() { c.migrate("anna") })
	step("a refusal", func() {
		c.do(400, "POST", virtualEndpoint+"/snapshots/importSnapshot", c.importBody(c.user("anna"), "disks/anna.vhd", c.clock()))
	})
	step("a jump of the clock", func() { c.advance("3h") })
	step("another import", func() { c.startImport("ben") })
	step("a setting", func() {
		c.do(201, "POST", virtualEndpoint+"/userSettings", `{"displayName":"More","provisioningSourceType":"image"}`)
	})
	step("a batch", func() {
		user := c.user("ben")
		group := read[list](t, c.do(200, "GET", "/v1.0/groups", "")).Value[0].ID
		c.do(200, "POST", "/v1.0/$batch", fmt.Sprintf(`{"requests":[{"id":"1","method":"POST","url":"/groups/%s/members/$ref",
			"headers":{"Content-Type":"application/json"},"body":{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/%s"}}]}`, group, user))
	})
	step("an hour", func() { c.advance("1h") })
}

func TestImportGoesOnWhileDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, sandbox.Config{StateDir: dir, Speed: 1})
	c := inMemory(t, first)
	id := c.startImport("anna")
	c.advance("45m")
	before := c.clock()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := inMemory(t, start(t, sandbox.Config{StateDir: dir, Speed: 600}))
	if got := again.importOf(id); got.ImportStatus != "succeeded" {
		t.Errorf("got %+v", got)
	}
	if now := again.clock(); now.Before(before) || now.After(before.Add(3*time.Hour)) {
		t.Errorf("service time went from %v to %v", before, now)
	}
	if len(again.requests()) < 3 {
		t.Error("the request log was lost")
	}
}

func TestFaultsSurvive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := inMemory(t, start(t, sandbox.Config{StateDir: dir}))
	c.do(200, "POST", "/sandbox/faults", `{"match":"/users","kind":"status","count":2}`)
	c.do(503, "GET", "/v1.0/users/anna@contoso.example", "")
	again := inMemory(t, start(t, sandbox.Config{StateDir: killed(t, dir)}))
	again.do(503, "GET", "/v1.0/users/anna@contoso.example", "")
	again.do(200, "GET", "/v1.0/users/anna@contoso.example", "")
}

func TestBlobDeletesSurvive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := inMemory(t, start(t, sandbox.Config{StateDir: dir}))
	path := "/" + sandbox.Account + "/disks/anna.vhd"
	c.do(501, "PUT", path, "") // no blob is written here
	c.do(202, "DELETE", path, "")
	again := inMemory(t, start(t, sandbox.Config{StateDir: killed(t, dir)}))
	again.do(404, "HEAD", path, "")
	again.do(200, "HEAD", "/"+sandbox.Account+"/disks/ben.vhd", "")
	if log := c.requests(); log[1].Effect != "blob deleted" || log[1].Outcome != "accepted" || log[0].Outcome != "unknown" {
		t.Errorf("the log: %+v", log)
	}
}

func TestStateOfAnotherScenarioIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, sandbox.Config{StateDir: dir})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	other := load(t, strings.Replace(story, "{upn: ben}", "{upn: ben, department: Sales}", 1))
	for name, cfg := range map[string]sandbox.Config{
		"another scenario": {Scenario: other, StateDir: dir},
		"another seed":     {Scenario: load(t, story), Seed: 9, StateDir: dir},
	} {
		if _, err := sandbox.New(cfg); fault.CodeOf(err) != "sandbox.state-of-another" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	start(t, sandbox.Config{StateDir: dir})
}

func TestOneSandboxPerFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, sandbox.Config{StateDir: dir})
	if _, err := sandbox.New(sandbox.Config{Scenario: load(t, story), StateDir: dir}); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v, want a fault Conflict", err)
	}
}

func TestFullDiskStopsTheSandbox(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Config{Scenario: load(t, story), StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	c := inMemory(t, s)
	group := read[list](t, c.do(200, "GET", "/v1.0/groups", "")).Value[0].ID
	user := c.user("anna")
	if err := s.BreakJournal(); err != nil {
		t.Fatal(err)
	}
	_, err = c.try(t.Context(), "POST", virtualEndpoint+"/userSettings", `{"displayName":"one more"}`)
	if err == nil {
		t.Error("a write that could not be kept was answered")
	}
	c.do(503, "GET", "/v1.0/groups/"+group+"/members", "")
	c.do(503, "GET", "/v1.0/users/"+user, "")
	if got, err := c.try(t.Context(), "DELETE", "/"+sandbox.Account+"/disks/anna.vhd", ""); err == nil && got.status < 500 {
		t.Errorf("a deletion was answered with %d", got.status)
	}
}

func TestServiceTimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := inMemory(t, start(t, sandbox.Config{StateDir: dir}))
	c.advance("5h")
	c.startImport("anna")
	before := c.clock()
	back := killed(t, dir)
	// The same folder on a machine whose clock is a day behind.
	name := filepath.Join(back, "journal.jsonl")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	today, tomorrow := time.Now(), time.Now().Add(24*time.Hour)
	text := strings.ReplaceAll(string(data), `"wall":"`+today.Format("2006-01-02"), `"wall":"`+tomorrow.Format("2006-01-02"))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if now := inMemory(t, start(t, sandbox.Config{StateDir: back})).clock(); now.Before(before.Add(-time.Minute)) {
		t.Errorf("service time went back from %v to %v", before, now)
	}
}

func TestSignatureStillEndsAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := inMemory(t, start(t, sandbox.Config{StateDir: dir}))
	// Signed so that it ends in five minutes: long before the copy does.
	body := c.importBody(c.user("anna"), "disks/anna.vhd", c.clock().Add(-6*time.Hour+5*time.Minute))
	id := read[thing](t, c.do(200, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)).SnapshotID
	again := inMemory(t, start(t, sandbox.Config{StateDir: killed(t, dir)}))
	again.advance("1h")
	if got := again.importOf(id); got.ImportStatus != "failed" {
		t.Errorf("got %+v, want a failed import", got)
	}
}
