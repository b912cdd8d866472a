package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

func TestWritesOutsideRuns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openAt(t, newPlace(t), ledger.Options{Now: func() time.Time { return evening }})
	must(t, l.CreateRun(ctx, newRun("r1"), newRows("r1", 2), nil))
	user := "r1-user-000001"

	join, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 1, Attempt: 1, Effect: migration.EffectJoin, Subject: "g1", ClientRequestID: "c1"})
	must(t, err)
	must(t, l.Conclude(ctx, join, migration.Outcome{Status: migration.OutcomeDone, NoChange: true, At: evening}))
	policy, err := l.IntendWrite(ctx, migration.Write{
		Command: "policy apply", By: "ada on host", Row: 7, Effect: "policy.update", Target: "p1",
		Before: json.RawMessage(`{"a":1}`), After: json.RawMessage(`{"a":2}`), ClientRequestID: "c2", At: evening.Add(time.Minute),
	})
	must(t, err)
	if policy.ID == 0 || policy.Row != migration.WaveRow {
		t.Errorf("write %+v: want an id, and no row without a run", policy)
	}
	leave, err := l.IntendWrite(ctx, migration.Write{
		Command: "undo", Run: "r1", Row: 1, UserID: "R1-USER-000001", User: "user1@example.com", Effect: "group.leave", Target: "g1",
		At: evening.Add(2 * time.Minute),
	})
	must(t, err)
	done := migration.Outcome{Status: migration.OutcomeDone, RemoteID: "made", RequestID: "q", At: evening.Add(3 * time.Minute)}
	must(t, l.ConcludeWrite(ctx, policy, done))
	wantFault(t, l.ConcludeWrite(ctx, policy, done), fault.Conflict, "ledger.concluded")
	missing := policy
	missing.ID = 99
	wantFault(t, l.ConcludeWrite(ctx, missing, done), fault.NotFound, "ledger.no-intent")

	policy.Outcome = &done
	leave.UserID = user
	joined := migration.Write{
		ID: join.ID, Command: "run", Run: "r1", Row: 1, UserID: user, User: "user1@example.com", Effect: migration.EffectJoin,
		Target: "g1", ClientRequestID: "c1", At: evening, Outcome: &migration.Outcome{Status: migration.OutcomeDone, NoChange: true, At: evening},
	}
	if joined.Changed() || !policy.Changed() || leave.Changed() || !leave.Undecided() || policy.Undecided() {
		t.Error("Changed and Undecided are wrong about what happened")
	}
	one := 1
	for name, c := range map[string]struct {
		f    migration.WriteFilter
		want []migration.Write
	}{
		"all":       {migration.WriteFilter{}, []migration.Write{joined, policy, leave}},
		"a person":  {migration.WriteFilter{UserID: "R1-User-000001"}, []migration.Write{joined, leave}},
		"a row":     {migration.WriteFilter{Run: "r1", Row: &one}, []migration.Write{joined, leave}},
		"a target":  {migration.WriteFilter{Target: "G1"}, []migration.Write{joined, leave}},
		"made":      {migration.WriteFilter{Target: "made"}, []migration.Write{policy}},
		"undecided": {migration.WriteFilter{Undecided: true}, []migration.Write{leave}},
		"a command": {migration.WriteFilter{Command: "run"}, []migration.Write{joined}},
		"nothing":   {migration.WriteFilter{Run: "r9"}, nil},
	} {
		got, err := l.Writes(ctx, c.f)
		must(t, err)
		wantSame(t, name, got, c.want)
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
	must(t, ledger.VerifyChain(l.Audit(ctx, "r1")))
}

func TestWritesAreRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	mail := migration.Write{Command: "notify", Run: "r1", Row: 0, Effect: "message.send", Target: "a@b.example", Once: "r1 0 ready mail"}
	first, err := l.IntendWrite(ctx, mail)
	must(t, err)
	_, err = l.IntendWrite(ctx, mail)
	wantFault(t, err, fault.Conflict, "ledger.once")
	must(t, l.ConcludeWrite(ctx, first, migration.Outcome{Status: migration.OutcomeUnknown}))
	_, err = l.IntendWrite(ctx, mail)
	wantFault(t, err, fault.Conflict, "ledger.once")
	must(t, l.ConcludeWrite(ctx, first, migration.Outcome{Status: migration.OutcomeNoEffect}))
	second, err := l.IntendWrite(ctx, mail)
	must(t, err)
	must(t, l.ConcludeWrite(ctx, second, migration.Outcome{Status: migration.OutcomeDone}))
	_, err = l.IntendWrite(ctx, mail)
	wantFault(t, err, fault.Conflict, "ledger.once")

	_, err = l.IntendWrite(ctx, migration.Write{Command: "undo", Run: "r9", Effect: "group.leave"})
	wantFault(t, err, fault.NotFound, "ledger.no-run")
	_, err = l.IntendWrite(ctx, migration.Write{Effect: "group.leave"})
	wantFault(t, err, fault.Internal, "ledger.write")
	third, err := l.IntendWrite(ctx, migration.Write{Command: "close", Effect: "setting.restore"})
	must(t, err)
	wantFault(t, l.ConcludeWrite(ctx, third, migration.Outcome{Status: "perhaps"}), fault.Internal, "ledger.outcome")

	db := raw(t, l.Path())
	for _, q := range []string{`UPDATE writes SET target = 'x'`, `UPDATE writes SET status = 'refused'`, `DELETE FROM writes`} {
		if _, err := db.ExecContext(ctx, q); err == nil {
			t.Errorf("%s: the database took it", q)
		}
	}
}

// TestOneImportOfAPerson: an unsettled import of a person is found in any run, and named.
func TestOneImportOfAPerson(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	must(t, l.CreateRun(ctx, newRun("r2"), newRows("r2", 1), nil))
	first, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport, Subject: "U1"})
	must(t, err)
	must(t, l.Conclude(ctx, first, migration.Outcome{Status: migration.OutcomeUnknown}))
	second := migration.Intent{Run: "r2", Row: 0, Effect: migration.EffectImport, Subject: "u1"}
	_, err = l.Intend(ctx, second)
	wantFault(t, err, fault.Conflict, "ledger.intent-open")
	if got := fault.RemedyOf(err).Commands; err != nil && (len(got) != 1 || got[0].Run != "r1") {
		t.Errorf("commands %q do not name the run", got)
	}
	must(t, l.Conclude(ctx, first, migration.Outcome{Status: migration.OutcomeNoEffect}))
	_, err = l.Intend(ctx, second)
	must(t, err)
}
