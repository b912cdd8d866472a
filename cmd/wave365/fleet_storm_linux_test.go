package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// storm is an evening of some tenants on three workers, to which everything happens that happens to machines.
type storm struct {
	*fleetUnderTest
	rng     *rand.Rand
	names   []string
	rows    int
	blind   bool
	fleet   []*machine
	workers int
	// did says what happened, for whoever reads a failure.
	did []string
	// settled are the rows that the person has settled while a process stood still between their intent and their call, by
	// that process.
	settled map[int]settledRow
	// parked are the held rows of runs that wait for a person, by ledger: they stay as they are until the person does something.
	parked map[string]parkedRun
	// down is when the database comes back; zero: it is there. crashed: it was away already.
	down    time.Time
	crashed bool
	began   time.Time
	calm    bool // nothing happens to machines any more
}

// settledRow is a row of a tenant that a person has settled as without effect.
type settledRow struct {
	url, user string
	at        time.Time
}

// parkedRun are the held rows of a run that waits for a person since then.
type parkedRun struct {
	since time.Time
	held  []migration.Row
}

// machine is a worker's process.
type machine struct {
	cmd *exec.Cmd
	// ended is closed when the process is gone.
	ended chan struct{}
	// until is when it is let go on after it was stopped; zero: it was not, as far as we know. ours: we did it, at any point.
	until time.Time
	ours  bool
	// froze is when it was found to have stopped by itself; zero: it has not.
	froze time.Time
}

func (s *storm) say(format string, args ...any) {
	s.did = append(s.did, fmt.Sprintf("%4.1fs ", time.Since(s.began).Seconds())+fmt.Sprintf(format, args...))
}

// stormSlice leaves a minute for the rescue of a run whose worker froze: slice/4 more, and half a minute until River looks.
const stormSlice = "8s"

// frozen is how many processes freeze by themselves in a large storm, more or less.
const frozen = 8

// start adds a worker, with times that suit a test.
func (s *storm) start() {
	// Those that froze are replaced, and go on: at times there are two dozen, which must not use all connections up.
	// A worker that finds no database at its start ends, and is started again until there is one.
	s.recover(true)
	s.workers++
	name := fmt.Sprintf("w%d", s.workers)
	share := min(0.03, float64(frozen)/float64(len(s.names)*s.rows))
	if s.blind {
		share = 0.1
	}
	m := &machine{cmd: s.worker(name, []string{fmt.Sprintf("WAVE365_FREEZE=%g %t %d", share, s.blind, 2+s.rng.Uint64N(1<<32))}, "--slice", stormSlice, "--runs", "5", "--connections", "8"), ended: make(chan struct{})}
	go func() {
		_, _ = m.cmd.Process.Wait()
		close(m.ended)
	}()
	s.fleet = append(s.fleet, m)
	s.say("%s started", name)
}

func (m *machine) gone() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

// stopped reports whether the process stands still, whoever stopped it.
func (m *machine) stopped() bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(m.cmd.Process.Pid) + "/stat")
	_, after, found := bytes.Cut(stat, []byte(") "))
	return err == nil && found && after[0] == 'T'
}

// wake lets those go on whose time has come, or all. Who froze by itself, between intent and call, is replaced as a
// platform would do it, and goes on at the worst moment: when somebody has settled its row, and another worker has sent the
// import. A minute is enough.
func (s *storm) wake(all bool) {
	for i, m := range s.fleet {
		if m.gone() || !m.stopped() {
			continue
		}
		if !m.ours && m.froze.IsZero() {
			m.froze, m.until = time.Now(), time.Now().Add(time.Minute)
			s.say("worker %d froze between intent and call", i+1)
			s.start()
		}
		row, settled := s.settled[m.cmd.Process.Pid]
		settled = settled && !m.ours && (s.imports(row.url)[row.user] > 0 || time.Since(row.at) > time.Minute)
		if all || settled || time.Now().After(m.until) && (m.ours || !s.blind) {
			s.say("worker %d goes on", i+1)
			m.until, m.froze, m.ours = time.Time{}, time.Time{}, false
			delete(s.settled, m.cmd.Process.Pid)
			_ = m.cmd.Process.Signal(syscall.SIGCONT)
		}
	}
}

// strike lets one thing happen, or nothing.
func (s *storm) strike() {
	m := s.fleet[s.rng.IntN(len(s.fleet))]
	switch roll := s.rng.Float64(); {
	case roll < 0.03 && !m.gone() && (m.froze.IsZero() || !s.blind): // blind, they are what it is about
		s.say("kill -9 of pid %d", m.cmd.Process.Pid)
		_ = m.cmd.Process.Kill()
		<-m.ended
		s.start()
	case roll < 0.06 && !m.gone() && m.until.IsZero():
		m.until, m.ours = time.Now().Add(time.Duration(2+s.rng.IntN(40))*time.Second), true
		s.say("SIGSTOP of pid %d", m.cmd.Process.Pid)
		_ = m.cmd.Process.Signal(syscall.SIGSTOP)
	case !s.crashed && s.rng.Float64() < 0.02:
		s.crashed, s.down = true, time.Now().Add(time.Duration(1+s.rng.IntN(4))*time.Second)
		s.say("the database dies")
		s.server.Kill()
	}
}

// recover starts the database again when its time has come.
func (s *storm) recover(now bool) {
	if !s.down.IsZero() && (now || time.Now().After(s.down)) {
		s.down = time.Time{}
		s.server.StartAgain()
		s.say("the database is back")
	}
}

// person does what somebody does who looks at the fleet: settles held rows of which the tenant has no import, and resumes
// what waits for anything else. It reports whether all runs are over, or wait for a person for good.
func (s *storm) person() (over bool) {
	over = true
	for _, m := range s.fleet {
		if !m.gone() && m.stopped() && m.ours {
			return false // its call may be out: nobody can be certain that there is no import
		}
		over = over && (m.gone() || m.froze.IsZero())
	}
	for i, name := range s.names {
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
		job, found, err := s.queue.Job(ctx, name, "r1")
		cancel()
		switch {
		case err == nil && found && job.State == queue.Done:
			continue
		case err != nil || !found || job.State != queue.Parked:
			over = false
			continue
		}
		if job.Why == "" {
			s.t.Errorf("%s waits for a person, and nobody knows why", name)
		}
		if !s.settle(name, s.tenants[i], job.Since) {
			over = false
		}
	}
	return over
}

// heldOf gives the held rows of a run that waits for a person since then.
func (s *storm) heldOf(name string, since time.Time) ([]migration.Row, error) {
	if p, ok := s.parked[name]; ok && p.since.Equal(since) {
		return p.held, nil
	}
	l, err := ledger.Open(s.t.Context(), s.server.Ledger(name), ledger.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	rows, err := l.Rows(s.t.Context(), "r1")
	if err != nil {
		return nil, err
	}
	held := slices.DeleteFunc(rows, func(r migration.Row) bool { return r.State != migration.Held })
	s.parked[name] = parkedRun{since, held}
	return held, nil
}

// settle settles the held rows of a run that waits for a person since then, or resumes it; true when nothing more can be done.
func (s *storm) settle(name, url string, since time.Time) bool {
	held, err := s.heldOf(name, since)
	if err != nil {
		return false
	}
	settled := false
	sent, frozen := s.imports(url), slices.ContainsFunc(s.fleet, func(m *machine) bool { return !m.gone() && m.stopped() })
	for _, r := range held {
		if frozen && !s.frozeAt(r.Target.UserID) {
			continue // another call of a process that stands still may be out
		}
		if sent[r.Target.UserID] > 0 {
			continue // it exists: settling it takes its id, which is a person's to find
		}
		out, err := tool(s.dir, "reconcile", "r1", "--row", r.Target.User, "--no-effect", "--yes", "--ledger", s.server.Ledger(name)).CombinedOutput()
		s.say("reconcile %s %s: %v", name, r.Target.User, err)
		settled = true
		delete(s.parked, name)
		mark := filepath.Join(s.dir, frozenAt+r.Target.UserID)
		if data, readErr := os.ReadFile(mark); err == nil && readErr == nil {
			pid, _ := strconv.Atoi(string(data))
			s.settled[pid] = settledRow{url, r.Target.UserID, time.Now()}
		}
		_ = os.Remove(mark) // the next attempt is another call
		if err != nil {
			s.say("%s", bytes.TrimSpace(out)) // a worker has it again
			break
		}
	}
	if settled {
		return false
	}
	if len(held) > 0 {
		return !frozen
	}
	out, err := tool(s.dir, "resume", "r1", "--ledger", s.server.Ledger(name)).CombinedOutput()
	s.say("resume %s: %v %s", name, err, bytes.TrimSpace(out))
	return false
}

// frozeAt reports whether a process stopped itself between the intent and the call of that user's import.
func (s *storm) frozeAt(user string) bool {
	_, err := os.Stat(filepath.Join(s.dir, frozenAt+user))
	return err == nil
}

// second names a user for whom two imports were sent; "" when there is none.
func (s *storm) second() string {
	for i, url := range s.tenants {
		total := 0
		for user, n := range s.imports(url) {
			if total += n; n > 1 {
				return s.names[i] + " " + user + s.evidence(s.names[i], url, user)
			}
		}
		if total > s.rows {
			return s.names[i] + s.evidence(s.names[i], url, "")
		}
	}
	return ""
}

// evidence lists what was asked for a user, and what the ledger has of it.
func (s *storm) evidence(name, url, user string) string {
	var b strings.Builder
	all, err := readRequests(url)
	if err != nil {
		return err.Error()
	}
	for _, q := range all {
		if strings.Contains(q.Path, "importSnapshot") && q.User == user {
			fmt.Fprintf(&b, "\n  request %+v", q)
		}
	}
	l, err := ledger.Open(s.t.Context(), s.server.Ledger(name), ledger.Options{ReadOnly: true})
	if err != nil {
		return b.String()
	}
	defer func() { _ = l.Close() }()
	intents, err := l.AllIntents(s.t.Context(), "r1")
	if err != nil {
		return b.String()
	}
	for _, in := range intents {
		if in.Effect == migration.EffectImport && in.Subject == user {
			fmt.Fprintf(&b, "\n  intent %d %s at %s: %+v", in.ID, in.ClientRequestID, in.At.Format(time.TimeOnly), in.Outcome)
		}
	}
	return b.String()
}

// newStorm submits the waves of so many tenants, of so many rows each, and starts the workers.
func newStorm(t *testing.T, seed uint64, tenants, rows int, blind bool) *storm {
	s := &storm{fleetUnderTest: newFleet(t), rng: rand.New(rand.NewPCG(seed, 365)), rows: rows, blind: blind, began: time.Now(), settled: map[int]settledRow{}, parked: map[string]parkedRun{}}
	speed := 800.0
	if raced {
		speed = 100
	}
	for i := range tenants {
		name := fmt.Sprintf("tenant%d", i)
		wave, url := s.tenant(name, rows, speed)
		s.names = append(s.names, name)
		s.submit(name, wave, url, "--slots", strconv.Itoa(max(2, rows/4)))
	}
	s.began = time.Now()
	for range 3 {
		s.start()
	}
	return s
}

// play lets the storm rage, then calm down, until all is over or until says so. Where all is over sooner there is nothing left
// to rage at.
func (s *storm) play(rages, limit time.Duration, until func() bool) {
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Errorf("not over after %s", limit)
			return
		}
		over := time.Since(s.began) > rages
		if !over {
			s.strike()
		} else if !s.calm {
			s.calm = true
			s.say("calm")
			if err := os.WriteFile(filepath.Join(s.dir, calm), nil, 0o600); err != nil {
				s.t.Fatal(err)
			}
		}
		s.recover(over)
		s.wake(false)
		if n%5 == 0 && s.down.IsZero() && (s.person() || until()) {
			break
		}
	}
	// Who is frozen still goes on at last, and must do no harm.
	s.wake(true)
	for _, m := range s.fleet {
		if !m.gone() {
			_ = m.cmd.Process.Signal(os.Interrupt)
		}
	}
	asked := time.Now()
	for _, m := range s.fleet {
		for !m.gone() && time.Since(asked) < time.Minute {
			if m.stopped() { // it froze once more on its way out
				_ = m.cmd.Process.Signal(syscall.SIGCONT)
			}
			<-tick.C
		}
		if !m.gone() {
			s.t.Errorf("pid %d did not stop", m.cmd.Process.Pid)
		}
	}
}

// tell prints what happened when the test failed.
func (s *storm) tell() {
	if s.t.Failed() || testing.Verbose() {
		s.t.Log(strings.Join(s.did, "\n"))
	}
	if !s.t.Failed() {
		return
	}
	logs, _ := filepath.Glob(filepath.Join(s.dir, "w*.log"))
	for _, path := range logs {
		if data, err := os.ReadFile(path); err == nil {
			s.t.Logf("%s:\n%s", filepath.Base(path), data[max(0, len(data)-4000):])
		}
	}
}

// TestStorm: three workers and three tenants, or ten of a large storm, with kill -9, SIGSTOP past every time-out, freezing between intent and call,
// and a database that dies. Every row's import is sent once, no cut-over comes before it, every run comes to its end or
// waits for a person, and the chains are whole. WAVE365_STORMS seeds with WAVE365_ROWS rows a tenant; without them, one
// small storm.
func TestStorm(t *testing.T) {
	t.Parallel()
	seeds, tenants, rows := 1, 3, 4
	if n, err := strconv.Atoi(os.Getenv("WAVE365_STORMS")); err == nil {
		seeds, tenants, rows = n, 10, 100
		if n, err := strconv.Atoi(os.Getenv("WAVE365_ROWS")); err == nil {
			rows = n
		}
	}
	for seed := range seeds {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			s := newStorm(t, uint64(seed), tenants, rows, false)
			defer s.tell()
			s.play(time.Duration(30+rows/2)*time.Second, time.Duration(300+6*rows)*time.Second, func() bool { return false })
			if user := s.second(); user != "" {
				t.Errorf("more imports than rows: %s", user)
			}
			for i, name := range s.names {
				c := s.counts(name)
				if c.Open() > 0 || c.Succeeded+c.Warned+c.Held != rows {
					t.Errorf("%s: %+v, want every row succeeded, or held for a person", name, c)
				}
				s.inOrder(name, s.tenants[i], c)
			}
			t.Logf("%d workers, %.0f s", s.workers, time.Since(s.began).Seconds())
		})
	}
}

// inOrder wants an import request for each row that is not held, and every cut-over after it.
func (s *storm) inOrder(name, url string, c migration.Counts) {
	all, err := readRequests(url)
	if err != nil {
		s.t.Fatal(err)
	}
	imported := map[string]bool{}
	for _, q := range all {
		switch {
		case q.Effect == "importSnapshot accepted":
			imported[q.User] = true
		case strings.HasPrefix(q.Effect, "license") && !imported[q.User]:
			s.t.Errorf("%s: %s was cut over (%s) before the import", name, q.User, q.Effect)
		}
	}
	if n := len(imported); n < s.rows-c.Held || n > s.rows {
		s.t.Errorf("%s: %d imports for %d rows, of which %d held", name, n, s.rows, c.Held)
	}
}
