package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
)

var thatFriday = time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)

func TestClockTime(t *testing.T) {
	t.Parallel()
	zurich := time.FixedZone("CET", 3600)
	for in, want := range map[string]time.Time{
		"22:00": time.Date(2026, 11, 20, 22, 0, 0, 0, zurich),
		"18:30": time.Date(2026, 11, 21, 18, 30, 0, 0, zurich), // it is 18:30 now
		"06:15": time.Date(2026, 11, 21, 6, 15, 0, 0, zurich),
		"none":  {},
	} {
		got, err := clockTime(in, thatFriday, zurich)
		if err != nil || !got.Equal(want) {
			t.Errorf("clockTime(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"22", "25:00", "10 pm", "22:00:00x"} {
		if got, err := clockTime(in, thatFriday, zurich); err == nil {
			t.Errorf("clockTime(%q) = %v", in, got)
		}
	}
}

// What run is told is recorded, and means the same when it is taken up again.
func TestSettingsAreTakenUpAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		args []string
		want map[string]string
		then limits
	}{
		{"Nothing", nil, map[string]string{"on-lost-reply": ""}, limits{}},
		{"All", []string{"--canary=3", "--halt-after=10%,3", "--stop-by=22:00", "--until=imported", "--on-lost-reply=repeat"},
			map[string]string{"canary": "3", "halt-after": "10%,3", "stop-by": "2026-11-20T22:00:00Z", "until": "imported", "on-lost-reply": "repeat"},
			limits{canary: 3, halt: runner.Halt{Share: 0.1, Floor: 3}, stopBy: time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC), until: migration.StepImportWait, repeatLost: true}},
		{"TakenBack", []string{"--canary=0", "--halt-after=none", "--stop-by=none", "--until=end"},
			map[string]string{"canary": "", "halt-after": "", "stop-by": "", "until": "", "on-lost-reply": ""}, limits{}},
	} {
		var s steering
		cmd := &cobra.Command{}
		s.addFlags(cmd, true)
		if err := cmd.ParseFlags(tc.args); err != nil {
			t.Fatal(err)
		}
		got, err := s.settings(cmd, thatFriday, time.UTC)
		if err != nil || !cmp.Equal(got, tc.want) {
			t.Errorf("%s: %v, %v", tc.name, got, err)
		}
		run := migration.Run{Settings: map[string]string{"slots": "20"}}
		record(&run, got)
		again, err := limitsOf(run, thatFriday, time.UTC)
		if err != nil || again != tc.then {
			t.Errorf("%s: taken up as %+v, %v", tc.name, again, err)
		}
	}
	late, err := limitsOf(migration.Run{Settings: map[string]string{"stop-by": "2026-11-20T22:00:00Z"}}, thatFriday.Add(24*time.Hour), time.UTC)
	if err != nil || !late.stopBy.IsZero() {
		t.Errorf("a time to stop by of another evening still holds: %v, %v", late.stopBy, err)
	}
	for key, bad := range map[string]string{"canary": "x", "halt-after": "x", "stop-by": "x"} {
		if _, err := limitsOf(migration.Run{Settings: map[string]string{key: bad}}, thatFriday, time.UTC); err == nil {
			t.Errorf("%s %s was taken", key, bad)
		}
	}
}

func TestControlsOf(t *testing.T) {
	t.Parallel()
	order := func(holder, kind, arg string, obeyed bool) ledger.Order {
		o := ledger.Order{Holder: holder, Kind: kind, Arg: arg}
		if obeyed {
			o.ObeyedAt = thatFriday
		}
		return o
	}
	for _, tc := range []struct {
		name   string
		orders []ledger.Order
		want   controls
	}{
		{"None", nil, controls{slots: 20}},
		{"PausedWithSlots", []ledger.Order{order("h", "pause", "", true), order("h", "slots", "5", true)}, controls{paused: true, slots: 5}},
		{"Continued", []ledger.Order{order("h", "pause", "", true), order("h", "continue", "", true)}, controls{slots: 20}},
		{"NotObeyedYet", []ledger.Order{order("h", "pause", "", false)}, controls{slots: 20}},
		{"OfAnEarlierProcess", []ledger.Order{order("old", "pause", "", true), order("old", "slots", "1", true)}, controls{slots: 20}},
		{"Draining", []ledger.Order{order("h", "drain", "", true)}, controls{slots: 20, draining: true}},
	} {
		if got := controlsOf(tc.orders, "h", 20); got != tc.want {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}

func TestRowOf(t *testing.T) {
	t.Parallel()
	rows := []migration.Row{
		{State: migration.Skipped, Target: migration.Target{User: "ada@x.example"}},
		{State: migration.Failed, Target: migration.Target{User: "ADA@x.example", UserID: "0B"}},
		{State: migration.Pending, Target: migration.Target{User: "0c", UserID: "0c", UPN: "cyd@x.example"}},
	}
	for user, want := range map[string]int{"Ada@X.example": 1, "0b": 1, "CYD@x.example ": 2, "0C": 2} {
		if got, err := rowOf(rows, user); err != nil || got != want {
			t.Errorf("rowOf(%q) = %d, %v, want %d", user, got, err, want)
		}
	}
	if _, err := rowOf(rows, "bob@x.example"); err == nil {
		t.Error("a user of no row was found")
	}
}

func TestLastEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		want    runner.End
		reasons []migration.Reason
	}{
		{runner.Drained, nil},
		{runner.Drained, []migration.Reason{migration.RunStarted}},
		{runner.Halted, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunOrdered}},
		{runner.Reached, []migration.Reason{migration.RunStarted, migration.RunReached}},
		{runner.Drained, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunResumed}},
		{runner.Stopped, []migration.Reason{migration.RunStarted, migration.RunHalted, migration.RunResumed, migration.RunStopped}},
	} {
		var events []migration.Event
		for _, r := range tc.reasons {
			events = append(events, migration.Event{Row: migration.WaveRow, Reason: r})
		}
		if got := lastEnd(events); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.reasons, got, tc.want)
		}
	}
}

func TestRunCode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		end  runner.End
		c    migration.Counts
		want int
	}{
		{runner.Finished, migration.Counts{Succeeded: 3}, 0},
		{runner.Finished, migration.Counts{Succeeded: 3, Held: 1, Deferred: 1}, 3},
		{runner.Finished, migration.Counts{Succeeded: 3, Deferred: 1}, 8},
		{runner.Halted, migration.Counts{Failed: 3, Queued: 1}, 7},
		{runner.Drained, migration.Counts{Failed: 3, Queued: 1}, 9},
		{runner.Stopped, migration.Counts{Queued: 1}, 130},
		{runner.Reached, migration.Counts{Queued: 3}, 0},
		{runner.Reached, migration.Counts{Queued: 3, Failed: 1}, 3},
	} {
		if got := runCode(tc.end, tc.c); got != tc.want {
			t.Errorf("%s %+v: %d, want %d", tc.end, tc.c, got, tc.want)
		}
	}
}

// What is left open is called by how far it is: only what was imported is in the service.
func TestLeftOpen(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 6, 18, 30, 0, 0, time.UTC)
	idle := migration.Row{State: migration.Pending, Step: migration.StepCheck, Attempt: 1}
	joining := migration.Row{State: migration.Waiting, Step: migration.StepJoin, Attempt: 1, StartedAt: at}
	imported := migration.Row{State: migration.Waiting, Step: migration.StepProvisionWait, Attempt: 1, StartedAt: at}
	done := migration.Row{State: migration.Succeeded, Step: migration.StepProve, Attempt: 1, StartedAt: at}
	for _, tc := range []struct {
		want string
		rows []migration.Row
	}{
		{"1 row not started", []migration.Row{idle, done}},
		{"2 rows begun and not imported", []migration.Row{joining, joining, done}},
		{"2 rows not started, 1 row begun and not imported, 1 row in the service", []migration.Row{idle, joining, imported, idle}},
	} {
		if got := leftOpen(tc.rows); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

// Whatever a message tells people to type has to be there.
func TestCommandsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"help": true, "completion": true} // and "wave365 moves", which begins the help
	for _, c := range newRootCommand(newApp()).Commands() {
		known[c.Name()] = true
	}
	named := regexp.MustCompile("`wave365 ([a-z]+)")
	n := 0
	for _, dir := range []string{".", filepath.Join("..", "..", "pkg")} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "reporttest") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				if n++; !known[m[1]] && m[1] != "moves" {
					t.Errorf("%s names `wave365 %s`, and there is no such command", path, m[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 20 {
		t.Errorf("only %d commands were found in the sources: the test looks in the wrong place", n)
	}
}
