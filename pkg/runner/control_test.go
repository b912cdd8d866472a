package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
)

// evening is a run that is steered.
type evening struct {
	t    *testing.T
	m    *memory
	s    *service
	rows []migration.Row
	cfg  runner.Config
	said []string
}

func newEvening(t *testing.T, n, slots int) *evening {
	e := &evening{t: t, s: newService(), rows: wave(n)}
	e.m = ledgerOf(e.rows)
	e.cfg = runner.Config{State: steer.State{Slots: slots}, Workers: 4, Steps: e.s.steps(), Clock: cloud.Clock{}, Roll: func() float64 { return 0.5 },
		Say: func(why migration.Reason, text string) {
			if why != "" || text != "" {
				e.said = append(e.said, strings.TrimSpace(string(why)+" "+text))
			}
		}}
	return e
}

func (e *evening) play(want runner.End) migration.Counts {
	e.t.Helper()
	r, err := runner.New(e.m, e.cfg)
	if err != nil {
		e.t.Fatal(err)
	}
	rows, end, err := r.Run(e.t.Context(), nil, e.rows)
	if err != nil || end != want {
		e.t.Fatalf("end %s, err %v, want %s; said %q", end, err, want, e.said)
	}
	for i, r := range rows {
		if r.State == migration.Running {
			e.t.Errorf("row %d was left running", i)
		}
		if e.m.rows[i].Version != r.Version || e.m.rows[i].State != r.State {
			e.t.Errorf("row %d: the ledger has %s, Run gave %s", i, e.m.rows[i].State, r.State)
		}
		if e.s.imported[i] > 1 {
			e.t.Errorf("row %d was imported %d times", i, e.s.imported[i])
		}
	}
	e.rows = rows
	return migration.Count(rows)
}

func (e *evening) fail(step migration.Step, rows ...int) {
	e.s.script = func(at migration.Step, r migration.Row) (migration.Result, bool) {
		for _, i := range rows {
			if at == step && r.Index == i {
				if step == migration.StepImportWait {
					e.s.inFlight--
				}
				return migration.Failure(r.Facts, migration.Problem{Code: "x.failed", Message: "no"}), true
			}
		}
		return migration.Result{}, false
	}
}

func (e *evening) heard(text string) bool { return strings.Contains(strings.Join(e.said, "\n"), text) }

// later sends orders at moments of the evening and collects the answers.
func (e *evening) later(orders map[time.Duration]steer.Command) (answers *[]string) {
	c := make(chan steer.Command)
	e.cfg.Commands = c
	answers = new([]string)
	for at, o := range orders {
		o.Done = func(s string) { *answers = append(*answers, s) }
		time.AfterFunc(at, func() {
			select {
			case c <- o:
			case <-e.t.Context().Done():
			}
		})
	}
	return answers
}

func TestCanariesGoAloneFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 20, 10)
		e.cfg.Canary = 2
		if c := e.play(runner.Finished); c.Succeeded != 20 {
			t.Fatalf("counts %+v", c)
		}
		// Of the largest disks, which start first, rows 3 and 7 come first in the file.
		end := e.rows[3].FinishedAt
		if e.rows[7].FinishedAt.After(end) {
			end = e.rows[7].FinishedAt
		}
		for i, r := range e.rows {
			if canary := i == 3 || i == 7; !canary && r.StartedAt.Before(end) {
				t.Errorf("row %d began at %v, before the canaries were done at %v", i, r.StartedAt, end)
			}
		}
		if !e.heard("canary the canary passed: 2 rows") || !e.heard("canary: 2 rows first, 18 others wait") {
			t.Errorf("said %q", e.said)
		}
	})
}

func TestACanaryThatFailsHaltsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 20, 10)
		e.cfg.Canary = 2
		e.fail(migration.StepImportWait, 7)
		c := e.play(runner.Halted)
		if c.Failed != 1 || c.Succeeded != 1 || c.Queued != 18 || !e.heard("run-halted halted: a canary did not succeed") || !e.heard("user7") {
			t.Fatalf("counts %+v, said %q", c, e.said)
		}
		// It stays so on resume, until the canary has had another attempt.
		if c = e.play(runner.Halted); c.Queued != 18 {
			t.Fatalf("resumed: %+v", c)
		}
		e.s.script = nil
		e.s.imported[7] = 0
		tr := migration.Retry(e.rows[7], e.rows[7].Target, "again", time.Now())
		if err := e.m.Apply(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		e.rows[7] = tr.To()
		if c = e.play(runner.Finished); c.Succeeded != 20 {
			t.Errorf("after the retry: %+v", c)
		}
	})
}

func TestTooManyFailuresHaltTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 40, 4)
		e.cfg.Halt = migration.Halt{Share: 0.1, Floor: 3}
		e.fail(migration.StepImportWait, 3, 7, 11)
		c := e.play(runner.Halted)
		if c.Failed != 3 || c.Queued == 0 || c.Active+c.Waiting != 0 || c.Failed+c.Succeeded+c.Queued != 40 {
			t.Fatalf("counts %+v", c)
		}
		if !e.heard("the rule is --halt-after 10%,3") || !e.heard("user3 (x.failed)") {
			t.Errorf("said %q", e.said)
		}
		// Resumed with the same rule it halts again at once; with another it goes on.
		if again := e.play(runner.Halted); again.Queued != c.Queued {
			t.Errorf("the halted run started rows: %+v", again)
		}
		e.cfg.Halt = migration.Halt{Share: 0.9, Floor: 3}
		if c = e.play(runner.Finished); c.Succeeded != 37 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestNothingStartsThatWouldNotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 60, 5)
		stop := time.Now().Add(3 * time.Hour)
		e.cfg.StopBy = stop
		e.cfg.Forecast = func(migration.Row) time.Duration { return 65 * time.Minute }
		c := e.play(runner.Finished)
		if c.Deferred == 0 || c.Succeeded == 0 || c.Deferred+c.Succeeded != 60 {
			t.Fatalf("counts %+v", c)
		}
		for i, r := range e.rows {
			if r.State == migration.Succeeded && r.FinishedAt.After(stop) {
				t.Errorf("row %d ended at %v, after %v", i, r.FinishedAt, stop)
			}
			if r.State == migration.Deferred && (e.s.imported[i] != 0 || r.Problem == nil || r.Problem.Code != "row.deferred" || !strings.Contains(r.Note, "1 h 05 min")) {
				t.Errorf("row %d was deferred after %d imports: %+v", i, e.s.imported[i], r.Problem)
			}
		}
		// 5 slots of 20 minutes each: a good evening uses the time it has.
		if c.Succeeded < 25 {
			t.Errorf("only %d rows were done in three hours", c.Succeeded)
		}
	})
}

func TestUntilImportedAndOnFromThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 12, 3)
		e.cfg.Until = migration.StepImportWait
		e.fail(migration.StepImportWait, 5)
		c := e.play(runner.Reached)
		if c.Queued != 11 || c.Failed != 1 || len(e.s.cutover) != 0 {
			t.Fatalf("counts %+v, %d cut over", c, len(e.s.cutover))
		}
		for _, r := range e.rows {
			if r.State == migration.Pending && r.Step != migration.StepCutover {
				t.Errorf("row %d stands at %s", r.Index, r.Step)
			}
		}
		if c = e.play(runner.Reached); c.Queued != 11 {
			t.Errorf("resumed as before: %+v", c)
		}
		e.cfg.Until = ""
		if c = e.play(runner.Finished); c.Succeeded != 11 {
			t.Errorf("resumed to the end: %+v", c)
		}
	})
}

func TestPauseContinueAndSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 24, 4)
		begin := time.Now()
		answers := e.later(map[time.Duration]steer.Command{
			5 * time.Minute:  {Kind: steer.Continue},
			10 * time.Minute: {Kind: steer.Pause},
			5 * time.Hour:    {Kind: steer.Continue},
			6 * time.Hour:    {Kind: steer.Slots, Slots: 2},
		})
		if c := e.play(runner.Finished); c.Succeeded != 24 {
			t.Fatalf("counts %+v", c)
		}
		late := 0
		for i := range e.rows {
			if at := e.s.started[i].Sub(begin); at > 10*time.Minute && at < 5*time.Hour {
				t.Errorf("row %d was imported %v into the run, while it was paused", i, at)
			} else if at > 6*time.Hour+20*time.Minute {
				late++
			}
		}
		// With 2 slots of 20 minutes each, the 12 that are left after 6 h 20 need two hours; with 4 they needed one.
		if took := time.Since(begin); late < 4 || took < 8*time.Hour {
			t.Errorf("took %v, %d rows after the slots were lowered", took, late)
		}
		if got := strings.Join(*answers, "|"); !strings.Contains(got, "the run is not paused|paused: nothing new starts; 4 imports") || !strings.Contains(got, "|continued|") || !strings.Contains(got, "2 slots instead of 4") {
			t.Errorf("answers %s", got)
		}
		if !e.heard("paused: nothing new starts until it is continued") {
			t.Errorf("said %q", e.said)
		}
	})
}

// What drains is not continued by continue, and says so.
func TestContinueWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 24, 4)
		answers := e.later(map[time.Duration]steer.Command{
			10 * time.Minute: {Kind: steer.Drain},
			11 * time.Minute: {Kind: steer.Continue},
		})
		if c := e.play(runner.Drained); c.Queued == 0 {
			t.Fatalf("counts %+v", c)
		}
		if got := strings.Join(*answers, "|"); !strings.Contains(got, "|the run is draining and ends with what is in flight; resume it then") {
			t.Errorf("answers %s", got)
		}
	})
}

// A run in slices: each ends as soon as nothing can happen for a while, says when to come back, and together they do what
// one long run does.
func TestSlicesOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 24, 4)
		e.cfg.Idle = 30 * time.Second
		worked, slices := time.Duration(0), 0
		for end := runner.Yielded; end == runner.Yielded; slices++ {
			r, err := runner.New(e.m, e.cfg)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if e.rows, end, err = r.Run(t.Context(), nil, e.rows); err != nil {
				t.Fatal(err)
			}
			worked += time.Since(began)
			if end == runner.Yielded {
				if !r.Due().After(time.Now()) {
					t.Fatalf("slice %d says to come back at %v, and it is %v", slices, r.Due(), time.Now())
				}
				time.Sleep(time.Until(r.Due()))
			}
		}
		if c := migration.Count(e.rows); c.Succeeded != 24 {
			t.Errorf("counts %+v", c)
		}
		if slices < 5 || worked > time.Duration(slices)*5*time.Minute {
			t.Errorf("%d slices worked for %v in all: they wait instead of yielding", slices, worked)
		}
	})
}

func TestDrainByOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 24, 4)
		answers := e.later(map[time.Duration]steer.Command{10 * time.Minute: {Kind: steer.Drain}})
		if c := e.play(runner.Drained); c.Succeeded != 4 || c.Queued != 20 {
			t.Fatalf("counts %+v", c)
		}
		if len(*answers) != 1 || !strings.Contains((*answers)[0], "4 imports") {
			t.Errorf("answers %q", *answers)
		}
	})
}

// seen remembers how each row was shown last.
type seen struct{ rows map[int]migration.Row }

func (s seen) Row(r migration.Row)   { s.rows[r.Index] = r }
func (seen) Polled([]int, time.Time) {}

// A row that was taken up, not imported and let go by a drain is shown as queued: nobody looks at it any more, so it must not
// come to look slow.
func TestDrainedRowsAreShownAsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 2, 1)
		e.s.script = func(at migration.Step, r migration.Row) (migration.Result, bool) {
			return migration.Wait(r.Facts, time.Hour, "waiting for the directory"), at == migration.StepJoin && r.Index == 1
		}
		for i := range e.rows {
			e.rows[i].Target.Trigger = migration.TriggerLicense
		}
		e.m = ledgerOf(e.rows)
		shown := seen{map[int]migration.Row{}}
		e.cfg.Observer = shown
		e.later(map[time.Duration]steer.Command{10 * time.Minute: {Kind: steer.Drain}})
		e.play(runner.Drained)
		if r := e.rows[1]; r.State != migration.Waiting || r.Step != migration.StepJoin {
			t.Fatalf("row 1 is %s at %s; the story is not what it should be", r.State, r.Step)
		}
		if r := shown.rows[1]; r.State != migration.Pending || r.Note != "left for resume" {
			t.Errorf("row 1 is shown as %s: %q", r.State, r.Note)
		}
	})
}

// A cancel that has nothing to cancel says why.
func TestCancelOfWhatHasEndedSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 2, 2)
		e.fail(migration.StepCheck, 0)
		answers := e.later(map[time.Duration]steer.Command{20 * time.Minute: {Kind: steer.Cancel, Row: 0}})
		e.play(runner.Finished)
		if got := strings.Join(*answers, "|"); got != "nothing to cancel: the row is failed already" {
			t.Errorf("answered %q", got)
		}
	})
}

func TestCancelWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 24, 4)
		inFlight := -1
		e.cfg.Imports = sentBy(23)
		answers := e.later(map[time.Duration]steer.Command{
			5 * time.Minute:  {Kind: steer.Cancel, Row: 0},
			10 * time.Minute: {Kind: steer.Cancel, Row: 3}, // among the first: in flight
			30 * time.Minute: {Kind: steer.Cancel, Row: -1},
		})
		time.AfterFunc(30*time.Minute-time.Millisecond, func() {
			e.s.mu.Lock()
			defer e.s.mu.Unlock()
			inFlight = len(e.s.imported)
		})
		c := e.play(runner.Finished)
		if e.rows[0].State != migration.Cancelled || e.s.imported[0] != 0 || e.rows[0].Problem.Code != "row.cancelled" {
			t.Errorf("row 0 is %s after %d imports", e.rows[0].State, e.s.imported[0])
		}
		if e.rows[3].State != migration.Succeeded {
			t.Errorf("row 3, whose import was in flight, is %s", e.rows[3].State)
		}
		if c.Succeeded != len(e.s.imported) || c.Cancelled+c.Succeeded != 24 || len(e.s.imported) > inFlight+1 {
			t.Errorf("counts %+v, %d imported, %d before", c, len(e.s.imported), inFlight)
		}
		if got := strings.Join(*answers, "|"); !strings.HasPrefix(got, "1 cancelled|0 cancelled, 1 too late to cancel") {
			t.Errorf("answers %s", got)
		}
	})
}

func TestAQuotaHoldsNewStartsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 20, 4)
		begin := time.Now()
		open := begin.Add(8 * time.Hour)
		refused := 0
		e.s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
			if step == migration.StepImport && len(e.s.imported) >= 8 && time.Now().Before(open) {
				refused++
				return migration.TryAgain(r.Facts, migration.Problem{Code: "import.refused", Message: "the daily limit is reached", Kind: string(fault.Throttled)}, time.Until(open)), true
			}
			return migration.Result{}, false
		}
		c := e.play(runner.Finished)
		if c.Succeeded != 20 {
			t.Fatalf("counts %+v", c)
		}
		done := 0
		for _, r := range e.rows {
			if r.FinishedAt.Before(open) {
				done++
			}
		}
		if done != 8 {
			t.Errorf("%d rows were done before the quota opened, want the 8 that were imported", done)
		}
		if refused > 4 {
			t.Errorf("%d imports were sent into the used-up quota", refused)
		}
		if !e.heard("no new imports until") || !e.heard("the daily limit is reached") {
			t.Errorf("said %q", e.said)
		}
	})
}

// Rows in trouble wait beside the others: however many they are, they take no start away.
func TestManyFailingRowsDelayNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 20, 2)
		tried := map[int]int{}
		e.s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
			if step == migration.StepImport && r.Index%2 == 1 && tried[r.Index] == 0 {
				tried[r.Index]++
				return migration.TryAgain(r.Facts, migration.Problem{Code: "q", Message: "lost", Kind: string(fault.Unavailable)}, 5*time.Hour), true
			}
			return migration.Result{}, false
		}
		begin := time.Now()
		if c := e.play(runner.Finished); c.Succeeded != 20 {
			t.Fatalf("counts %+v", c)
		}
		var early []string
		for _, r := range e.rows {
			if r.Index%2 == 0 && r.FinishedAt.Sub(begin) > 4*time.Hour {
				early = append(early, fmt.Sprint(r.Index))
			}
		}
		if len(early) > 0 {
			t.Errorf("rows %v waited for those in trouble", early)
		}
	})
}

// A row that an earlier process had sent an import for, perhaps, is looked at first, whatever the hour and whoever cancels.
func TestATouchedRowIsNeitherDeferredNorCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 3, 3)
		for i := range e.rows {
			e.rows[i].Step, e.rows[i].StartedAt = migration.StepImport, time.Now()
			e.m.rows[i] = e.rows[i]
		}
		e.cfg.StopBy = time.Now().Add(time.Minute)
		e.cfg.Forecast = func(migration.Row) time.Duration { return time.Hour }
		e.cfg.Imports = sentBy(1)
		c := e.play(runner.Finished)
		if c.Deferred != 2 || e.rows[1].State != migration.Succeeded {
			t.Errorf("counts %+v, the touched row is %s", c, e.rows[1].State)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 3, 3)
		tried := map[int]int{}
		e.s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
			if tried[r.Index]++; step == migration.StepImport && tried[r.Index] < 20 {
				return migration.Wait(r.Facts, time.Minute, "looking for it"), true
			}
			return migration.Result{}, false
		}
		e.cfg.Imports = sentBy(1)
		answers := e.later(map[time.Duration]steer.Command{10*time.Minute + 30*time.Second: {Kind: steer.Cancel, Row: -1}})
		c := e.play(runner.Finished)
		if c.Cancelled != 2 || e.rows[1].State != migration.Succeeded || !strings.Contains(strings.Join(*answers, ""), "2 cancelled, 1 too late to cancel") {
			t.Errorf("counts %+v, the touched row is %s, answers %q", c, e.rows[1].State, *answers)
		}
	})
}

// sentBy is the row that has sent an import, by index.
type sentBy int

func (i sentBy) Touched(_ context.Context, r migration.Row) (bool, error) {
	return r.Index == int(i), nil
}
func (sentBy) Leaves(context.Context, migration.Row) (bool, error) { return false, nil }
