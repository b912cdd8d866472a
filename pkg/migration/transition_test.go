package migration_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

var at = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

func row(s migration.State, step migration.Step) migration.Row {
	return migration.Row{Run: "r", Index: 3, Version: 7, State: s, Step: step, Attempt: 1,
		Target: migration.Target{User: "ada@contoso.com", Trigger: migration.TriggerLicense}}
}

// build returns every transition that a constructor can make from a row, by its arrow.
func build(r migration.Row) map[migration.Arrow]func() migration.Transition {
	problem := migration.Problem{Code: "x.y", Message: "no"}
	arrow := func(to migration.State, why migration.Reason) migration.Arrow {
		return migration.Arrow{From: r.State, To: to, Reason: why}
	}
	return map[migration.Arrow]func() migration.Transition{
		arrow(migration.Running, migration.ReasonClaimed):     func() migration.Transition { return migration.Claim(r, at) },
		arrow(migration.Running, migration.ReasonDue):         func() migration.Transition { return migration.Wake(r, at) },
		arrow(migration.Running, migration.ReasonStepDone):    func() migration.Transition { return migration.Advance(r, r.Facts, time.Time{}, "", at) },
		arrow(migration.Waiting, migration.ReasonStepDone):    func() migration.Transition { return migration.Advance(r, r.Facts, at.Add(time.Hour), "n", at) },
		arrow(migration.Waiting, migration.ReasonParked):      func() migration.Transition { return migration.Park(r, r.Facts, at.Add(time.Hour), "n", at) },
		arrow(migration.Waiting, migration.ReasonRetry):       func() migration.Transition { return migration.Again(r, r.Facts, problem, at.Add(time.Hour), at) },
		arrow(migration.Succeeded, migration.ReasonProven):    func() migration.Transition { return migration.Succeed(r, r.Facts, at) },
		arrow(migration.Failed, migration.ReasonFailed):       func() migration.Transition { return migration.Fail(r, r.Facts, problem, at) },
		arrow(migration.Held, migration.ReasonUnknown):        func() migration.Transition { return migration.Hold(r, r.Facts, problem, at) },
		arrow(migration.Pending, migration.ReasonInterrupted): func() migration.Transition { return migration.Interrupt(r, "n", at) },
		arrow(migration.Pending, migration.ReasonRetried):     func() migration.Transition { return migration.Retry(r, r.Target, "n", at) },
		arrow(migration.Cancelled, migration.ReasonOperator):  func() migration.Transition { return migration.Cancel(r, "n", at) },
		arrow(migration.Deferred, migration.ReasonStopBy):     func() migration.Transition { return migration.Defer(r, problem, at) },
		arrow(migration.Waiting, migration.ReasonAdopted):     func() migration.Transition { return migration.Adopt(r, r.Facts, "n", at) },
		arrow(migration.Pending, migration.ReasonNoEffect):    func() migration.Transition { return migration.NoEffect(r, "n", at) },
		arrow(migration.Pending, migration.ReasonAmended):     func() migration.Transition { return migration.Amend(r, r.Target, nil, at) },
		arrow(migration.Skipped, migration.ReasonFinding):     func() migration.Transition { return migration.Skip(r, problem, at) },
	}
}

// Every constructor accepts exactly the states that the arrows name, and panics for every other.
func TestConstructorsFollowTheArrows(t *testing.T) {
	t.Parallel()
	for _, from := range migration.States() {
		for arrow, make := range build(row(from, migration.StepImport)) {
			allowed := slices.Contains(migration.Arrows(), arrow)
			func() {
				defer func() {
					if v := recover(); (v == nil) != allowed {
						t.Errorf("%s → %s (%s): allowed %v, panicked %v", arrow.From, arrow.To, arrow.Reason, allowed, v)
					}
				}()
				tr := make()
				if got := tr.To(); got.State != arrow.To || got.Reason != arrow.Reason || got.Version != 8 || !got.UpdatedAt.Equal(at) {
					t.Errorf("%v gives %s (%s) version %d", arrow, got.State, got.Reason, got.Version)
				}
				if got := tr.To().FinishedAt.IsZero(); got == arrow.To.Final() {
					t.Errorf("%v: FinishedAt zero is %v", arrow, got)
				}
			}()
		}
	}
}

func TestAdvanceForgetsTrouble(t *testing.T) {
	t.Parallel()
	r := row(migration.Waiting, migration.StepImport)
	r.Tries, r.TroubleSince, r.Problem = 3, at.Add(-time.Hour), &migration.Problem{Code: "x"}
	r.Facts.Suspect = "once"
	got := migration.Advance(r, r.Facts, time.Time{}, "", at).To()
	if got.Step != migration.StepImportWait || got.Tries != 0 || !got.TroubleSince.IsZero() || got.Problem != nil || got.Facts.Suspect != "" {
		t.Errorf("Advance gives %+v", got)
	}
}

func TestAgainCountsAndRemembersSince(t *testing.T) {
	t.Parallel()
	r := row(migration.Running, migration.StepCutover)
	first := migration.Again(r, r.Facts, migration.Problem{Message: "503"}, at.Add(time.Minute), at).To()
	second := migration.Again(first, first.Facts, migration.Problem{Message: "503"}, at.Add(time.Hour), at.Add(time.Minute)).To()
	if second.Tries != 2 || !second.TroubleSince.Equal(at) || !second.NotBefore.Equal(at.Add(time.Hour)) {
		t.Errorf("Again twice gives tries %d since %v until %v", second.Tries, second.TroubleSince, second.NotBefore)
	}
}

func TestJourneys(t *testing.T) {
	t.Parallel()
	if got := migration.Next(migration.TriggerLicense, migration.StepCheck); got != migration.StepJoin {
		t.Errorf("license: after check comes %q, want join", got)
	}
	if got := migration.Next(migration.TriggerMembership, migration.StepCheck); got != migration.StepImport {
		t.Errorf("membership: after check comes %q, want import", got)
	}
	for _, trigger := range []migration.Trigger{migration.TriggerLicense, migration.TriggerMembership} {
		if got := migration.Next(trigger, migration.StepProve); got != "" {
			t.Errorf("%s: after prove comes %q", trigger, got)
		}
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	facts := migration.Facts{SnapshotID: "s"}
	trouble := func(kind fault.Kind) migration.Problem {
		return migration.Problem{Code: "c", Message: "m", Kind: string(kind)}
	}
	running := row(migration.Running, migration.StepImport)
	waiting := row(migration.Waiting, migration.StepImportWait)
	waiting.Facts = facts
	tired := row(migration.Waiting, migration.StepImport)
	tired.Tries, tired.TroubleSince = 9, at.Add(-13*time.Hour)
	last := row(migration.Running, migration.StepProve)
	for _, tc := range []struct {
		name    string
		row     migration.Row
		res     migration.Result
		changed bool
		state   migration.State
		step    migration.Step
		due     time.Time
	}{
		{"DoneGoesOn", running, migration.Done(facts), true, migration.Running, migration.StepImportWait, time.Time{}},
		{"DoneAfterWaits", running, migration.DoneAfter(facts, time.Hour, "n"), true, migration.Waiting, migration.StepImportWait, at.Add(time.Hour)},
		{"DoneAtTheEnd", last, migration.Done(facts), true, migration.Succeeded, migration.StepProve, time.Time{}},
		{"NothingNewIsNotRecorded", waiting, migration.Wait(facts, time.Minute, ""), false, "", "", time.Time{}},
		{"NewFactsAreRecorded", waiting, migration.Wait(migration.Facts{SnapshotID: "t"}, time.Minute, ""), true, migration.Waiting, migration.StepImportWait, at.Add(time.Minute)},
		{"TroubleBacksOff", running, migration.TryAgain(facts, trouble(fault.Unavailable), 0), true, migration.Waiting, migration.StepImport, at.Add(15 * time.Second)},
		{"TroubleWaitsAsAsked", running, migration.TryAgain(facts, trouble(fault.Throttled), time.Hour), true, migration.Waiting, migration.StepImport, at.Add(time.Hour)},
		{"PatienceEnds", tired, migration.TryAgain(facts, trouble(fault.Unavailable), 0), true, migration.Failed, migration.StepImport, time.Time{}},
		{"QuotaHasMorePatience", tired, migration.TryAgain(facts, trouble(fault.Throttled), time.Hour), true, migration.Waiting, migration.StepImport, at.Add(time.Hour)},
		{"Failure", running, migration.Failure(facts, trouble("")), true, migration.Failed, migration.StepImport, time.Time{}},
		{"Unknown", running, migration.Unknown(facts, trouble("")), true, migration.Held, migration.StepImport, time.Time{}},
		{"StoppedGivesBack", running, migration.Stopped(facts), true, migration.Pending, migration.StepImport, time.Time{}},
		{"StoppedLeavesAWait", waiting, migration.Stopped(facts), false, "", "", time.Time{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tr, changed := migration.Settle(tc.row, tc.res, at, 0.5)
			if changed != tc.changed {
				t.Fatalf("changed = %v", changed)
			}
			if !changed {
				return
			}
			if got := tr.To(); got.State != tc.state || got.Step != tc.step || !got.NotBefore.Equal(tc.due) {
				t.Errorf("got %s at %s due %v, want %s at %s due %v", got.State, got.Step, got.NotBefore, tc.state, tc.step, tc.due)
			}
		})
	}
}

func TestBackoffGrowsAndIsCapped(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		tries int
		roll  float64
		want  time.Duration
	}{{0, 0.5, 15 * time.Second}, {1, 0.5, 30 * time.Second}, {3, 0, 96 * time.Second}, {40, 0.5, 10 * time.Minute}, {40, 0, 8 * time.Minute}} {
		if got := migration.Backoff(tc.tries, tc.roll); got != tc.want {
			t.Errorf("Backoff(%d, %v) = %v, want %v", tc.tries, tc.roll, got, tc.want)
		}
	}
}

func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	var rows []migration.Row
	for _, s := range migration.States() {
		rows = append(rows, row(s, migration.StepCheck))
	}
	rows = append(rows, migration.Row{State: migration.Succeeded, Warned: true})
	c := migration.Count(rows)
	if c.Total != len(rows) || c.Done()+c.Open() != c.Total || c.Warned != 1 || c.Succeeded != 1 {
		t.Errorf("Count = %+v", c)
	}
}

func TestProblemKeepsTheServicesWords(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Invalid, "", "the service refused", "do this")
	f.Remote = &fault.Remote{Service: "graph", Status: 400, Code: "invalidStorageInformation", RequestID: "a", ClientRequestID: "b"}
	got := migration.ProblemOf(f, "import.refused", "import")
	want := migration.Problem{Code: "import.refused", Message: "import: the service refused (graph: invalidStorageInformation)", Hint: "do this", Kind: "invalid",
		Service: "graph", Status: 400, ServiceCode: "invalidStorageInformation", RequestID: "a", ClientRequestID: "b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
