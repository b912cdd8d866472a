package run

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

func TestCheckID(t *testing.T) {
	t.Parallel()
	for id, ok := range map[string]bool{
		"one": true, "20261120-1715-ab12": true, "a.b_c-D": true, strings.Repeat("x", 64): true, "console": true, "com": true, "COM10": true,
		"": false, strings.Repeat("x", 65): false, "-a": false, ".a": false, "a/b": false, `a\b`: false, "a b": false, "ä": false, "a:b": false,
		"one.": false, "con": false, "CON": false, "nul.txt": false, "Lpt1": false, "com9.tar.gz": false, "prn": false, "aux": false,
	} {
		if err := CheckID(id); (err == nil) != ok {
			t.Errorf("CheckID(%q) = %v", id, err)
		}
	}
}

func TestCheckCanary(t *testing.T) {
	t.Parallel()
	rows := func(able, skipped, cancelled int) []migration.Row {
		var out []migration.Row
		for state, n := range map[migration.State]int{migration.Pending: able, migration.Skipped: skipped, migration.Cancelled: cancelled} {
			for range n {
				out = append(out, migration.Row{State: state})
			}
		}
		return out
	}
	for _, tc := range []struct {
		n    int
		rows []migration.Row
		ok   bool
	}{
		{0, rows(0, 0, 0), true}, {0, rows(5, 0, 0), true}, {2, rows(5, 0, 0), true}, {4, rows(5, 0, 0), true}, {5, rows(5, 0, 0), false}, {999, rows(5, 0, 0), false},
		{2, rows(2, 3, 0), false}, {2, rows(2, 0, 3), false}, {1, rows(1, 4, 0), true}, {2, rows(1, 4, 0), false},
	} {
		if err := CheckCanary(tc.n, tc.rows); (err == nil) != tc.ok {
			t.Errorf("CheckCanary(%d) of %d rows: %v", tc.n, len(tc.rows), err)
		}
	}
}

func TestRetryable(t *testing.T) {
	t.Parallel()
	row := func(user string, s migration.State) migration.Row {
		return migration.Row{State: s, Target: migration.Target{User: user}}
	}
	rows := []migration.Row{row("a", migration.Failed), row("b", migration.Succeeded), row("c", migration.Held), row("d", migration.Skipped),
		row("e", migration.Cancelled), row("f", migration.Deferred), row("g", migration.Waiting), row("h", migration.Cancelled)}
	rows[7] = migration.Remove(row("h", migration.Pending), thatFriday).To()
	if at, err := Retryable(rows, ""); err != nil || !slices.Equal(at, []int{0, 4, 5}) {
		t.Errorf("all: %v, %v", at, err)
	}
	for user, code := range map[string]string{"a": "", "b": "row.state", "c": "row.held", "d": "row.skipped", "e": "", "f": "", "g": "row.state", "h": "row.removed", "x": "row.none"} {
		if at, err := Retryable(rows, user); fault.CodeOf(err) != code || (len(at) == 1) != (code == "") {
			t.Errorf("%s: %v, %v, want %q", user, at, err, code)
		}
	}
	// A row that was skipped because another run has the user is retried in that run: its line is not wrong.
	rows[3].Problem = &migration.Problem{Code: "user.in-other-run", Message: "failed in run r0", Commands: []fault.Command{fault.NewCommand("retry", "--row", "d").For("r0")}}
	if _, err := Retryable(rows, "d"); fault.As(err) == nil || len(fault.As(err).Commands) != 1 || fault.As(err).Commands[0].Run != "r0" {
		t.Errorf("skipped for another run: %v, %+v", err, fault.As(err))
	}
}

func TestNewRows(t *testing.T) {
	t.Parallel()
	file := &wave.File{Rows: []wave.Row{{Line: 2}, {Line: 3}, {Line: 4}, {Line: 5}}}
	res := preflight.Result{
		Targets: []migration.Target{{User: "a"}, {User: "b"}, {User: "c"}, {User: "d"}}, Bad: []bool{false, true, false, true}, Done: []bool{false, false, true, false},
		Findings: []wave.Finding{
			{Line: 3, Severity: wave.Warning, Code: "x.warning"}, {Line: 3, Severity: wave.Error, Code: "x.first", Message: "m", Hint: "h", Commands: []fault.Command{fault.NewCommand("retry").For("before")}}, {Line: 3, Severity: wave.Error, Code: "x.second"},
			{Line: 4, Severity: wave.Warning, Code: codeMigrated},
		},
	}
	rows := newRows(migration.Run{ID: "r", CreatedAt: thatFriday}, file, res)
	for i, want := range []struct {
		state migration.State
		code  string
	}{{migration.Pending, ""}, {migration.Skipped, "x.first"}, {migration.Skipped, codeMigrated}, {migration.Skipped, "wave.invalid"}} {
		r, code := rows[i], ""
		if r.Problem != nil {
			code = r.Problem.Code
		}
		if r.State != want.state || code != want.code || r.Run != "r" || r.Index != i || r.Attempt != 1 || r.Step != migration.StepCheck {
			t.Errorf("row %d: %+v, want %s %s", i, r, want.state, want.code)
		}
	}
	if p := rows[1].Problem; p.Message != "m" || p.Hint != "h" || !reflect.DeepEqual(p.Commands, res.Findings[1].Commands) {
		t.Errorf("a skipped row says %+v, want what its first error says, what to type included", p)
	}
	var left []string
	for i, r := range leftToDo(rows) {
		if left = append(left, r.Target.User); r.Index != i {
			t.Errorf("row of %s has index %d, want %d", r.Target.User, r.Index, i)
		}
	}
	if !slices.Equal(left, []string{"a", "b", "d"}) {
		t.Errorf("left to do: %v", left)
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	now := thatFriday
	put := migration.Row{State: migration.Waiting, Step: migration.StepImport, NotBefore: now.Add(time.Minute), Problem: &migration.Problem{Kind: string(fault.Throttled)}}
	event := func(why migration.Reason, ago time.Duration) []migration.Event {
		return []migration.Event{{Row: migration.WaveRow, Reason: why, Note: "slow", At: now.Add(-ago)}}
	}
	of := func(s migration.Settings, queued int, e []migration.Event, rows ...migration.Row) Standing {
		return Standing{Run: migration.Run{Settings: s}, Counts: migration.Counts{Queued: queued}, Events: e, Rows: rows}
	}
	for name, tc := range map[string]struct {
		s    Standing
		want []string
	}{
		"Nothing":       {of(migration.Settings{}, 3, nil), nil},
		"Paused":        {of(migration.Settings{Paused: true}, 0, nil), []string{"paused"}},
		"Both":          {of(migration.Settings{Paused: true, Draining: true}, 0, nil), []string{"paused", "draining"}},
		"Canary":        {of(migration.Settings{Canary: 2}, 3, nil), []string{"canary: 2 rows first, 3 rows queued"}},
		"CanaryPassed":  {of(migration.Settings{Canary: 2}, 3, event(migration.RunCanary, time.Hour)), nil},
		"CanaryAlone":   {of(migration.Settings{Canary: 2}, 0, nil), nil},
		"Quota":         {of(migration.Settings{}, 0, nil, put), []string{"the service accepts no imports for now: the next one is tried at 17:31"}},
		"Throttled":     {of(migration.Settings{}, 0, event(migration.RunThrottled, time.Minute)), []string{"throttled: slow"}},
		"ThrottledOnce": {of(migration.Settings{}, 0, event(migration.RunThrottled, 3*time.Minute)), nil},
	} {
		got := tc.s.Waits(now)
		if len(got) != len(tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], tc.want[i]) {
				t.Errorf("%s: %q, want %q", name, got[i], tc.want[i])
			}
		}
	}
	if left, ok := (Standing{}).TimeLeft(now); ok {
		t.Errorf("nothing is left, and it takes %v", left)
	}
}

func TestAboutDisk(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"blob.not-found": true, "vhd.dynamic": true, "guest.not-found": true, "sas.expired": true, "license.disk-too-small": true,
		"license.none": false, "user.not-found": false, "": false, "blobs.x": false, "csv.value-bad": false} {
		if aboutDisk(wave.Finding{Code: code}) != want {
			t.Errorf("%q: %v", code, !want)
		}
	}
	for column, want := range map[string]bool{"blob": true, "guest_state_blob": true, "user": false} {
		if aboutDisk(wave.Finding{Code: "csv.value-bad", Column: column}) != want {
			t.Errorf("csv.value-bad in %s: %v", column, !want)
		}
	}
}
