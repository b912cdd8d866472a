package run_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/wave"
)

const friday = "user,blob,policy,notes\nada@x.example,disks/ada.vhd,P,\nbob@x.example,disks/bob.vhd,P,\ncyd@x.example,disks/cyd.vhd,P,\n"

// evening is the service's time in these tests; it does not advance.
var evening = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

type still struct{}

func (still) Now() time.Time                     { return evening }
func (still) Wall(d time.Duration) time.Duration { return d }

// validation replaces package preflight: it resolves every user and disk, and finds what the test wants.
type validation struct {
	asked  []string
	before run.UserHistory
	// bytes is the size of every disk, say what else is found.
	bytes int64
	say   func(wave.Row) []wave.Finding
}

func (v *validation) check(_ context.Context, f *wave.File, findings []wave.Finding, before run.UserHistory) (preflight.Result, error) {
	v.before, v.asked = before, nil
	res := preflight.Result{Findings: findings}
	for _, r := range f.Rows {
		v.asked = append(v.asked, r.User)
		bad := false
		if v.say != nil {
			for _, found := range v.say(r) {
				res.Findings = append(res.Findings, found)
				bad = bad || found.Severity == wave.Error && found.Line == r.Line
			}
		}
		res.Bad = append(res.Bad, bad)
		t := migration.Target{User: r.User, UPN: r.User, UserID: "id-" + r.User, Line: r.Line, PolicyName: r.Policy}
		t.Disk.URL, t.Disk.Length = "https://store/"+r.Blob, v.bytes
		res.Targets = append(res.Targets, t)
	}
	return res, nil
}

// begun returns a session on a run that was recorded from the wave friday, its file, and its validation.
func begun(t *testing.T, settings migration.Settings) (*run.Session, string, *validation) {
	t.Helper()
	dir, v := t.TempDir(), &validation{bytes: 100}
	path := filepath.Join(dir, "friday.csv")
	write(t, path, friday)
	file, findings, err := run.ReadWave(path, wave.Options{})
	if err != nil || file == nil {
		t.Fatal(err, findings)
	}
	o := run.Options{Ledger: filepath.Join(dir, "ledger.db"), Driver: run.Driver{User: "op", Host: "here"}}
	s, err := run.Begin(t.Context(), o, "r1", &run.Services{Clock: still{}, Tenant: unset{}, Validate: v.check})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	res, _ := v.check(t.Context(), file, findings, run.UserHistory{})
	s.Draft(run.Plan{WavePath: path, File: file, Checked: res, Slots: 5, Settings: settings})
	s.Run.CreatedAt = evening.Add(-time.Hour) // the operator took that long to confirm
	if err := s.Create(t.Context(), res.Findings); err != nil {
		t.Fatal(err)
	}
	v.asked = nil
	return s, path, v
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// states returns the rows as "user state policy".
func states(s *run.Session) []string {
	var out []string
	for _, r := range s.Rows {
		out = append(out, r.Target.User+" "+string(r.State)+" "+r.Target.PolicyName)
	}
	return out
}

func same(t *testing.T, what string, got any, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// unset is a tenant without user settings, as it is before a wave; no other call is made.
type unset struct{ run.Tenant }

func (unset) UserSettings(context.Context) ([]graph.UserSetting, error) { return nil, nil }

// A run begins when it is recorded, not when it was drafted; nor are its rows older than that.
func TestBeginsWhenAgreed(t *testing.T) {
	t.Parallel()
	s, _, _ := begun(t, migration.Settings{})
	r, err := s.Ledger.Run(t.Context(), s.Run.ID)
	if err != nil || !r.CreatedAt.Equal(evening) {
		t.Errorf("it began at %s, %v", r.CreatedAt, err)
	}
	rows, err := s.Ledger.Rows(t.Context(), s.Run.ID)
	if err != nil || len(rows) != 3 || !rows[0].UpdatedAt.Equal(evening) {
		t.Errorf("%+v, %v", rows, err)
	}
}

// What cancelling a whole run would do: rows that ended or are held are not counted.
func TestCancellable(t *testing.T) {
	t.Parallel()
	s, _, _ := begun(t, migration.Settings{})
	rows := []migration.Row{
		{State: migration.Pending, Step: migration.StepCheck},
		{State: migration.Waiting, Step: migration.StepImport, StartedAt: evening},
		{State: migration.Waiting, Step: migration.StepImportWait, StartedAt: evening},
		{State: migration.Held, Step: migration.StepImport, StartedAt: evening},
		{State: migration.Succeeded, Step: migration.StepProve, StartedAt: evening},
	}
	for i := range rows {
		rows[i].Run, rows[i].Index = s.Run.ID, i
	}
	giveUp, goOn, err := run.Cancellable(t.Context(), s.Ledger, rows)
	if giveUp != 2 || goOn != 1 || err != nil {
		t.Errorf("%d given up, %d go on, %v", giveUp, goOn, err)
	}
	// The import of the second one was accepted, and the process ended before the row knew.
	in, err := s.Ledger.Intend(t.Context(), migration.Intent{Run: s.Run.ID, Row: 1, Effect: migration.EffectImport, ClientRequestID: "c", Subject: "u", At: evening})
	if err == nil {
		err = s.Ledger.Conclude(t.Context(), in, migration.Outcome{Status: migration.OutcomeDone, RemoteID: "s", At: evening})
	}
	if err != nil {
		t.Fatal(err)
	}
	if giveUp, goOn, err = run.Cancellable(t.Context(), s.Ledger, rows); giveUp != 1 || goOn != 2 || err != nil {
		t.Errorf("%d given up, %d go on, %v", giveUp, goOn, err)
	}
}

// A run's time ends with its last row, whatever is recorded after that.
func TestOver(t *testing.T) {
	t.Parallel()
	end := evening.Add(2 * time.Hour)
	st := run.Standing{Run: migration.Run{CreatedAt: evening, FinishedAt: end}, Seen: end.Add(10 * time.Hour)}
	if !st.Over().Equal(end) {
		t.Errorf("over at %s", st.Over())
	}
	st.Run.FinishedAt, st.Rows = time.Time{}, []migration.Row{{UpdatedAt: end}}
	if !st.Over().Equal(end) {
		t.Errorf("without the run's own word over at %s", st.Over())
	}
	st.Counts.Queued = 1
	if !st.Over().IsZero() {
		t.Errorf("over at %s though a row is open", st.Over())
	}
}
