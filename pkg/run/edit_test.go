package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/wave"
)

// edited is the wave without bob, with another policy for cyd, and with dan.
const edited = "user,blob,policy,notes\nada@x.example,disks/ada.vhd,P,\ncyd@x.example,disks/cyd.vhd,Q,\ndan@x.example,disks/dan.vhd,P,\n"

// edit takes the file at path over as it is now.
func edit(t *testing.T, s *run.Session, path, text string) (ok bool) {
	t.Helper()
	write(t, path, text)
	e, err := s.Edited()
	if err != nil || e == nil {
		t.Fatalf("the edit is not seen: %v", err)
	}
	if err := e.Refuse("r1", true); err != nil {
		t.Fatal(err)
	}
	_, ok, err = s.Amend(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// What is new is validated, and nothing else; who is taken out or changed is not in the way of the edit.
func TestSession_Amend(t *testing.T) {
	t.Parallel()
	s, path, v := begun(t, migration.Settings{})
	was := s.Run.WaveHash
	v.bytes, v.say = 200, func(r wave.Row) []wave.Finding {
		return []wave.Finding{wave.NewFinding("vhd.encrypted", r.Line, "blob", r.User, "", "it is encrypted")}
	}
	if !edit(t, s, path, edited) {
		t.Fatal("the edit was not taken over")
	}
	same(t, "validated", v.asked, []string{"dan@x.example", "cyd@x.example"})
	same(t, "known beside", slices.Sorted(maps.Keys(v.before.Before)), []string{"id-ada@x.example"})
	same(t, "rows", states(s), []string{"ada@x.example pending P", "bob@x.example cancelled P", "cyd@x.example pending Q", "dan@x.example pending P"})
	if !s.Rows[1].Removed() || s.Rows[0].Target.Disk.Length != 100 || s.Rows[2].Target.Disk.Length != 200 || s.Rows[2].Input[2] != "Q" || s.Rows[3].Index != 3 {
		t.Errorf("%+v", s.Rows)
	}
	if s.Run.WaveHash == was || run.SameWave(s.Run) != nil {
		t.Error("the run does not know its file any more")
	}
	findings, err := s.Ledger.Findings(t.Context(), "r1")
	if err != nil || len(findings) != 2 {
		t.Errorf("%v %v", findings, err)
	}
}

// With an error nothing is recorded, unless rows with errors are to be left out; an error of the wave as a whole, and a
// right that is missing, leave nobody out.
func TestSession_Amend_errors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code string
		line func(wave.Row) int
		skip bool
		want bool
	}{
		"of a row":               {"vhd.dynamic", func(r wave.Row) int { return r.Line }, false, false},
		"of a row that may skip": {"vhd.dynamic", func(r wave.Row) int { return r.Line }, true, true},
		"of the wave":            {"csv.syntax", func(wave.Row) int { return 0 }, true, false},
		"a right that lacks":     {"permission.missing", func(r wave.Row) int { return r.Line }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path, v := begun(t, migration.Settings{SkipInvalid: tc.skip})
			was := s.Run.WaveHash
			v.say = func(r wave.Row) []wave.Finding {
				return []wave.Finding{wave.NewFinding(tc.code, tc.line(r), "", r.User, "", "it is bad")}
			}
			if ok := edit(t, s, path, edited); ok != tc.want {
				t.Errorf("taken over: %v", ok)
			}
			if !tc.want {
				rows, err := s.Ledger.Rows(t.Context(), "r1")
				if err != nil || len(rows) != 3 || rows[1].State != migration.Pending || s.Run.WaveHash != was {
					t.Errorf("something was recorded: %v %v", rows, err)
				}
				return
			}
			same(t, "rows", states(s), []string{"ada@x.example pending P", "bob@x.example cancelled P", "cyd@x.example skipped Q", "dan@x.example skipped P"})
			if s.Rows[2].Problem.Code != tc.code || s.Rows[3].Problem.Code != tc.code {
				t.Errorf("%+v, %+v", s.Rows[2].Problem, s.Rows[3].Problem)
			}
		})
	}
}

// A line that was only taken out asks no service.
func TestSession_Amend_removed(t *testing.T) {
	t.Parallel()
	s, path, v := begun(t, migration.Settings{})
	if !edit(t, s, path, strings.Replace(friday, "bob@x.example,disks/bob.vhd,P,\n", "", 1)) || v.asked != nil {
		t.Errorf("validated %v", v.asked)
	}
	same(t, "rows", states(s), []string{"ada@x.example pending P", "bob@x.example cancelled P", "cyd@x.example pending P"})
}
