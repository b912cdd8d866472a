package run_test

import (
	"os"
	"slices"
	"testing"

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

// attempt prepares a new attempt for the rows, records it, and gives the users whose findings kept them out.
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

// The disk of a row that begins anew is read again; one that continues behind its import keeps what was seen of it.
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

// What is wrong with a disk keeps its row out; what else validation says is of people who are half-way through.
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
