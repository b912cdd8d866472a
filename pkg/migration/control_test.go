package migration_test

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

func failed(step migration.Step, code string) migration.Row {
	r := row(migration.Failed, step)
	r.Problem = &migration.Problem{Code: code}
	return r
}

// purged is a row whose import somebody purged, according to the audit log.
func purged(step migration.Step, code string) migration.Row {
	r := failed(step, code)
	r.Facts.CutOver, r.Facts.UsageStatus = at, migration.UsagePurged
	return r
}

func TestRetryStep(t *testing.T) {
	t.Parallel()
	gone := failed(migration.StepCutover, "import.gone")
	gone.Facts.CutOver = at
	for _, tc := range []struct {
		name string
		row  migration.Row
		want migration.Step
	}{
		{"Check", failed(migration.StepCheck, "check.moved"), migration.StepCheck},
		{"Join", failed(migration.StepJoin, "group.join-failed"), migration.StepCheck},
		{"ImportRefused", failed(migration.StepImport, "import.refused"), migration.StepCheck},
		{"ImportFailed", failed(migration.StepImportWait, "import.failed"), migration.StepCheck},
		{"ImportGone", failed(migration.StepImportWait, "import.gone"), migration.StepCheck},
		{"ImportExpiredBeforeTheCutover", failed(migration.StepCutover, "import.expired"), migration.StepCheck},
		{"ImportGoneAfterTheCutover", gone, migration.StepCutover},
		{"ImportUnreadable", failed(migration.StepImportWait, "import.unreadable"), migration.StepImportWait},
		{"Drift", failed(migration.StepCutover, "setting.not-snapshot"), migration.StepCutover},
		{"CutoverRefused", failed(migration.StepCutover, "cutover.failed"), migration.StepCutover},
		{"Provisioning", failed(migration.StepProvisionWait, "provision.failed"), migration.StepProvisionWait},
		{"NotFromTheSnapshot", failed(migration.StepProve, "proof.not-from-snapshot"), migration.StepProvisionWait},
		{"PurgedAfterTheCutover", purged(migration.StepProve, "proof.not-from-snapshot"), migration.StepCheck},
		{"PurgedAndTheCutoverUndone", purged(migration.StepProvisionWait, "import.gone"), migration.StepCheck},
		{"ProofUnreadable", failed(migration.StepProve, "proof.unreadable"), migration.StepProve},
		{"Bug", failed(migration.StepImportWait, "internal.panic"), migration.StepImportWait},
		{"NoProblem", row(migration.Cancelled, migration.StepImport), migration.StepCheck},
		{"Deferred", row(migration.Deferred, migration.StepCheck), migration.StepCheck},
	} {
		if got := migration.RetryStep(tc.row); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestRetryKeepsOrForgets(t *testing.T) {
	t.Parallel()
	fresh := migration.Target{User: "other", UserID: "other", Line: 9, PolicyID: "p", Disk: migration.Source{ETag: "new"}}
	anew := failed(migration.StepImportWait, "import.failed")
	anew.Facts = migration.Facts{SnapshotID: "s", Suspect: "x"}
	anew.Target.UserID, anew.Target.Line, anew.Tries = "u", 3, 4
	got := migration.Retry(anew, fresh, "again", at).To()
	if got.Facts != (migration.Facts{Retried: at}) || got.Target.Disk.ETag != "new" || got.Target.UserID != "u" || got.Target.Line != 3 ||
		got.Attempt != 2 || got.Tries != 0 || got.Problem != nil || got.State != migration.Pending {
		t.Errorf("anew: %+v", got)
	}
	further := failed(migration.StepProvisionWait, "provision.failed")
	further.Facts = migration.Facts{SnapshotID: "s", CutOver: at.Add(-time.Hour), Suspect: "x"}
	got = migration.Retry(further, fresh, "again", at).To()
	if got.Facts.SnapshotID != "s" || got.Facts.CutOver.IsZero() || got.Facts.Suspect != "" || got.Target.Disk.ETag != "" || got.Attempt != 2 {
		t.Errorf("further: %+v", got)
	}
}

func TestCancellable(t *testing.T) {
	t.Parallel()
	for _, s := range migration.States() {
		for _, step := range migration.Journey(migration.TriggerLicense) {
			want := !step.Imported() && (s == migration.Pending || s == migration.Running || s == migration.Waiting || s == migration.Held)
			if got := row(s, step).Cancellable(); got != want {
				t.Errorf("%s at %s: %v", s, step, got)
			}
		}
	}
	held := row(migration.Held, migration.StepImport)
	held.Problem = &migration.Problem{Code: "import.unknown", Message: "lost (client-request-id 7)"}
	if p := migration.Cancel(held, "by ada", at).To().Problem; p.Code != "import.unknown" || p.Message != "lost (client-request-id 7); by ada" {
		t.Errorf("a cancelled row forgot what is not known about it: %+v", p)
	}
}

func TestAdoptGoesOnWhereTheRowStood(t *testing.T) {
	t.Parallel()
	for step, want := range map[migration.Step]migration.Step{
		migration.StepImport: migration.StepImportWait, migration.StepImportWait: migration.StepImportWait, migration.StepProve: migration.StepProve,
	} {
		got := migration.Adopt(row(migration.Held, step), migration.Facts{SnapshotID: "s"}, "n", at).To()
		if got.Step != want || got.State != migration.Waiting || got.Facts.SnapshotID != "s" || !got.NotBefore.Equal(at) || got.Problem != nil {
			t.Errorf("held at %s: %+v", step, got)
		}
	}
	if got := migration.NoEffect(row(migration.Held, migration.StepImport), "n", at).To(); got.State != migration.Pending || got.Step != migration.StepImport {
		t.Errorf("no effect: %+v", got)
	}
}

func TestAmendOnlyBeforeItBegan(t *testing.T) {
	t.Parallel()
	skipped := row(migration.Skipped, migration.StepCheck)
	skipped.Problem = &migration.Problem{Code: "x"}
	if got := migration.Amend(skipped, migration.Target{User: "b"}, []string{"b"}, at); got.To().State != migration.Pending || got.To().Problem != nil || !got.Retargets() {
		t.Errorf("%+v", got.To())
	}
	defer func() {
		if recover() == nil {
			t.Error("a row that has begun was amended")
		}
	}()
	begun := row(migration.Pending, migration.StepCheck)
	begun.StartedAt = at
	migration.Amend(begun, migration.Target{}, nil, at)
}

// A row whose license may be away says how it is given back, also when it is deferred.
func TestDeferOffersTheLicense(t *testing.T) {
	t.Parallel()
	p := migration.Problem{Code: "row.deferred", Message: "late", Hint: "retry another evening", Commands: []fault.Command{fault.NewCommand("retry")}}
	for _, step := range []migration.Step{migration.StepCheck, migration.StepImport} {
		r := migration.Row{State: migration.Pending, Step: step, Target: migration.Target{User: "ada@contoso.example", Trigger: migration.TriggerRelicense}}
		got := migration.Defer(r, p, time.Now()).To().Problem
		if offers := strings.Contains(got.Hint, "undo"); offers != r.LicenseAway() || offers != (got.Commands[0].Name == "undo") {
			t.Errorf("at %s the license may be away: %t, and the row says %q %v", step, r.LicenseAway(), got.Hint, got.Commands)
		}
	}
	if !(migration.Row{State: migration.Pending, Step: migration.StepImport, Target: migration.Target{Trigger: migration.TriggerRelicense}}).LicenseAway() {
		t.Error("the case of a license that is away is not among these")
	}
}
