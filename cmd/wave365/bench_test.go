package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/sandbox/generate"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/wave"
)

// BenchmarkResume10000 starts `wave365 resume` as a process on a run of 10,000 rows, of which many are done, some in
// flight and some were being worked on when the process before died, against a tenant of 10,000 users in a process of its
// own, and stops it as soon as it has requested its rows. It reports the time from the start of the process to the first
// request that reaches Graph ("first-s") and to the first one about a row ("rows-s", limit 0.5), and the most memory the
// process had until then (Linux: "first-MB", and "rows-MB", limit 80).
func BenchmarkResume10000(b *testing.B) {
	dir := b.TempDir()
	tenant := bigTenant(b, dir, 10_000)
	front := newFront(b, tenant)
	bigLedger(b, dir, front.URL)
	kept, err := os.ReadFile(filepath.Join(dir, "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	var first, rows, firstMB, rowsMB, cpu float64
	n := 0.0
	for b.Loop() {
		b.StopTimer()
		path := filepath.Join(dir, "again.db")
		for _, end := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(path + end)
		}
		if err := os.WriteFile(path, kept, 0o600); err != nil {
			b.Fatal(err)
		}
		seen := front.watch()
		b.StartTimer()
		start := time.Now()
		cmd := tool(dir, "resume", "--ledger", path, "--report-dir", filepath.Join(dir, "reports"), "--quiet")
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for about := aboutTenant; about != aboutRows; {
			select {
			case about = <-seen:
			case err := <-ended:
				b.Fatalf("resume ended before it asked for a row: %v\n%s", err, said.String())
			}
			took, mb := time.Since(start).Seconds(), peakMB(cmd.Process.Pid)
			if about == aboutTenant {
				first, firstMB = first+took, firstMB+mb
			} else {
				rows, rowsMB = rows+took, rowsMB+mb
			}
		}
		n++
		_ = cmd.Process.Kill()
		<-ended
		cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	b.ReportMetric(cpu/n, "cpu-s")
	b.ReportMetric(first/n, "first-s")
	b.ReportMetric(rows/n, "rows-s")
	if rowsMB > 0 {
		b.ReportMetric(firstMB/n, "first-MB")
		b.ReportMetric(rowsMB/n, "rows-MB")
	}
}

// bigTenant serves a tenant with that many users from a process of its own, until the benchmark ends, and writes the
// wave next to it.
func bigTenant(b *testing.B, dir string, rows int) (root string) {
	b.Helper()
	csv, scenario, err := generate.Wave(rows, 7, false)
	if err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{"wave.csv": csv, "wave.tenant.yaml": scenario} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	cmd := tool(dir, "sandbox", "--scenario", "wave.tenant.yaml")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("the tenant did not start: %v", err)
	}
	var ends loopback.Endpoints
	if err := json.Unmarshal([]byte(line), &ends); err != nil {
		b.Fatal(err)
	}
	return ends.Graph
}

type about int

const (
	aboutTenant about = iota
	aboutRows
)

// front is a proxy in front of the tenant that reports requests.
type front struct {
	*httptest.Server
	mu   sync.Mutex
	seen chan about
	told map[about]bool
}

func newFront(b *testing.B, tenant string) *front {
	b.Helper()
	u, err := url.Parse(tenant)
	if err != nil {
		b.Fatal(err)
	}
	f := &front{}
	proxy := httputil.NewSingleHostReverseProxy(u)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.note(r.URL.Path)
		proxy.ServeHTTP(w, r)
	}))
	b.Cleanup(f.Close)
	return f
}

// watch returns a channel that receives the first request to Graph, and the first that is about a row.
func (f *front) watch() <-chan about {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.told = make(chan about, 2), map[about]bool{}
	return f.seen
}

func (f *front) note(path string) {
	what := aboutTenant
	switch {
	case !strings.HasPrefix(path, "/v1.0/") && !strings.HasPrefix(path, "/beta/"):
		return
	case strings.Contains(path, "/users"), strings.Contains(path, "$batch"), strings.Contains(path, "/snapshots/"), strings.Contains(path, "/cloudPCs"):
		what = aboutRows
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen != nil && !f.told[what] {
		f.told[what] = true
		f.seen <- what
	}
}

// bigLedger records a run of the whole wave in the state in which a process leaves it that dies half-way.
func bigLedger(b *testing.B, dir, root string) {
	b.Helper()
	ctx := context.Background()
	path := filepath.Join(dir, "wave.csv")
	file, _, err := run.ReadWave(path, wave.Options{})
	if err != nil {
		b.Fatal(err)
	}
	evening := time.Date(2026, 5, 8, 18, 0, 0, 0, time.UTC)
	run := migration.Run{
		ID: "big", Wave: file.Name, WavePath: path, WaveHash: file.Hash, Columns: file.Columns, Tenant: firstID(b, root, "organization"), Cloud: "sandbox",
		Sandbox: root, SandboxSpeed: 600, Slots: 200, ReportDir: "reports", Operator: "eve", State: migration.RunActive, CreatedAt: evening,
	}
	group := firstID(b, root, "groups")
	rows := make([]migration.Row, len(file.Rows))
	for i, r := range file.Rows {
		rows[i] = bigRow(run, group, i, r)
	}
	l, err := ledger.Open(ctx, filepath.Join(dir, "ledger.db"), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := l.CreateRun(ctx, run, rows, nil); err != nil {
		b.Fatal(err)
	}
	var moves []migration.Transition
	for _, r := range rows[:4_000] {
		for range 2 + r.Index%20 {
			if r.State.Final() {
				break
			}
			moves = append(moves, onward(r, evening.Add(time.Duration(r.Index)*time.Second)))
			r = moves[len(moves)-1].To()
		}
		if r.State == migration.Running { // a process works on some hundred rows at a time, not thousands
			moves = append(moves, migration.Interrupt(r, "", evening))
		}
	}
	for _, r := range rows[4_000:4_100] {
		moves = append(moves, migration.Claim(r, evening))
	}
	if err := l.ApplyAll(ctx, moves); err != nil {
		b.Fatal(err)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

func bigRow(run migration.Run, group string, i int, r wave.Row) migration.Row {
	id := func(n int) string { return fmt.Sprintf("%08d-5a5a-5a5a-8a8a-%012d", n, i) }
	user, blob, policy := r.Cells[0], r.Cells[1], r.Cells[2]
	container, name, _ := strings.Cut(blob, "/")
	return migration.Row{
		Run: run.ID, Index: i, Input: r.Cells, State: migration.Pending, Step: migration.StepCheck,
		Reason: migration.ReasonCreated, Attempt: 1, UpdatedAt: run.CreatedAt,
		Target: migration.Target{
			Line: r.Line, User: user, UserID: id(1), UPN: user, DisplayName: "Somebody With A Name",
			Disk: migration.Source{
				URL: run.Sandbox + "/devstoreaccount1/" + blob, Container: container, Name: name,
				ETag: fmt.Sprintf(`"0x8D%014X"`, i), Length: 128<<30 + 512, Virtual: 128 << 30,
			},
			PolicyID: "22222222-0000-0000-0000-000000000000", PolicyName: policy, GroupID: group,
			GroupName: "grp-w365", Trigger: migration.TriggerLicense, SKUID: "44444444-0000-0000-0000-000000000000",
			SKUName: "CPC_E_2C_8GB_128GB", PlanID: "55555555-0000-0000-0000-000000000000",
			PlanName: "Cloud PC Enterprise 2vCPU/8GB/128GB", PlanGiB: 128, Carried: migration.Carried{Department: "Finance"},
		},
	}
}

// onward returns the next transition of a row that succeeds.
func onward(r migration.Row, at time.Time) migration.Transition {
	if r.State != migration.Running {
		return migration.Claim(r, at)
	}
	f := r.Facts
	switch r.Step {
	case migration.StepImport:
		f.SnapshotID, f.ImportStatus, f.UsageStatus, f.ImportStarted = r.Target.UserID, "running", "notUsed", at
	case migration.StepImportWait:
		f.ImportStatus, f.ImportEnded = "succeeded", at.Add(40*time.Minute)
	case migration.StepCutover:
		f.CutOver = at.Add(time.Hour)
	case migration.StepProvisionWait:
		f.CloudPCID, f.CloudPCName, f.CloudPCStatus, f.Provisioned = r.Target.UserID, "CPC-"+strconv.Itoa(r.Index), "provisioned", at.Add(90*time.Minute)
	case migration.StepProve:
		f.Proof, f.UsageStatus, f.UsedSeen = "the import is in use", "inUse", at.Add(91*time.Minute)
	}
	t, _ := migration.Settle(r, migration.Done(f), at, 0.5)
	return t
}

// firstID returns the id of the first object of a collection of the tenant.
func firstID(b *testing.B, root, collection string) string {
	b.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, root+"/v1.0/"+collection, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sandbox")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct{ Value []struct{ ID string } }
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil || len(doc.Value) == 0 {
		b.Fatalf("the tenant does not list its %s (%s): %v", collection, resp.Status, err)
	}
	return doc.Value[0].ID
}

// peakMB returns the peak memory of a process, 0 where the system does not report it.
func peakMB(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1024
}
