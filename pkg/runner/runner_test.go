package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a ledger that remembers, and refuses what the real one refuses.
type memory struct {
	mu     sync.Mutex
	rows   map[int]migration.Row
	broken error
	events []migration.Event
	// together are how many transitions were recorded at a time.
	together []int
}

func (m *memory) Apply(_ context.Context, t migration.Transition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	if was := m.rows[t.From().Index]; was.Version != t.From().Version || was.State != t.From().State {
		return fmt.Errorf("row %d moved: %d %s, transition from %d %s", was.Index, was.Version, was.State, t.From().Version, t.From().State)
	}
	m.rows[t.To().Index] = t.To()
	m.events = append(m.events, t.Event())
	return nil
}

func (m *memory) ApplyAll(ctx context.Context, list []migration.Transition) error {
	m.mu.Lock()
	m.together = append(m.together, len(list))
	m.mu.Unlock()
	for _, t := range list {
		if err := m.Apply(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// service is a pretended Windows 365: imports take 20 minutes, provisioning 40.
type service struct {
	mu               sync.Mutex
	inFlight, most   int
	imported         map[int]int
	started, cutover map[int]time.Time
	polls            int
	script           func(step migration.Step, r migration.Row) (migration.Result, bool)
}

func newService() *service {
	return &service{imported: map[int]int{}, started: map[int]time.Time{}, cutover: map[int]time.Time{}}
}

func (s *service) do(step migration.Step) func(context.Context, []migration.Row) ([]migration.Result, error) {
	return func(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
		time.Sleep(200 * time.Millisecond) // a call takes a moment
		s.mu.Lock()
		defer s.mu.Unlock()
		var out []migration.Result
		if step == migration.StepImportWait || step == migration.StepProvisionWait {
			s.polls++
		}
		for _, r := range rows {
			if ctx.Err() != nil {
				out = append(out, migration.Stopped(r.Facts))
				continue
			}
			if s.script != nil {
				if res, ok := s.script(step, r); ok {
					out = append(out, res)
					continue
				}
			}
			out = append(out, s.one(step, r))
		}
		return out, nil
	}
}

func (s *service) one(step migration.Step, r migration.Row) migration.Result {
	f := r.Facts
	switch step {
	case migration.StepImport:
		s.imported[r.Index]++
		s.started[r.Index] = time.Now()
		s.inFlight++
		s.most = max(s.most, s.inFlight)
		f.SnapshotID = fmt.Sprint("snap-", r.Index)
		return migration.DoneAfter(f, 10*time.Minute, "importing")
	case migration.StepImportWait:
		if time.Since(s.started[r.Index]) < 20*time.Minute {
			return migration.Wait(f, time.Minute, "importing")
		}
		s.inFlight--
		return migration.Done(f)
	case migration.StepCutover:
		s.cutover[r.Index] = time.Now()
		return migration.DoneAfter(f, 30*time.Minute, "provisioning")
	case migration.StepProvisionWait:
		if time.Since(s.cutover[r.Index]) < 40*time.Minute {
			return migration.Wait(f, time.Minute, "provisioning")
		}
	}
	return migration.Done(f)
}

func (s *service) steps() []migration.Work {
	var w []migration.Work
	for _, info := range migration.Steps() {
		step := info.Step
		batch := map[migration.Step]int{migration.StepImportWait: 20, migration.StepProvisionWait: 0}
		n, ok := batch[step]
		if !ok {
			n = 1
		}
		w = append(w, migration.Work{Step: step, Batch: n, Do: s.do(step)})
	}
	return w
}

func wave(n int) []migration.Row {
	rows := make([]migration.Row, n)
	for i := range rows {
		trigger := migration.TriggerLicense
		if i%3 == 0 {
			trigger = migration.TriggerMembership
		}
		rows[i] = migration.Row{Run: "r", Index: i, State: migration.Pending, Step: migration.StepCheck, Attempt: 1,
			Target: migration.Target{User: fmt.Sprint("user", i), Trigger: trigger, Disk: migration.Source{Virtual: int64(64+i%4*64) << 30}}}
	}
	return rows
}

func ledgerOf(rows []migration.Row) *memory {
	m := &memory{rows: map[int]migration.Row{}}
	for _, r := range rows {
		m.rows[r.Index] = r
	}
	return m
}

func run(t *testing.T, ctx context.Context, drain <-chan struct{}, m *memory, s *service, rows []migration.Row, slots int) ([]migration.Row, runner.End, error) {
	t.Helper()
	r, err := runner.New(m, runner.Config{State: steer.State{Slots: slots}, Workers: 4, Steps: s.steps(), Clock: cloud.Clock{}, Roll: func() float64 { return 0.5 }})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(ctx, drain, rows)
}

func TestRunFinishesEveryRowWithinTheSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(100), newService()
		m := ledgerOf(rows)
		start := time.Now()
		got, end, err := run(t, t.Context(), nil, m, s, rows, 10)
		if err != nil || end != runner.Finished {
			t.Fatalf("end %s, err %v", end, err)
		}
		for i, r := range got {
			if r.State != migration.Succeeded || r.Index != i || s.imported[i] != 1 {
				t.Errorf("row %d is %s, imported %d times", r.Index, r.State, s.imported[i])
			}
			if m.rows[i].State != r.State {
				t.Errorf("row %d: the ledger says %s", i, m.rows[i].State)
			}
		}
		if s.most != 10 {
			t.Errorf("%d imports in flight at most, want all 10 slots used and no more", s.most)
		}
		// 100 imports of 20 min in 10 slots, then one provisioning: what the slots allow, and discovery on top.
		if took, bound := time.Since(start), 200*time.Minute+40*time.Minute; took > bound*11/10 {
			t.Errorf("took %v, more than a tenth over %v", took, bound)
		}
		if s.polls > 100*4 {
			t.Errorf("%d polls for 100 rows", s.polls)
		}
		// What is done for rows together is recorded together: here, what was found of imports and of Cloud PCs.
		if most := slices.Max(m.together); most < 10 {
			t.Errorf("at most %d rows were recorded together, want the 10 whose Cloud PCs were found at once", most)
		}
	})
}

func TestRunStartsByPriorityThenLongestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(8), newService()
		for i := range rows {
			rows[i].Target.Trigger = migration.TriggerMembership // none is held back by a join
		}
		rows[2].Target.Priority = 5
		var order []int
		s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
			if step == migration.StepImport {
				order = append(order, r.Index)
			}
			return migration.Result{}, false
		}
		// One worker: with several, rows that are made ready together may overtake each other.
		r, err := runner.New(ledgerOf(rows), runner.Config{State: steer.State{Slots: 1}, Workers: 1, Steps: s.steps(), Clock: cloud.Clock{}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Run(t.Context(), nil, rows); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(order), "[2 3 7 6 1 5 0 4]"; got != want {
			t.Errorf("imports started in order %s, want %s", got, want)
		}
	})
}

func TestDrainLetsStartedRowsEndAndStartsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(30), newService()
		m := ledgerOf(rows)
		drain := make(chan struct{})
		time.AfterFunc(15*time.Minute, func() { close(drain) })
		got, end, err := run(t, t.Context(), drain, m, s, rows, 5)
		if err != nil || end != runner.Drained {
			t.Fatalf("end %s, err %v", end, err)
		}
		c := migration.Count(got)
		if c.Succeeded != 5 || c.Queued != 25 {
			t.Fatalf("counts %+v, want 5 succeeded and the rest queued", c)
		}
		// A second run takes up where the first ended, with no second import.
		got, end, err = run(t, t.Context(), nil, m, s, got, 5)
		if err != nil || end != runner.Finished || migration.Count(got).Succeeded != 30 {
			t.Fatalf("after resume: end %s, err %v, %+v", end, err, migration.Count(got))
		}
		for i, n := range s.imported {
			if n != 1 {
				t.Errorf("row %d was imported %d times", i, n)
			}
		}
	})
}

func TestStopRecordsTheCallsInFlightAndComesBackSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(30), newService()
		m := ledgerOf(rows)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(35*time.Minute, cancel)
		got, end, err := run(t, ctx, nil, m, s, rows, 5)
		if err != nil || end != runner.Stopped {
			t.Fatalf("end %s, err %v", end, err)
		}
		for i, r := range got {
			if r.State == migration.Running {
				t.Errorf("row %d was left running", i)
			}
			if m.rows[i].Version != r.Version || m.rows[i].State != r.State {
				t.Errorf("row %d: ledger has %s, Run gave %s", i, m.rows[i].State, r.State)
			}
		}
		got, end, err = run(t, t.Context(), nil, m, s, got, 5)
		if err != nil || end != runner.Finished || migration.Count(got).Succeeded != 30 {
			t.Fatalf("after resume: end %s, err %v, %+v", end, err, migration.Count(got))
		}
		for i, n := range s.imported {
			if n != 1 {
				t.Errorf("row %d was imported %d times", i, n)
			}
		}
	})
}

func TestATriedRowHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(6), newService()
		refused := 0
		s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
			if step == migration.StepImport && r.Index == 3 && refused < 5 {
				refused++
				return migration.TryAgain(r.Facts, migration.Problem{Code: "q", Message: "lost", Kind: string(fault.Unavailable)}, 30*time.Minute), true
			}
			return migration.Result{}, false
		}
		start := time.Now()
		got, end, err := run(t, t.Context(), nil, ledgerOf(rows), s, rows, 1)
		if err != nil || end != runner.Finished || migration.Count(got).Succeeded != 6 {
			t.Fatalf("end %s, err %v, %+v", end, err, migration.Count(got))
		}
		// Five others need 100 minutes of the one slot while row 3 waits 150.
		if took := time.Since(start); took > 240*time.Minute {
			t.Errorf("took %v: the waiting row held up the others", took)
		}
	})
}

func TestFailedAndPanickingRowsDoNotEndTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(6), newService()
		s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
			switch {
			case step == migration.StepCutover && r.Index == 1:
				return migration.Failure(r.Facts, migration.Problem{Code: "cutover.failed", Message: "no"}), true
			case step == migration.StepProve && r.Index == 2:
				panic("bug")
			}
			return migration.Result{}, false
		}
		got, end, err := run(t, t.Context(), nil, ledgerOf(rows), s, rows, 3)
		if err != nil || end != runner.Finished {
			t.Fatalf("end %s, err %v", end, err)
		}
		if c := migration.Count(got); c.Failed != 2 || c.Succeeded != 4 {
			t.Errorf("counts %+v", c)
		}
		if got[2].Problem == nil || got[2].Problem.Code != "internal.panic" {
			t.Errorf("row 2: %+v", got[2].Problem)
		}
	})
}

func TestABrokenLedgerEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(10), newService()
		m := ledgerOf(rows)
		disk := errors.New("disk full")
		time.AfterFunc(5*time.Minute, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.broken = disk
		})
		_, end, err := run(t, t.Context(), nil, m, s, rows, 3)
		if end != runner.Stopped || !errors.Is(err, disk) {
			t.Fatalf("end %s, err %v", end, err)
		}
	})
}

func TestRowsOfADeadProcessContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, s := wave(4), newService()
		rows[0].State, rows[0].Step, rows[0].StartedAt = migration.Running, migration.StepCutover, time.Now()
		rows[1].State, rows[1].Step, rows[1].StartedAt = migration.Waiting, migration.StepImportWait, time.Now()
		rows[1].NotBefore = time.Now().Add(-time.Hour)
		s.started[1] = time.Now().Add(-time.Hour)
		m := ledgerOf(rows)
		got, end, err := run(t, t.Context(), nil, m, s, rows, 2)
		if err != nil || end != runner.Finished || migration.Count(got).Succeeded != 4 {
			t.Fatalf("end %s, err %v, %+v", end, err, migration.Count(got))
		}
		if s.imported[0] != 0 || s.imported[1] != 0 {
			t.Errorf("imported again: %v", s.imported)
		}
		if m.events[0].Reason != migration.ReasonInterrupted {
			t.Errorf("first event is %s, want the dead process's row given back", m.events[0].Reason)
		}
	})
}

func TestNewRefusesAMissingStep(t *testing.T) {
	if _, err := runner.New(ledgerOf(nil), runner.Config{Clock: cloud.Clock{}, Steps: newService().steps()[1:]}); err == nil {
		t.Error("a runner without the check step was built")
	}
}
