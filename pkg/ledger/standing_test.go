package ledger_test

import (
	"context"
	"testing"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// openUsers returns the runs that hold users.
func openUsers(ctx context.Context, l *ledger.Ledger) (map[string]string, error) {
	all, err := l.Standings(ctx)
	open := map[string]string{}
	for user, s := range all {
		if s.Holds() {
			open[user] = s.Run
		}
	}
	return open, err
}

// A user whose import is in doubt is held, whatever the state of the row; a user whose row succeeded or failed has that
// standing; a user whose row was deferred is free.
func TestStandings(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 4)
	problem := migration.Problem{Code: "x", Message: "no"}
	for i, end := range []func(migration.Row) migration.Transition{
		func(r migration.Row) migration.Transition {
			r.Step = migration.StepProve
			return migration.Succeed(r, migration.Facts{CloudPCID: "pc"}, evening)
		},
		func(r migration.Row) migration.Transition {
			return migration.Fail(r, migration.Facts{}, problem, evening)
		},
	} {
		claim := migration.Claim(rows[i], evening)
		must(t, l.Apply(ctx, claim))
		must(t, l.Apply(ctx, end(claim.To())))
	}
	in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 2, Attempt: 1, Effect: migration.EffectImport, Subject: rows[2].Target.UserID, ClientRequestID: "c", At: evening})
	must(t, err)
	must(t, l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeUnknown, At: evening}))
	must(t, l.Apply(ctx, migration.Cancel(rows[2], "given up", evening)))
	must(t, l.Apply(ctx, migration.Defer(rows[3], problem, evening)))
	got, err := l.Standings(ctx)
	must(t, err)
	want := map[string]migration.Standing{}
	for i, s := range []migration.Standing{{State: migration.Succeeded, CloudPCID: "pc"}, {State: migration.Failed, Code: "x"}, {State: migration.Cancelled, Code: "row.cancelled", InDoubt: true}} {
		target := rows[i].Target
		s.Run, s.User, s.UPN, s.Disk, s.Policy, s.License, s.Trigger, s.At = "r1", target.User, target.UPN, target.Disk.URL, target.PolicyID, target.SKUID, target.Trigger, evening
		s.Group, s.GroupName = target.GroupID, target.GroupName
		want["r1-user-00000"+string(rune('0'+i))] = s
	}
	wantSame(t, "Standings", got, want)
}
