package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
)

// A used-up quota costs one import in a quarter of an hour, whatever pause the service names or does not name, and nothing
// else waits for it.
func TestAUsedUpQuotaIsProbed(t *testing.T) {
	for _, named := range []time.Duration{0, 10 * time.Hour} {
		t.Run(named.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEvening(t, 30, 8)
				open := time.Now().Add(10 * time.Hour)
				var sent []time.Time
				e.s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
					if step == migration.StepImport && len(e.s.imported) >= 8 && time.Now().Before(open) {
						sent = append(sent, time.Now())
						p := migration.Problem{Code: "import.refused", Message: "too many requests", Kind: string(fault.Throttled), Service: "graph", Status: 429}
						return migration.TryAgain(r.Facts, p, min(named, 15*time.Minute)), true
					}
					return migration.Result{}, false
				}
				c := e.play(runner.Finished)
				if c.Succeeded != 30 {
					t.Fatalf("counts %+v", c)
				}
				if n := len(sent); n < 30 || n > 10*4+8 {
					t.Errorf("%d imports were sent into the used-up quota, want about one in 15 minutes", n)
				}
				for i := 9; i < len(sent); i++ {
					if gap := sent[i].Sub(sent[i-1]); gap < 14*time.Minute {
						t.Errorf("import %d followed %s after the one before", i, gap)
					}
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
				if !e.heard("one import is tried every 15 min") {
					t.Errorf("said %q", e.said)
				}
			})
		})
	}
}

// A short pause is a pause: it is waited out once, and no quarter of an hour.
func TestShortPauseIsNotAQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t, 10, 4)
		refused := false
		e.s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
			if step == migration.StepImport && !refused && len(e.s.imported) == 2 {
				refused = true
				return migration.TryAgain(r.Facts, migration.Problem{Code: "import.refused", Message: "slow down", Kind: string(fault.Throttled), Service: "graph", Status: 429}, 30*time.Second), true
			}
			return migration.Result{}, false
		}
		if c := e.play(runner.Finished); c.Succeeded != 10 || !refused {
			t.Fatalf("counts %+v", c)
		}
		if e.heard("one import is tried") {
			t.Errorf("said %q", e.said)
		}
	})
}

// When the first three imports are refused alike the run halts, and no fourth is sent.
func TestFirstImportsRefusedAlike(t *testing.T) {
	for _, tc := range []struct {
		name string
		halt migration.Halt
		but  int // this row's import is accepted
		end  runner.End
		sent int
	}{
		{name: "all", but: -1, end: runner.Halted, sent: 3},
		{name: "one accepted", but: 1, end: runner.Finished, sent: 20},
		{name: "the operator's rule", but: -1, halt: migration.Halt{Share: 1, Floor: 5}, end: runner.Halted, sent: 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEvening(t, 20, 10)
				e.cfg.Halt = tc.halt
				sent := 0
				e.s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
					if step != migration.StepImport {
						return migration.Result{}, false
					}
					sent++
					if sent-1 == tc.but {
						return migration.Result{}, false
					}
					return migration.Failure(r.Facts, migration.Problem{Code: "import.refused", ServiceCode: "InvalidSasUrl", Service: "graph", Status: 400, Message: "not reachable"}), true
				}
				e.play(tc.end)
				if sent < tc.sent || tc.end == runner.Halted && sent > tc.sent+2 || tc.halt == (migration.Halt{}) && sent != tc.sent {
					t.Errorf("%d imports were sent, want %d", sent, tc.sent)
				}
				if (tc.end == runner.Halted) != e.heard("halted:") {
					t.Errorf("said %q", e.said)
				}
			})
		})
	}
}

// Whoever goes on with a run that halted so has seen to the cause: the refusals from before do not halt it again, and
// three new ones do.
func TestFirstImportsRefusedAlikeOnce(t *testing.T) {
	for name, mended := range map[string]bool{"the cause is gone": true, "it is still there": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEvening(t, 20, 10)
				refuse, sent := true, 0
				e.s.script = func(step migration.Step, r migration.Row) (migration.Result, bool) {
					if step != migration.StepImport {
						return migration.Result{}, false
					}
					if sent++; !refuse {
						return migration.Result{}, false
					}
					return migration.Failure(r.Facts, migration.Problem{Code: "import.refused", ServiceCode: "InvalidSasUrl", Service: "graph", Status: 400, Message: "not reachable"}), true
				}
				e.play(runner.Halted)
				time.Sleep(time.Minute)
				e.cfg.HaltedAt, refuse, sent = time.Now(), !mended, 0
				time.Sleep(time.Minute)
				if mended {
					if c := e.play(runner.Finished); c.Succeeded != 17 || c.Failed != 3 || sent != 17 {
						t.Errorf("counts %+v after %d imports", c, sent)
					}
					return
				}
				if e.play(runner.Halted); sent != 3 {
					t.Errorf("%d imports were sent, want 3", sent)
				}
			})
		})
	}
}
