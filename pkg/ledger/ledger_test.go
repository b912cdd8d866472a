package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/wave"

	"github.com/google/go-cmp/cmp"
)

// evening is when the tests' runs begin.
var evening = time.Date(2026, 5, 8, 18, 0, 0, 0, time.UTC)

// open opens a new ledger in a folder of its own and closes it with the test.
func open(t testing.TB) *ledger.Ledger {
	t.Helper()
	return openAt(t, newPlace(t), ledger.Options{})
}

// newPlace returns the path of a new ledger: a file, or a ledger in the database that the tests run against.
func newPlace(t testing.TB) string {
	t.Helper()
	if homeURL != "" {
		return fmt.Sprintf("%s?ledger=t%d-%d", homeURL, os.Getpid(), places.Add(1))
	}
	return filepath.Join(t.TempDir(), "ledger.db")
}

// homeURL is the database that the tests run against; "": they use files.
var homeURL = os.Getenv(homeEnv)

var places atomic.Int64

func openAt(t testing.TB, path string, opt ledger.Options) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), path, opt)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

func newRun(id string) migration.Run {
	return migration.Run{
		ID: id, Wave: "friday", WavePath: "waves/friday.csv", WaveHash: "00ff", Columns: []string{"user", "blob", "policy"},
		Tenant: "11111111-0000-0000-0000-000000000000", Cloud: "global", GraphRoot: "https://graph.example",
		Slots: 20, ReportDir: "reports", Operator: "eve", Version: "test", State: migration.RunActive,
		Settings: migration.Settings{SkipInvalid: true}, CreatedAt: evening,
	}
}

// newRows returns n pending rows, each with its own user.
func newRows(run string, n int) []migration.Row {
	rows := make([]migration.Row, n)
	for i := range rows {
		rows[i] = migration.Row{
			Run: run, Index: i, State: migration.Pending, Step: migration.StepCheck, Reason: migration.ReasonCreated,
			Attempt: 1, UpdatedAt: evening, Input: []string{fmt.Sprintf("user%d@example.com", i), "disks/a.vhd", "Berlin"},
			Target: migration.Target{
				Line: i + 2, User: fmt.Sprintf("user%d@example.com", i), UserID: fmt.Sprintf("%s-USER-%06d", run, i),
				UPN: fmt.Sprintf("user%d@example.com", i), DisplayName: fmt.Sprintf("User %d", i),
				Disk: migration.Source{
					URL: fmt.Sprintf("https://store.blob.example/disks/%d.vhd", i), Container: "disks", Name: fmt.Sprintf("%d.vhd", i),
					ETag: `"0x8D0000000000000"`, Length: 128<<30 + 512, Virtual: 128 << 30,
				},
				PolicyID: "22222222-0000-0000-0000-000000000000", PolicyName: "Berlin", GroupID: "33333333-0000-0000-0000-000000000000",
				GroupName: "W365 Berlin", Trigger: migration.TriggerLicense, SKUID: "44444444-0000-0000-0000-000000000000",
				SKUName: "CPC_E_2C_8GB_128GB", PlanID: "55555555-0000-0000-0000-000000000000", PlanName: "2 vCPU", PlanGiB: 128,
				Carried: migration.Carried{Department: "Finance"},
			},
		}
	}
	return rows
}

// begin opens a ledger with one run of n rows.
func begin(t testing.TB, n int) (*ledger.Ledger, []migration.Row) {
	t.Helper()
	l := open(t)
	rows := newRows("r1", n)
	must(t, l.CreateRun(context.Background(), newRun("r1"), rows, nil))
	return l, rows
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantFault checks code and kind of a fault.
func wantFault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %s (%s)", code, kind)
		return
	}
	if fault.KindOf(err) != kind || fault.CodeOf(err) != code {
		t.Errorf("error %q is %s (%s), want %s (%s)", err, fault.CodeOf(err), fault.KindOf(err), code, kind)
	}
}

func wantSame(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestCreateRunReadsBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := open(t)
	rows := newRows("r1", 3)
	skip := migration.Skip(rows[2], migration.Problem{Code: "user.disabled", Message: "the user is disabled"}, evening)
	rows[2] = skip.To()
	rows[1].Target.GuestState = &migration.Source{URL: "https://store.blob.example/disks/1.vmgs"}
	findings := []wave.Finding{{Severity: wave.Error, Code: "user.disabled", Line: 4, User: "user2@example.com", Message: "m", Hint: "h"},
		{Severity: wave.Warning, Code: "vhd.not-gpt", Line: 3}}
	must(t, l.CreateRun(ctx, newRun("r1"), rows, findings))

	run, err := l.Run(ctx, "")
	must(t, err)
	wantSame(t, "Run", run, newRun("r1"))
	got, err := l.Rows(ctx, "r1")
	must(t, err)
	wantSame(t, "Rows", got, rows)
	found, err := l.Findings(ctx, "r1")
	must(t, err)
	wantSame(t, "Findings", found, findings)
}

func TestApplyReadsBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 2)
	claim := migration.Claim(rows[0], evening.Add(time.Second))
	must(t, l.Apply(ctx, claim))
	wait := migration.Advance(claim.To(), migration.Facts{SnapshotID: "s1", ImportStarted: evening}, evening.Add(time.Hour), "soon", evening.Add(2*time.Second))
	must(t, l.Apply(ctx, wait))
	again := migration.Again(wait.To(), wait.To().Facts, migration.Problem{Code: "graph.down", Message: "no answer", Kind: "unavailable"},
		evening.Add(2*time.Hour), evening.Add(3*time.Second))
	must(t, l.Apply(ctx, again))

	got, err := l.Rows(ctx, "r1")
	must(t, err)
	wantSame(t, "Rows", got, []migration.Row{again.To(), rows[1]})
	events, err := l.Events(ctx, "r1")
	must(t, err)
	want := []migration.Event{claim.Event(), wait.Event(), again.Event()}
	for i := range want {
		want[i].ID = events[i].ID
	}
	wantSame(t, "Events", events, want)
	must(t, ledger.VerifyChain(l.Audit(ctx, "r1")))
}
