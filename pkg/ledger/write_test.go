package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 2)
	must(t, l.Apply(ctx, migration.Claim(rows[0], evening)))

	wantFault(t, l.Apply(ctx, migration.Claim(rows[0], evening)), fault.Conflict, "ledger.moved")
	newer := rows[1]
	newer.Version = 7
	wantFault(t, l.Apply(ctx, migration.Claim(newer, evening)), fault.Conflict, "ledger.moved")
	elsewhere := rows[1]
	elsewhere.State = migration.Waiting
	wantFault(t, l.Apply(ctx, migration.Wake(elsewhere, evening)), fault.Conflict, "ledger.moved")
	missing := rows[1]
	missing.Index = 9
	wantFault(t, l.Apply(ctx, migration.Claim(missing, evening)), fault.NotFound, "ledger.no-row")
	wantFault(t, l.Apply(ctx, migration.Transition{}), fault.Internal, "ledger.arrow")
	dead, cancel := context.WithCancel(ctx)
	cancel()
	wantFault(t, l.Apply(dead, migration.Claim(rows[1], evening)), fault.Interrupted, "")

	events, err := l.Events(ctx, "r1")
	must(t, err)
	if len(events) != 1 {
		t.Errorf("%d events, want the one that was accepted", len(events))
	}
}

// TestApplyTakesItsArrowFromTheDatabase removes from the database an arrow that the program knows.
func TestApplyTakesItsArrowFromTheDatabase(t *testing.T) {
	t.Parallel()
	l, rows := begin(t, 1)
	_, err := raw(t, l.Path()).Exec(`DELETE FROM arrows WHERE reason = 'claimed'`)
	must(t, err)
	wantFault(t, l.Apply(t.Context(), migration.Claim(rows[0], evening)), fault.Internal, "ledger.arrow")
}

func TestCreateRunRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 2)
	wantFault(t, l.CreateRun(ctx, newRun("r1"), newRows("r1", 1), nil), fault.Conflict, "ledger.exists")
	wantFault(t, l.CreateRun(ctx, newRun(""), newRows("r2", 1), nil), fault.Invalid, "ledger.run")
	wantFault(t, l.CreateRun(ctx, newRun("r2"), nil, nil), fault.Invalid, "ledger.run")
	running := newRows("r2", 2)
	running[1].State = migration.Running
	wantFault(t, l.CreateRun(ctx, newRun("r2"), running, nil), fault.Invalid, "ledger.run")

	// The same user in another spelling, in another run.
	taken := newRows("r2", 2)
	taken[1].Target.UserID = strings.ToLower(rows[1].Target.UserID)
	err := l.CreateRun(ctx, newRun("r2"), taken, nil)
	wantFault(t, err, fault.Conflict, "ledger.user-held")
	if err != nil && !strings.Contains(err.Error(), "r1") {
		t.Errorf("error %q does not name the run", err)
	}
	runs, err := l.Runs(ctx)
	must(t, err)
	if len(runs) != 1 {
		t.Errorf("%d runs, want 1: a refused run left something", len(runs))
	}
	users, err := openUsers(ctx, l)
	must(t, err)
	wantSame(t, "OpenUsers", users, map[string]string{"r1-user-000000": "r1", "r1-user-000001": "r1"})
}

func TestFinishAndReopen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 1)
	wantFault(t, l.FinishRun(ctx, "r1", evening), fault.Conflict, "ledger.open-rows")
	wantFault(t, l.FinishRun(ctx, "r9", evening), fault.NotFound, "ledger.no-run")
	must(t, l.Apply(ctx, migration.Skip(rows[0], migration.Problem{Code: "x", Message: "no"}, evening)))
	must(t, l.FinishRun(ctx, "r1", evening.Add(time.Hour)))
	must(t, l.FinishRun(ctx, "r1", evening.Add(2*time.Hour)))
	run, err := l.Run(ctx, "r1")
	must(t, err)
	if run.State != migration.RunFinished || !run.FinishedAt.Equal(evening.Add(time.Hour)) {
		t.Errorf("run is %s at %v", run.State, run.FinishedAt)
	}
	must(t, l.ReopenRun(ctx, "r1"))
	run, err = l.Run(ctx, "r1")
	must(t, err)
	wantSame(t, "Run", run, newRun("r1"))
	// The user is free for another run once the row is final.
	again := newRows("r2", 1)
	again[0].Target.UserID = rows[0].Target.UserID
	must(t, l.CreateRun(ctx, newRun("r2"), again, nil))
	run, err = l.Run(ctx, "")
	must(t, err)
	if run.ID != "r2" {
		t.Errorf("latest run %s, want r2", run.ID)
	}
	_, err = l.Run(ctx, "r9")
	wantFault(t, err, fault.NotFound, "ledger.no-run")
}

func TestIntents(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openAt(t, newPlace(t), ledger.Options{Now: func() time.Time { return evening }})
	must(t, l.CreateRun(ctx, newRun("r1"), newRows("r1", 2), nil))
	imp := migration.Intent{Run: "r1", Row: 0, Attempt: 1, Effect: migration.EffectImport, ClientRequestID: "c1", Subject: "u1"}
	first, err := l.Intend(ctx, imp)
	must(t, err)
	if first.ID == 0 || !first.At.Equal(evening) {
		t.Errorf("intent %+v has no id or time", first)
	}
	_, err = l.Intend(ctx, imp)
	wantFault(t, err, fault.Conflict, "ledger.intent-open")
	_, err = l.Intend(ctx, migration.Intent{Run: "r9", Effect: migration.EffectJoin})
	wantFault(t, err, fault.NotFound, "ledger.no-run")

	unknown := migration.Outcome{Status: migration.OutcomeUnknown, Detail: "no answer", At: evening.Add(time.Second)}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	must(t, l.Conclude(stopped, first, unknown))
	_, err = l.Intend(ctx, imp)
	wantFault(t, err, fault.Conflict, "ledger.intent-open")
	for _, no := range []migration.OutcomeStatus{migration.OutcomeDone, migration.OutcomeRefused, migration.OutcomeUnknown} {
		wantFault(t, l.Conclude(ctx, first, migration.Outcome{Status: no}), fault.Conflict, "ledger.concluded")
	}
	settled := migration.Outcome{Status: migration.OutcomeNoEffect, RequestID: "q1", Detail: "not in the list", At: evening.Add(time.Minute)}
	must(t, l.Conclude(ctx, first, settled))
	wantFault(t, l.Conclude(ctx, first, migration.Outcome{Status: migration.OutcomeAdopted}), fault.Conflict, "ledger.concluded")
	other := first
	other.ID = 99
	wantFault(t, l.Conclude(ctx, other, settled), fault.NotFound, "ledger.no-intent")

	second, err := l.Intend(ctx, imp)
	must(t, err)
	wantFault(t, l.Conclude(ctx, second, migration.Outcome{Status: "perhaps"}), fault.Internal, "ledger.outcome")
	whole, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: migration.WaveRow, Effect: migration.EffectSettingCreate, Subject: "snapshot"})
	must(t, err)

	first.Outcome = &settled
	got, err := l.Intents(ctx, "r1", 0)
	must(t, err)
	wantSame(t, "Intents", got, []migration.Intent{first, second})
	got, err = l.Intents(ctx, "r1", migration.WaveRow)
	must(t, err)
	wantSame(t, "Intents of the wave", got, []migration.Intent{whole})
	got, err = l.AllIntents(ctx, "r1")
	must(t, err)
	wantSame(t, "AllIntents", got, []migration.Intent{first, second, whole})
	must(t, ledger.VerifyChain(l.Audit(ctx, "r1")))
}

// TestHostileTexts records what a service may send: NUL and bytes that are not text. Every kind of ledger accepts it and can
// read it again.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 2)
	const hostile, kept = "no\x00way \xff\x1b[31m", "no\ufffdway \ufffd\x1b[31m"
	claim := migration.Claim(rows[0], evening)
	must(t, l.ApplyAll(ctx, []migration.Transition{claim, migration.Claim(rows[1], evening)}))
	in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport, Subject: "u1"})
	must(t, err)
	must(t, l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeRefused, RequestID: hostile, Detail: hostile}))
	failed, changed := migration.Settle(claim.To(), migration.Failure(claim.To().Facts, migration.Problem{Code: "import.refused", Message: hostile}), evening, 0)
	if !changed {
		t.Fatal("a failure changes nothing")
	}
	must(t, l.ApplyAll(ctx, []migration.Transition{failed}))

	got, err := l.AllIntents(ctx, "r1")
	must(t, err)
	if out := got[0].Outcome; out.RequestID != kept || out.Detail != kept {
		t.Errorf("the outcome is kept with %+q, %+q", out.RequestID, out.Detail)
	}
	after, err := l.Rows(ctx, "r1")
	must(t, err)
	if after[0].State != migration.Failed || after[0].Note != kept {
		t.Errorf("the row is %s, noted %+q", after[0].State, after[0].Note)
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "r1")))
}

func TestNote(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	e := migration.Event{Run: "r1", Row: migration.WaveRow, At: evening, Reason: migration.RunStarted, Note: "20 slots"}
	must(t, l.Note(ctx, e))
	got, err := l.Events(ctx, "r1")
	must(t, err)
	e.ID = got[0].ID
	wantSame(t, "Events", got, []migration.Event{e})
	e.Run = "r9"
	wantFault(t, l.Note(ctx, e), fault.NotFound, "ledger.no-run")
}

// TestManyWriters drives rows from many goroutines and two ledgers at once: every accepted change is there, every
// refusal affects only its caller, and the chain is intact.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const n = 40
	l, rows := begin(t, n)
	second := openAt(t, l.Path(), ledger.Options{})
	var refused atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r := rows[i]
			for range 10 {
				tr := flip(r)
				if err := l.Apply(ctx, tr); err != nil {
					t.Error(err)
					return
				}
				// The same change comes too late the second time, from any writer.
				if err := second.Apply(ctx, tr); fault.CodeOf(err) == "ledger.moved" {
					refused.Add(1)
				}
				r = tr.To()
			}
			rows[i] = r
		})
	}
	// Work that is refused after it has written does not affect other work, and leaves nothing.
	late := newRows("r2", 3)
	late[2].Target.UserID = rows[0].Target.UserID
	wg.Go(func() {
		for range 20 {
			wantFault(t, l.CreateRun(ctx, newRun("r2"), late, nil), fault.Conflict, "ledger.user-held")
		}
	})
	wg.Wait()
	if runs, err := l.Runs(ctx); err != nil || len(runs) != 1 {
		t.Errorf("%d runs, want 1 (%v)", len(runs), err)
	}
	got, err := second.Rows(ctx, "r1")
	must(t, err)
	wantSame(t, "Rows", got, rows)
	if refused.Load() != n*10 {
		t.Errorf("%d late changes refused, want %d", refused.Load(), n*10)
	}
	events, err := l.Events(ctx, "r1")
	must(t, err)
	if len(events) != n*10 {
		t.Errorf("%d events, want %d", len(events), n*10)
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}

func TestClosedLedgerRefuses(t *testing.T) {
	t.Parallel()
	l, rows := begin(t, 1)
	must(t, l.Close())
	must(t, l.Close())
	claim := migration.Claim(rows[0], evening)
	for _, err := range []error{l.Apply(t.Context(), claim), l.ApplyAll(t.Context(), []migration.Transition{claim})} {
		wantFault(t, err, fault.Internal, "ledger.closed")
		if !strings.Contains(fmt.Sprint(err), "record row 0") {
			t.Errorf("the fault %v does not name the row", err)
		}
	}
	if _, err := l.Rows(t.Context(), "r1"); err == nil {
		t.Error("reading a closed ledger worked")
	}
}

func TestInABubble(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/ledger.db"
	synctest.Test(t, func(t *testing.T) {
		l, err := ledger.Open(t.Context(), path, ledger.Options{})
		must(t, err)
		rows := newRows("r1", 20)
		must(t, l.CreateRun(t.Context(), newRun("r1"), rows, nil))
		release, err := l.Lock(t.Context(), ledger.Holder{Command: "test"})
		must(t, err)
		var wg sync.WaitGroup
		for i := range rows {
			wg.Go(func() {
				r := rows[i]
				for range 4 {
					time.Sleep(time.Hour)
					tr := flip(r)
					if err := l.Apply(t.Context(), tr); err != nil {
						t.Error(err)
					}
					r = tr.To()
				}
			})
		}
		wg.Wait()
		must(t, ledger.VerifyChain(l.Audit(t.Context(), "r1")))
		must(t, release())
		must(t, l.Close())
	})
}

// TestApplyAll: all of the transitions are recorded, or none.
func TestApplyAll(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 4)
	must(t, l.ApplyAll(ctx, nil))
	moves := []migration.Transition{migration.Claim(rows[0], evening), migration.Claim(rows[1], evening)}
	must(t, l.ApplyAll(ctx, moves))
	late := []migration.Transition{migration.Claim(rows[2], evening), moves[0], migration.Claim(rows[3], evening)}
	wantFault(t, l.ApplyAll(ctx, late), fault.Conflict, "ledger.moved")
	got, err := l.Rows(ctx, "r1")
	must(t, err)
	wantSame(t, "Rows", got, []migration.Row{moves[0].To(), moves[1].To(), rows[2], rows[3]})
	events, err := l.Events(ctx, "r1")
	must(t, err)
	if len(events) != 2 {
		t.Errorf("%d events, want 2", len(events))
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}

// TestTwoLedgersTakeTurns writes through two connections in turn: neither may continue from an end of the audit that
// the other has moved since.
func TestTwoLedgersTakeTurns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	second := openAt(t, l.Path(), ledger.Options{})
	for n := range 6 {
		who := l
		if n%2 == 1 {
			who = second
		}
		must(t, who.Note(ctx, migration.Event{Run: "r1", Row: migration.WaveRow, Reason: migration.RunThrottled, Note: fmt.Sprint(n)}))
	}
	events, err := l.Events(ctx, "r1")
	must(t, err)
	for n, e := range events {
		if e.Note != fmt.Sprint(n) {
			t.Errorf("event %d is %q", n, e.Note)
		}
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}
