package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/pgtest"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/generate"
	"wave365/pkg/sandbox/loopback"
)

// fleetUnderTest is a database, some workers, and some tenants that are served from the process of the test.
type fleetUnderTest struct {
	t       testing.TB
	server  *pgtest.Server
	dir     string
	queue   *queue.Queue
	tenants []string
	// asked are the imports that each tenant was asked for, by its URL, as far as its request log was read.
	asked map[string]*importsAsked
}

// importsAsked counts the requests for imports among the first that a tenant got, by user id.
type importsAsked struct {
	read int64
	by   map[string]int
}

func newFleet(t testing.TB) *fleetUnderTest {
	t.Helper()
	f := &fleetUnderTest{t: t, server: pgtest.Start(t), dir: t.TempDir(), asked: map[string]*importsAsked{}}
	var err error
	if f.queue, err = queue.Open(t.Context(), f.server.URL("postgres")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.queue.Close)
	return f
}

// tenant serves a tenant with a wave of so many rows, and gives the path of the wave and the tenant's URL.
func (f *fleetUnderTest) tenant(name string, rows int, speed float64) (wave, url string) {
	f.t.Helper()
	return f.tenantLike(int64(len(f.tenants)+1), name, rows, speed)
}

// tenantLike is tenant with a story of one's own choice: the same number gives the same story.
func (f *fleetUnderTest) tenantLike(story int64, name string, rows int, speed float64) (wave, url string) {
	f.t.Helper()
	csv, scenario, err := generate.Wave(rows, story, false)
	if err != nil {
		f.t.Fatal(err)
	}
	wave = filepath.Join(f.dir, name+".csv")
	for path, data := range map[string][]byte{wave: csv, filepath.Join(f.dir, name+".yaml"): scenario} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	sc, err := sandbox.LoadScenario(filepath.Join(f.dir, name+".yaml"))
	if err != nil {
		f.t.Fatal(err)
	}
	url = f.serve(sc, speed)
	f.tenants = append(f.tenants, url)
	return wave, url
}

func (f *fleetUnderTest) serve(sc *sandbox.Scenario, speed float64) string {
	f.t.Helper()
	s, err := sandbox.New(sandbox.Config{Scenario: sc, Speed: speed})
	if err != nil {
		f.t.Fatal(err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	f.t.Cleanup(func() {
		_ = s.Close()
		<-served
	})
	return loopback.Of(l.Addr()).Graph
}

// submit queues a wave under the run id r1 in a ledger of that name.
func (f *fleetUnderTest) submit(name, wave, url string, args ...string) {
	f.t.Helper()
	out, err := tool(f.dir, append([]string{"submit", wave, "--sandbox=" + url, "--ledger", f.server.Ledger(name), "--run-id", "r1", "--yes"}, args...)...).CombinedOutput()
	if err != nil {
		f.t.Fatalf("submit: %v\n%s", err, out)
	}
}

// worker starts a worker and gives its process when it is ready; the test ends it.
func (f *fleetUnderTest) worker(name string, env []string, args ...string) *exec.Cmd {
	f.t.Helper()
	cmd := tool(f.dir, append([]string{"worker", "--database", f.server.URL("postgres"), "--name", name}, args...)...)
	cmd.Env = append(cmd.Env, env...)
	log, err := os.OpenFile(filepath.Join(f.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	_ = log.Close()
	f.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadBytes('\n'); err != nil || json.Unmarshal(line, &workerDocument{}) != nil {
		f.t.Errorf("worker %s did not start: %v\n%s", name, err, line)
	}
	return cmd
}

// job waits until the run r1 of a ledger is where it is wanted.
func (f *fleetUnderTest) job(name string, within time.Duration, want func(queue.Job) bool) queue.Job {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), within)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		j, found, err := f.queue.Job(ctx, name, "r1")
		if err == nil && found && want(j) {
			return j
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.t.Fatalf("after %s the job of %s is %+v, %v", within, name, j, err)
		}
	}
}

// until waits until something is so.
func (f *fleetUnderTest) until(what string, within time.Duration, is func() bool) {
	f.t.Helper()
	limit := time.NewTimer(within)
	defer limit.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-limit.C:
			f.t.Fatalf("after %s it is not so that %s", within, what)
		}
	}
}

func inState(s queue.State) func(queue.Job) bool {
	return func(j queue.Job) bool { return j.State == s }
}

// counts are how the rows of r1 stand; its chain is verified.
func (f *fleetUnderTest) counts(name string) migration.Counts {
	f.t.Helper()
	l, err := ledger.Open(f.t.Context(), f.server.Ledger(name), ledger.Options{ReadOnly: true})
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	rows, err := l.Rows(f.t.Context(), "r1")
	if err == nil {
		err = ledger.VerifyChain(l.Audit(f.t.Context(), ""))
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return migration.Count(rows)
}

// imports counts the requests for an import, by user id.
func (f *fleetUnderTest) imports(url string) map[string]int {
	f.t.Helper()
	asked := f.asked[url]
	if asked == nil {
		asked = &importsAsked{by: map[string]int{}}
		f.asked[url] = asked
	}
	more, err := requestsAfter(url, asked.read)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, q := range more {
		asked.read++
		if strings.Contains(q.Path, "importSnapshot") {
			asked.by[q.User]++
		}
	}
	return asked.by
}

// A wave is submitted, steered from another machine while no worker has it, driven by a worker to its end, and looked at.
func TestSubmittedWave(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	wave, url := f.tenant("contoso", 12, 1200)
	address := f.server.Ledger("contoso")
	for _, refused := range [][]string{
		{"submit", wave, "--sandbox=" + url, "--yes"},
		{"submit", wave, "--sandbox=" + filepath.Join(f.dir, "contoso.yaml"), "--ledger", address, "--yes"},
		{"submit", wave, "--sandbox=" + url, "--ledger", address, "--yes", "--at", "someday"},
		{"submit", wave, "--sandbox=" + url, "--ledger", address, "--yes", "--on-lost-reply", "repeat"},
	} {
		if out, code := answer(t, tool(f.dir, refused...)); code != exitUsage {
			t.Errorf("%v: exit code %d\n%s", refused, code, out)
		}
	}
	f.submit("contoso", wave, url, "--slots", "4")
	for _, step := range [][]string{{"pause"}, {"slots", "6"}, {"status"}, {"fleet", "--json"}} {
		if out, code := answer(t, tool(f.dir, append(step, "--ledger", address)...)); code != 0 {
			t.Errorf("%v: exit code %d\n%s", step, code, out)
		}
	}
	// The server of the tests runs without fsync, which no ledger should.
	if out, code := answer(t, tool(f.dir, "doctor", "--ledger", address, "--sandbox="+url)); code != exitDenied || !strings.Contains(out, "database, fsync: off") || !strings.Contains(out, "database, lock_timeout: 10s") {
		t.Errorf("doctor: exit code %d\n%s", code, out)
	}
	w := f.worker("one", nil, "--slice", "5s")
	parked := f.job("contoso", 30*time.Second, inState(queue.Parked))
	if parked.Why == "" {
		t.Error("a paused run is parked without a word")
	}
	if doc, text := f.status(t, "contoso"); doc.Queue == nil || doc.Queue.State != queue.Parked || !strings.Contains(text, "queue: waits for a person: paused by an operator") {
		t.Errorf("status of a paused run: %+v\n%s", doc.Queue, text)
	}
	if out, code := answer(t, tool(f.dir, "continue", "--ledger", address)); code != 0 {
		t.Errorf("continue: exit code %d\n%s", code, out)
	}
	// Well before a worker looks again at a run that it found locked.
	f.job("contoso", 12*time.Second, func(j queue.Job) bool { return j.State == queue.Running || j.State == queue.Done })
	f.job("contoso", 90*time.Second, inState(queue.Done))
	if c := f.counts("contoso"); c.Succeeded+c.Warned != 12 {
		t.Errorf("%+v, want 12 succeeded", c)
	}
	// The job that waited for a person is over: the run had a newer one.
	if h, err := f.queue.Health(t.Context()); err != nil || h.Jobs[queue.Done] != 1 || h.Jobs[queue.Parked] != 0 {
		t.Errorf("health: %+v, %v", h, err)
	}
	out, err := tool(f.dir, "fleet", "--json", "--all", "--ledger", address).Output()
	var doc fleetDocument
	if err != nil || json.Unmarshal(out, &doc) != nil || len(doc.Runs) != 1 || len(doc.Workers) != 1 || doc.Runs[0].State != queue.Done || doc.Workers[0].Name != "one" {
		t.Errorf("fleet: %v\n%s", err, out)
	}
	// Left out, its rows still came to their end in the last hour.
	out, err = tool(f.dir, "fleet", "--json", "--ledger", address).Output()
	doc = fleetDocument{}
	if err != nil || json.Unmarshal(out, &doc) != nil || len(doc.Runs) != 0 || doc.RowsPerHour == 0 {
		t.Errorf("fleet without runs that are over: %v\n%s", err, out)
	}
	if err := w.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := w.Wait(); err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Errorf("the worker ended with %d", e.ExitCode())
		}
	}
}

// What a run came to is in its ledger before the queue is told. A worker that dies in between, or loses the database, leaves the
// job to be taken up again: the run waits for a person all the same, and its cut-over does not begin by itself.
func TestEndThatDidNotReachTheQueue(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	wave, url := f.tenant("contoso", 3, 1200)
	f.submit("contoso", wave, url, "--until", "imported")
	f.worker("one", nil, "--slice", "5s")
	parked := f.job("contoso", 60*time.Second, inState(queue.Parked))
	db, err := pgx.Connect(t.Context(), f.server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(context.Background()) }()
	n, err := db.Exec(t.Context(), "UPDATE river.river_job SET state = 'available', finalized_at = NULL, scheduled_at = now(), metadata = '{}'")
	if err != nil || n.RowsAffected() != 1 {
		t.Fatal(n, err)
	}
	again := f.job("contoso", 60*time.Second, func(j queue.Job) bool { return j.State == queue.Parked || j.State == queue.Done })
	if c := f.counts("contoso"); again.State != queue.Parked || again.Why != parked.Why || c.Succeeded > 0 {
		t.Errorf("taken up again it is %+v, with %+v; it was %+v", again, c, parked)
	}
	if out, code := answer(t, tool(f.dir, "resume", "r1", "--yes", "--ledger", f.server.Ledger("contoso"))); code != 0 {
		t.Errorf("resume: exit code %d\n%s", code, out)
	}
	f.job("contoso", 90*time.Second, inState(queue.Done))
}
