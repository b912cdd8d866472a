package ledger_test

import (
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

func TestOrdersGoToTheProcessThatDrives(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 2)
	_, err := l.RecordRequest(ctx, ledger.Request{Run: "r1", By: "ada on host", Kind: ledger.RequestPause})
	wantFault(t, err, fault.Conflict, "ledger.not-driven")
	release, err := l.Lock(ctx, ledger.Holder{Run: "r1"})
	must(t, err)
	_, err = l.RecordRequest(ctx, ledger.Request{Run: "r1", By: "ada on host", Kind: "dance"})
	wantFault(t, err, fault.Internal, "ledger.order")

	// The request comes from a second process, which has opened the file itself.
	second := openAt(t, l.Path(), ledger.Options{})
	o, err := second.RecordRequest(ctx, ledger.Request{Run: "r1", By: "ada on host", Kind: ledger.RequestSlots, Arg: "5"})
	must(t, err)
	mine, err := l.PendingRequests(ctx)
	must(t, err)
	if len(mine) != 1 || mine[0].ID != o.ID || mine[0].Arg != "5" || mine[0].By != "ada on host" || !mine[0].AnsweredAt.IsZero() {
		t.Fatalf("orders for the driver: %+v", mine)
	}
	if other, err := second.PendingRequests(ctx); err != nil || len(other) != 0 {
		t.Errorf("a process without the lock is asked to obey %v, %v", other, err)
	}
	must(t, l.AnswerRequest(ctx, mine[0], evening, "5 slots"))
	wantFault(t, l.AnswerRequest(ctx, mine[0], evening, "again"), fault.Conflict, "ledger.obeyed")
	if mine, err = l.PendingRequests(ctx); err != nil || len(mine) != 0 {
		t.Errorf("obeyed and still open: %v, %v", mine, err)
	}
	// Requests that were not carried out end with the process that they were for.
	_, err = second.RecordRequest(ctx, ledger.Request{Run: "r1", By: "ada on host", Kind: ledger.RequestDrain})
	must(t, err)
	must(t, release())
	_, err = l.Lock(ctx, ledger.Holder{Run: "r1"})
	must(t, err)
	if mine, err = l.PendingRequests(ctx); err != nil || len(mine) != 0 {
		t.Errorf("a new process is asked to obey the old one's orders: %v, %v", mine, err)
	}
	all, err := second.Requests(ctx, "r1")
	must(t, err)
	if len(all) != 2 || !all[0].AnsweredAt.Equal(evening) || all[0].Answer != "5 slots" || !all[1].AnsweredAt.IsZero() {
		t.Errorf("orders: %+v", all)
	}
	var who []string
	events, err := l.Events(ctx, "r1")
	must(t, err)
	for _, e := range events {
		who = append(who, string(e.Reason)+": "+e.Note)
	}
	wantSame(t, "events", who, []string{
		"ordered: slots 5, by ada on host", "obeyed: slots 5, ordered by ada on host: 5 slots", "ordered: drain, by ada on host",
	})
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}

func TestOrdersAreNotRewritten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	_, err := l.Lock(ctx, ledger.Holder{Run: "r1"})
	must(t, err)
	o, err := l.RecordRequest(ctx, ledger.Request{Run: "r1", By: "ada", Kind: ledger.RequestPause})
	must(t, err)
	must(t, l.AnswerRequest(ctx, o, evening, "paused"))
	must(t, l.ChangeRun(ctx, "r1", ledger.Change{Slots: 3}))
	db := raw(t, l.Path())
	for _, q := range []string{
		`UPDATE orders SET answer = 'x'`, `UPDATE orders SET by_whom = 'x', obeyed_at = 'x'`, `DELETE FROM orders`,
		`UPDATE run_changes SET body = '{}'`, `DELETE FROM run_changes`,
	} {
		if _, err := db.ExecContext(ctx, q); err == nil {
			t.Errorf("%s: the database took it", q)
		}
	}
}

func TestChangesLieOnTopOfTheRun(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _ := begin(t, 1)
	must(t, l.CreateRun(ctx, newRun("r2"), newRows("r2", 1), nil))
	must(t, l.ChangeRun(ctx, "r1", ledger.Change{Slots: 7, Settings: migration.SettingsPatch{"until": "imported", "canary": "2"}, By: "ada"}))
	must(t, l.ChangeRun(ctx, "r1", ledger.Change{Settings: migration.SettingsPatch{"until": ""}, WaveHash: "new"}))
	wantFault(t, l.ChangeRun(ctx, "r9", ledger.Change{Slots: 1}), fault.NotFound, "ledger.no-run")
	want := newRun("r1")
	want.Slots, want.WaveHash, want.Settings.Canary = 7, "new", 2
	run, err := l.Run(ctx, "r1")
	must(t, err)
	wantSame(t, "Run", run, want)
	runs, err := l.Runs(ctx)
	must(t, err)
	wantSame(t, "Runs", runs, []migration.Run{newRun("r2"), want})
	reader := openAt(t, l.Path(), ledger.Options{ReadOnly: true})
	run, err = reader.Run(ctx, "r1")
	must(t, err)
	wantSame(t, "Run, read only", run, want)
}

// A new attempt may read the facts of its disk again; its user and its start do not change.
func TestWhatARowAimsAt(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 2)
	target := rows[0].Target
	target.UserID, target.PolicyName = "someone-else", "P2"
	edit := migration.Amend(rows[0], target, []string{"a", "b"}, evening)
	must(t, l.Apply(ctx, edit))
	began := migration.Claim(rows[1], evening)
	must(t, l.Apply(ctx, began))
	failed := migration.Fail(began.To(), migration.Facts{SnapshotID: "s"}, migration.Problem{Code: "import.refused", Message: "no"}, evening)
	must(t, l.Apply(ctx, failed))
	again := failed.To().Target
	again.UserID, again.Disk.ETag = "another", "new"
	retried := migration.Retry(failed.To(), again, "by ada", evening.Add(time.Hour))
	must(t, l.Apply(ctx, retried))

	got, err := l.Rows(ctx, "r1")
	must(t, err)
	if r := got[0]; r.Target.UserID != "someone-else" || r.Target.PolicyName != "P2" || len(r.Input) != 2 || r.State != migration.Pending {
		t.Errorf("amended: %+v", r)
	}
	if r := got[1]; r.Target.Disk.ETag != "new" || r.Target.UserID != rows[1].Target.UserID || r.Attempt != 2 || r.State != migration.Pending || r.Facts.SnapshotID != "" {
		t.Errorf("retried: %+v", r)
	}
	open, err := openUsers(ctx, l)
	must(t, err)
	if open["someone-else"] != "r1" || len(open) != 2 {
		t.Errorf("open users: %v", open)
	}
	db := raw(t, l.Path())
	for name, q := range map[string]string{
		"amended after it began": `UPDATE wave_rows SET state = 'pending', reason = 'amended', version = version + 1, target = '{}' WHERE idx = 1`,
		"retried as another":     `UPDATE wave_rows SET state = 'pending', reason = 'retried', version = version + 1, user_id = 'x' WHERE idx = 1`,
	} {
		if _, err := db.ExecContext(ctx, q); err == nil {
			t.Errorf("%s: the database took it", name)
		}
	}
}

func TestEditRunIsOneStep(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 3)
	added := newRows("r1", 5)[3:]
	edit := ledger.Edit{
		Change: ledger.Change{WaveHash: "edited", By: "ada"},
		Moves: []migration.Transition{
			migration.Cancel(rows[0], "taken out", evening), migration.Amend(rows[1], rows[1].Target, []string{"x"}, evening),
		},
		Added: added, Findings: []wave.Finding{{Code: "x.y", Line: 9}},
	}
	// The user of the removed row may come back in a new one.
	edit.Added[0].Target.UserID = rows[0].Target.UserID
	wrong := edit
	wrong.Added = added[1:]
	wantFault(t, l.EditRun(ctx, "r1", wrong), fault.Internal, "ledger.index")
	if got, err := l.Rows(ctx, "r1"); err != nil || len(got) != 3 || got[0].State != migration.Pending {
		t.Fatalf("a refused edit left something: %v, %v", got, err)
	}
	must(t, l.EditRun(ctx, "r1", edit))
	got, err := l.Rows(ctx, "r1")
	must(t, err)
	if len(got) != 5 || got[0].State != migration.Cancelled || got[1].Reason != migration.ReasonAmended || got[3].Target.UserID != rows[0].Target.UserID {
		t.Errorf("rows: %+v", got)
	}
	run, err := l.Run(ctx, "r1")
	must(t, err)
	findings, err := l.Findings(ctx, "r1")
	must(t, err)
	if run.WaveHash != "edited" || len(findings) == 0 || findings[len(findings)-1].Code != "x.y" {
		t.Errorf("run %+v, findings %v", run, findings)
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}
