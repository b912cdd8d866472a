package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// sql runs a statement in the database of the ledgers.
func (f *fleetUnderTest) sql(query string) {
	f.t.Helper()
	db, err := pgx.Connect(f.t.Context(), f.server.URL("postgres"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = db.Close(f.t.Context()) }()
	if _, err := db.Exec(f.t.Context(), query); err != nil {
		f.t.Fatal(err)
	}
}

// status is what status says of the run r1 of a ledger.
func (f *fleetUnderTest) status(t *testing.T, name string) (doc statusDocument, text string) {
	t.Helper()
	out, err := tool(f.dir, "status", "r1", "--json", "--ledger", f.server.Ledger(name)).Output()
	if err != nil || json.Unmarshal(out, &doc) != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	text, _ = answer(t, tool(f.dir, "status", "r1", "--ledger", f.server.Ledger(name)))
	return doc, text
}

// A run is recorded and queued, or neither: one that nobody will drive must not look as if it were under way.
func TestSubmitRecordsAndQueuesTogether(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	wave, url := f.tenant("contoso", 3, 1200)
	submit := func() (string, int) {
		return answer(t, tool(f.dir, "submit", wave, "--sandbox="+url, "--ledger", f.server.Ledger("contoso"), "--run-id", "r1", "--yes", "--at", "23:59"))
	}
	f.sql("ALTER TABLE river.river_job ADD CONSTRAINT broken CHECK (false) NOT VALID")
	if out, code := submit(); code == 0 || !strings.Contains(out, "could not record and queue the run") {
		t.Fatalf("submit into a broken queue: exit code %d\n%s", code, out)
	}
	if out, code := answer(t, tool(f.dir, "runs", "--ledger", f.server.Ledger("contoso"))); code != 0 || !strings.Contains(out, "no runs yet") {
		t.Fatalf("a run that was not queued is in the ledger (exit code %d):\n%s", code, out)
	}
	f.sql("ALTER TABLE river.river_job DROP CONSTRAINT broken")
	if out, code := submit(); code != 0 {
		t.Fatalf("submit: exit code %d\n%s", code, out)
	}
	doc, text := f.status(t, "contoso")
	if q := doc.Queue; doc.State != "waiting" || q == nil || q.State != queue.Scheduled || q.Due.IsZero() || q.Since.IsZero() {
		t.Errorf("state %s, queue %+v", doc.State, doc.Queue)
	}
	if !strings.Contains(text, "queue: waits for its start at ") || strings.Contains(text, "resume") {
		t.Errorf("status of a run that begins later:\n%s", text)
	}
	// The workers would not find the run in a copy of its ledger. Once it is cancelled, nothing is taken from them.
	copying := func() (string, int) {
		return answer(t, tool(f.dir, "ledger", "copy", f.server.Ledger("contoso"), "copy.db", "--yes"))
	}
	if out, code := copying(); code != exitLocked || !strings.Contains(out, "run r1 was submitted to the workers") || !strings.Contains(out, "wave365 drain r1 --ledger") {
		t.Errorf("copy of a ledger that workers are to drive: exit code %d\n%s", code, out)
	}
	if out, code := answer(t, tool(f.dir, "cancel", "r1", "--yes", "--ledger", f.server.Ledger("contoso"))); code != 0 {
		t.Errorf("cancel: exit code %d\n%s", code, out)
	}
	if out, code := copying(); code != 0 {
		t.Errorf("copy after cancel: exit code %d\n%s", code, out)
	}
}

// hang lets the next request for an import go without an answer, for hours.
func hang(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Post(url+"/sandbox/faults", "application/json", strings.NewReader(`{"match": "importSnapshot", "kind": "delay", "delay": "2000h", "count": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// hanging waits until that request has come.
func hanging(t *testing.T, url string) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; <-time.After(50 * time.Millisecond) {
		resp, err := http.Get(url + "/sandbox/state")
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Faults []struct{ Hits int } }
		err = json.NewDecoder(resp.Body).Decode(&doc)
		_ = resp.Body.Close()
		if err != nil || time.Now().After(limit) {
			t.Fatalf("no import was asked for: %v", err)
		}
		if len(doc.Faults) > 0 && doc.Faults[0].Hits > 0 {
			return
		}
	}
}

// A worker that is told to stop waits for a call that does not end for no longer than a platform has patience, and not at
// all when it is told again.
func TestAWorkerStopsInTime(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for _, again := range []bool{false, true} {
		name := map[bool]string{false: "once", true: "again"}[again]
		wave, url := f.tenant(name, 2, 600)
		hang(t, url)
		f.submit(name, wave, url)
		w := f.worker(name, nil)
		hanging(t, url)
		ended := make(chan error, 1)
		go func() { ended <- w.Wait() }()
		tick := time.NewTicker(100 * time.Millisecond)
		began, told := time.Now(), false
		for over := false; !over; {
			if !told || again {
				_ = w.Process.Signal(syscall.SIGTERM)
				told = true
			}
			select {
			case <-ended:
				over = true
			case <-tick.C:
			}
		}
		tick.Stop()
		took, ends := time.Since(began), w.ProcessState.ExitCode()
		log, err := os.ReadFile(filepath.Join(f.dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case again && (ends != -1 || took > 10*time.Second):
			t.Errorf("told again: the worker ended after %s with %d", took, ends)
		case !again && (ends != 0 || took > 25*time.Second || !strings.Contains(string(log), "did not come to rest in time")):
			t.Errorf("told once: the worker ended after %s with %d\n%s", took, ends, log)
		}
	}
}

// rewrite changes the record of a run, as no command can.
func (f *fleetUnderTest) rewrite(name, from, to string) {
	f.t.Helper()
	f.sql(fmt.Sprintf(`ALTER TABLE wave365_%s.runs DISABLE TRIGGER USER; UPDATE wave365_%s.runs SET body = replace(body, '%s', '%s'); ALTER TABLE wave365_%s.runs ENABLE TRIGGER USER`, name, name, from, to, name))
}

// A worker leaves a run whose tenant it has no credential for to other workers, and says so; it parks one whose sign-in leads
// into another tenant than the ledger has.
func TestAWorkerKeepsToTheTenant(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	begin := func(name string) (url, tenant string) {
		wave, url := f.tenant(name, 2, 1200)
		f.submit(name, wave, url, "--at", "23:59")
		doc, _ := f.status(t, name)
		return url, doc.Tenant
	}
	url, tenant := begin("left")
	f.rewrite("left", url, "") // a real tenant, as far as the worker knows
	_, moved := begin("moved")
	f.rewrite("moved", moved, "00000000-1111-2222-3333-444444444444")
	credentials := filepath.Join(f.dir, "fleet.yaml")
	if err := os.WriteFile(credentials, []byte("credentials:\n  ours: {sign-in: managed-identity}\ntenants:\n  00000000-9999-2222-3333-444444444444: {credential: ours}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.worker("one", nil, "--credentials", credentials)
	for _, name := range []string{"left", "moved"} {
		if err := f.queue.Wake(t.Context(), name, "r1"); err != nil {
			t.Fatal(err)
		}
	}
	left := f.job("left", time.Minute, func(j queue.Job) bool { return j.Why != "" })
	if left.State != queue.Scheduled || !strings.Contains(left.Why, tenant) || !strings.Contains(left.Why, "no credential for the tenant; it is left to other workers") {
		t.Errorf("without a credential: %+v", left)
	}
	out, code := answer(t, tool(f.dir, "fleet", "--database", f.server.URL("postgres")))
	if words := strings.Join(strings.Fields(out), " "); code != 0 || !strings.Contains(words, "left r1: waits for another worker: ") || !strings.Contains(words, "no credential for the tenant; it is left to other workers") {
		t.Errorf("fleet of a run that no worker can take up: exit code %d\n%s", code, out)
	}
	other := f.job("moved", time.Minute, inState(queue.Parked))
	if !strings.Contains(other.Why, "this sign-in is in tenant "+moved) || !strings.Contains(other.Why, "sign in to the run's own tenant") || !strings.HasSuffix(other.Why, "; then: wave365 resume r1") {
		t.Errorf("in another tenant: %+v", other)
	}
	for name, u := range map[string]string{"left": f.tenants[0], "moved": f.tenants[1]} {
		if n := f.imports(u); len(n) > 0 {
			t.Errorf("%s: imports were asked for: %v", name, n)
		}
	}
}

// A request to a run that is to start later is recorded, and does not start it before its time.
func TestARequestDoesNotStartAScheduledRun(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	wave, url := f.tenant("contoso", 2, 1200)
	f.submit("contoso", wave, url, "--at", "23:59")
	due := f.job("contoso", time.Minute, inState(queue.Scheduled)).Due
	for _, args := range [][]string{{"slots", "3"}, {"pause"}, {"continue"}, {"drain"}} {
		out, code := answer(t, tool(f.dir, append(args, "--ledger", f.server.Ledger("contoso"))...))
		if code != 0 || !strings.Contains(out, "the run waits for its start at ") {
			t.Errorf("%s: exit code %d\n%s", args[0], code, out)
		}
		if j := f.job("contoso", time.Minute, func(queue.Job) bool { return true }); j.State != queue.Scheduled || !j.Due.Equal(due) {
			t.Errorf("after %s: %+v, was due at %s", args[0], j, due)
		}
	}
}

// Rows are cancelled while a run waits in the queue, while a worker drives it, and while it waits for a person; one of which
// nothing is left waits for nobody.
func TestCancelInTheFleet(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	wave, url := f.tenant("contoso", 8, 400)
	address := f.server.Ledger("contoso")
	f.submit("contoso", wave, url, "--at", "23:59", "--slots", "2")
	users := func(state migration.State) (list []string) {
		l, err := ledger.Open(t.Context(), address, ledger.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		rows, err := l.Rows(t.Context(), "r1")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.State == state {
				list = append(list, r.Target.User)
			}
		}
		return list
	}
	cancel := func(args ...string) {
		t.Helper()
		if out, code := answer(t, tool(f.dir, append([]string{"cancel", "r1", "--yes", "--ledger", address}, args...)...)); code != 0 || !strings.Contains(out, "cancelled") {
			t.Fatalf("cancel %v: exit code %d\n%s", args, code, out)
		}
	}
	cancel("--row", users(migration.Pending)[0])
	if j := f.job("contoso", time.Second, inState(queue.Scheduled)); j.Why != "" || len(users(migration.Cancelled)) != 1 {
		t.Errorf("after a row of the queued run was cancelled: %+v, cancelled are %v", j, users(migration.Cancelled))
	}
	if err := f.queue.Wake(t.Context(), "contoso", "r1"); err != nil {
		t.Fatal(err)
	}
	f.worker("one", nil, "--slice", "20s")
	f.until("imports are sent", time.Minute, func() bool { return len(f.imports(url)) == 2 })
	last := users(migration.Pending)
	cancel("--row", last[len(last)-1])
	f.until("the worker has cancelled it", 30*time.Second, func() bool { return len(users(migration.Cancelled)) == 2 })

	if out, code := answer(t, tool(f.dir, "drain", "r1", "--ledger", address)); code != 0 {
		t.Fatalf("drain: exit code %d\n%s", code, out)
	}
	f.job("contoso", time.Minute, inState(queue.Parked))
	cancel()
	f.job("contoso", time.Minute, inState(queue.Done))
	later, laterURL := f.tenant("later", 2, 400)
	f.submit("later", later, laterURL, "--at", "23:59")
	if out, code := answer(t, tool(f.dir, "cancel", "r1", "--yes", "--ledger", f.server.Ledger("later"))); code != 0 {
		t.Fatalf("cancel of all that is to begin later: exit code %d\n%s", code, out)
	}
	f.job("later", time.Minute, inState(queue.Done))
	if n := len(f.imports(url)); n == 0 || n+len(users(migration.Cancelled)) != 8 {
		t.Errorf("%d imports, cancelled are %v", n, users(migration.Cancelled))
	}
}
