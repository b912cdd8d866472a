package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/wave"
)

// edited is the wave without bob, with another policy for cyd, and with dan.
const edited = "user,blob,policy,notes\nada@x.example,disks/ada.vhd,P,\ncyd@x.example,disks/cyd.vhd,Q,\ndan@x.example,disks/dan.vhd,P,\n"

// edit accepts the file at path as it is now.
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

// Only what is new is validated; removed and changed rows do not block the edit.
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

// With an error nothing is recorded, unless rows with errors are to be left out; an error of the wave as a whole, or a
// missing permission, leaves no row out.
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

// An edit that only removes a line makes no request.
func TestSession_Amend_removed(t *testing.T) {
	t.Parallel()
	s, path, v := begun(t, migration.Settings{})
	if !edit(t, s, path, strings.Replace(friday, "bob@x.example,disks/bob.vhd,P,\n", "", 1)) || v.asked != nil {
		t.Errorf("validated %v", v.asked)
	}
	same(t, "rows", states(s), []string{"ada@x.example pending P", "bob@x.example cancelled P", "cyd@x.example pending P"})
}

// replacing returns a session whose first row failed and starts over, and whose wave file then has these lines in its
// place.
func replacing(t *testing.T, settings migration.Settings, lines string) (*run.Session, *validation, *run.Edit) {
	t.Helper()
	s, path, v := begun(t, settings)
	fail(t, s, 0, migration.StepCheck)
	write(t, path, strings.Replace(friday, "ada@x.example,disks/ada.vhd,P,\n", lines, 1))
	e, err := s.Edited()
	if err != nil || e == nil {
		t.Fatalf("the edit is not seen: %v", err)
	}
	if err := e.Refuse("r1", true); err != nil {
		t.Fatal(err)
	}
	return s, v, e
}

// A failed row gets another disk from this attempt on; a stop-by time that has passed no longer applies, one in the future does.
func TestSession_Amend_anotherDisk(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Time{evening.Add(-time.Hour), evening.Add(time.Hour)} {
		s, v, e := replacing(t, migration.Settings{StopBy: by}, "ada@x.example,disks/new.vhd,P,\n")
		v.bytes = 300
		if _, ok, err := s.Amend(t.Context(), e); err != nil || !ok {
			t.Fatalf("%v %v", ok, err)
		}
		r := s.Rows[0]
		if r.State != migration.Pending || r.Attempt != 2 || r.Target.DiskSince != 2 || r.Target.Disk.URL != "https://store/disks/new.vhd" || r.Target.Disk.Length != 300 || r.Input[1] != "disks/new.vhd" {
			t.Errorf("%+v", r)
		}
		want := by
		if by.Before(evening) {
			want = time.Time{}
		}
		if !s.Run.Settings.StopBy.Equal(want) {
			t.Errorf("stop by %s is %s", by, s.Run.Settings.StopBy)
		}
	}
}

// A disk that was not checked, or a line with errors in the file itself, is not accepted, and nothing is recorded: a failed row
// cannot be left out.
func TestSession_Amend_anotherDisk_errors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ lines, column, code, want string }{
		"the cell is wrong":      {"ada@x.example,disks/new.vhd,P,\n", "blob", "csv.value-bad", "csv.value-bad"},
		"a link of the portal":   {"ada@x.example,https://portal.azure.com/#blade/x,P,\n", "", "", "csv.value-bad"},
		"an empty cell":          {"ada@x.example,,P,\n", "", "", "csv.value-missing"},
		"the disk was not read":  {"ada@x.example,disks/new.vhd,P,\n", "policy", "policy.not-found", "blob.unreadable"},
		"two lines of the user":  {"ada@x.example,disks/new.vhd,P,\nada@x.example,disks/other.vhd,P,\n", "", "", "user.duplicate"},
		"and garbled characters": {"ada@x.example,disks/n\ufffdw.vhd,P,\n", "", "", "csv.garbled-text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, v, e := replacing(t, migration.Settings{SkipInvalid: true}, tc.lines)
			v.bytes = 0
			v.say = func(r wave.Row) []wave.Finding {
				if tc.code == "" {
					return nil
				}
				return []wave.Finding{wave.NewFinding(tc.code, r.Line, tc.column, r.User, "", "it is bad")}
			}
			res, ok, err := s.Amend(t.Context(), e)
			if err != nil || ok || len(e.Again) > 1 {
				t.Errorf("taken over: %v, %v, again %v", ok, err, e.Again)
			}
			if !slices.ContainsFunc(res.Findings, func(f wave.Finding) bool { return f.Code == tc.want && f.Severity == wave.Error }) {
				t.Errorf("%+v", res.Findings)
			}
			if rows, err := s.Ledger.Rows(t.Context(), "r1"); err != nil || len(rows) != 3 || rows[0].State != migration.Failed || rows[0].Attempt != 1 {
				t.Errorf("something was recorded: %v %v", rows, err)
			}
		})
	}
}
