package run_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/wave"
)

// fail lets a row fail at a step.
func fail(t *testing.T, s *run.Session, i int, step migration.Step) {
	t.Helper()
	apply := func(tr migration.Transition) {
		if err := s.Ledger.Apply(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		s.Rows[i] = tr.To()
	}
	for apply(migration.Claim(s.Rows[i], evening)); s.Rows[i].Step != step; {
		apply(migration.Advance(s.Rows[i], s.Rows[i].Facts, evening, "", evening))
	}
	apply(migration.Fail(s.Rows[i], s.Rows[i].Facts, migration.Problem{Code: "x.failed", Message: "it failed"}, evening))
}

// attempt prepares a new attempt for the rows, records it, and returns the users who were left out because of findings.
func attempt(t *testing.T, s *run.Session, chosen ...int) (out []string) {
	t.Helper()
	a, err := s.NewAttempt(t.Context(), chosen)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range chosen {
		if !slices.Contains(a.Rows, i) {
			out = append(out, s.Rows[i].Target.User)
		}
	}
	if err := s.Retry(t.Context(), a, 0, s.Run.Settings); err != nil {
		t.Fatal(err)
	}
	return out
}

// The disk of a row that starts over is read again; a row that continues after its import keeps its facts.
func TestSession_NewAttempt_readsDisksAgain(t *testing.T) {
	t.Parallel()
	s, _, v := begun(t, migration.Settings{})
	fail(t, s, 0, migration.StepCheck)
	fail(t, s, 1, migration.StepProvisionWait)
	v.bytes = 300
	if out := attempt(t, s, 0, 1); out != nil {
		t.Errorf("%v got no new attempt", out)
	}
	same(t, "read again", v.asked, []string{"ada@x.example"})
	if s.Rows[0].Target.Disk.Length != 300 || s.Rows[1].Target.Disk.Length != 100 || s.Rows[0].Attempt != 2 || s.Rows[1].Attempt != 2 {
		t.Errorf("%+v", s.Rows)
	}
	if s.Rows[0].State != migration.Pending || s.Rows[0].Step != migration.StepCheck || s.Rows[1].Step != migration.StepProvisionWait {
		t.Errorf("%s at %s, %s", s.Rows[0].State, s.Rows[0].Step, s.Rows[1].Step)
	}
}

// A problem of a disk leaves its row out; other findings of validation are about users who are half-way through.
func TestSession_NewAttempt_findings(t *testing.T) {
	t.Parallel()
	s, _, v := begun(t, migration.Settings{})
	for i := range s.Rows {
		fail(t, s, i, migration.StepCheck)
	}
	codes := map[string]string{"ada@x.example": "user.has-import", "bob@x.example": "vhd.dynamic", "cyd@x.example": "license.disk-too-small"}
	v.say = func(r wave.Row) []wave.Finding {
		return []wave.Finding{wave.NewFinding(codes[r.User], r.Line, "", r.User, "", "it is so"), wave.NewFinding("vhd.encrypted", r.Line, "", r.User, "", "a warning")}
	}
	same(t, "left out", attempt(t, s, 0, 1, 2), []string{"bob@x.example", "cyd@x.example"})
	same(t, "rows", states(s), []string{"ada@x.example pending P", "bob@x.example failed P", "cyd@x.example failed P"})
}

// A disk that cannot be read again keeps what validation saw, and so does every row once the file is gone.
func TestSession_NewAttempt_nothingNew(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		s, path, v := begun(t, migration.Settings{})
		fail(t, s, 0, migration.StepCheck)
		v.bytes = 0
		if gone {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		if out := attempt(t, s, 0); out != nil || s.Rows[0].Target.Disk.Length != 100 || (v.asked == nil) != gone {
			t.Errorf("the file is gone: %v; %v, %d, asked of %v", gone, out, s.Rows[0].Target.Disk.Length, v.asked)
		}
	}
}

// imported is a tenant that has some imports.
type imported struct {
	unset
	ids        map[string]bool
	unreadable error // the error for every one; nil: they can be read
}

func (t imported) ImportResults(_ context.Context, ids []string) ([]graph.ImportAnswer, error) {
	answers := make([]graph.ImportAnswer, len(ids))
	for i, id := range ids {
		if answers[i].Err = t.unreadable; !t.ids[id] {
			answers[i].Err = fault.New(fault.NotFound, "", "there is no such import", "")
		}
	}
	return answers, nil
}

// A row whose user another run of the ledger has included since, or has an import of, gets no new attempt: it would send a
// second import. What another run did before does not matter.
func TestSession_NewAttempt_elsewhere(t *testing.T) {
	t.Parallel()
	const ada = 0
	for _, tc := range []struct {
		name string
		// of Ada's row in the other run; no run continues cancelled rows with an import
		steps  func(migration.Row) []migration.Transition
		before bool // it ended before this run's row did
		gone   bool // its import is
		lost   bool // it cannot be read
		want   string
	}{
		{name: "open", steps: func(r migration.Row) []migration.Transition { return claimed(r) }, want: "user.in-other-run"},
		{name: "failed", steps: func(r migration.Row) []migration.Transition { return failed(claimed(r)) }, want: "user.in-other-run"},
		{name: "failed before", steps: func(r migration.Row) []migration.Transition { return failed(claimed(r)) }, before: true},
		{name: "cancelled", steps: func(r migration.Row) []migration.Transition {
			return []migration.Transition{migration.Cancel(r, "cancelled", later)}
		}},
		{name: "cancelled with its import", steps: cancelledWithImport, want: "user.has-import"},
		{name: "cancelled, and its import cannot be read", steps: cancelledWithImport, lost: true, want: "user.unreadable"},
		{name: "cancelled, and its import is gone", steps: cancelledWithImport, gone: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, _, _ := begun(t, migration.Settings{})
			tenant := imported{ids: map[string]bool{"there": !tc.gone}}
			if tc.lost {
				tenant.unreadable = fault.New(fault.Unavailable, "graph.unavailable", "500 after all tries", "")
			}
			s.Services.Tenant = tenant
			if tc.before {
				tr := migration.Cancel(s.Rows[ada], "cancelled", later.Add(time.Hour))
				if err := s.Ledger.Apply(t.Context(), tr); err != nil {
					t.Fatal(err)
				}
				s.Rows[ada] = tr.To()
			} else {
				fail(t, s, ada, migration.StepCheck)
			}
			other := s.Rows[ada]
			other.Run, other.Index, other.State, other.Step, other.Version, other.Reason, other.Attempt = "r2", 0, migration.Pending, migration.StepCheck, 0, migration.ReasonCreated, 1
			other.Problem, other.Note, other.UpdatedAt, other.StartedAt, other.FinishedAt = nil, "", later, time.Time{}, time.Time{}
			if err := s.Ledger.CreateRun(t.Context(), migration.Run{ID: "r2", Wave: "again", State: migration.RunActive, CreatedAt: later, Columns: s.Run.Columns}, []migration.Row{other}, nil); err != nil {
				t.Fatal(err)
			}
			for _, tr := range tc.steps(other) {
				if err := s.Ledger.Apply(t.Context(), tr); err != nil {
					t.Fatal(err)
				}
			}
			a, err := s.NewAttempt(t.Context(), []int{ada})
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, f := range a.Findings {
				codes = append(codes, f.Code)
			}
			if got := strings.Join(codes, " "); got != tc.want || (len(a.Rows) == 0) != (tc.want != "") {
				t.Errorf("%q, %v get a new attempt; want %q", got, a.Rows, tc.want)
			}
		})
	}
}

// TestSince: a user who was migrated by another run since needs nothing more here; for the others that run is named.
func TestSince(t *testing.T) {
	t.Parallel()
	r := migration.Row{Run: "r1", State: migration.Failed, UpdatedAt: evening, Target: migration.Target{User: "ada@x.example", UserID: "U"}}
	for state, want := range map[migration.State]string{migration.Succeeded: "nothing is left to do for this row", migration.Failed: "check that run first"} {
		known := run.UserHistory{Before: map[string]migration.Standing{"u": {Run: "r2", State: state, At: later}}}
		f, taken := run.InOtherRun(r, known)
		if !taken || f.Code != "user.in-other-run" || !strings.HasPrefix(f.Hint, want) || !strings.HasPrefix(f.Message, "run r2 has ") || len(f.Commands) != 1 {
			t.Errorf("%s: %v %+v, want %q", state, taken, f, want)
		}
	}
}

// later is after everything else in this run.
var later = evening.Add(time.Hour)

func claimed(r migration.Row) []migration.Transition {
	return []migration.Transition{migration.Claim(r, later)}
}

func failed(so []migration.Transition) []migration.Transition {
	r := so[len(so)-1].To()
	return append(so, migration.Fail(r, r.Facts, migration.Problem{Code: "x.failed", Message: "it failed"}, later))
}

func cancelledWithImport(r migration.Row) []migration.Transition {
	so := claimed(r)
	for r = so[0].To(); r.Step != migration.StepImportWait; r = so[len(so)-1].To() {
		f := r.Facts
		f.SnapshotID = "there"
		so = append(so, migration.Advance(r, f, later, "", later))
	}
	return append(so, migration.Cancel(so[len(so)-1].To(), "cancelled", later))
}
