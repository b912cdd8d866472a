package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/migration"
	"wave365/pkg/runner"
)

var thatFriday = time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)

// What run is told holds from then on, and resume can take it back.
func TestSteeringFlags(t *testing.T) {
	t.Parallel()
	all := migration.Settings{
		Canary: 3, Halt: migration.Halt{Share: 0.1, Floor: 3}, StopBy: time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC),
		Until: migration.StepImportWait, RepeatLost: true,
	}
	kept := all
	kept.RepeatLost = false // it holds for one process
	for _, tc := range []struct {
		name string
		was  migration.Settings
		args []string
		want migration.Settings
	}{
		{"Nothing", migration.Settings{}, nil, migration.Settings{}},
		{"All", migration.Settings{}, []string{"--canary=3", "--halt-after=10%,3", "--stop-by=22:00", "--until=imported", "--on-lost-reply=repeat"}, all},
		{"Kept", all, nil, kept},
		{"TakenBack", all, []string{"--canary=0", "--halt-after=none", "--stop-by=none", "--until=end"}, migration.Settings{}},
	} {
		var s steering
		cmd := &cobra.Command{}
		s.addFlags(cmd, true)
		if err := cmd.ParseFlags(tc.args); err != nil {
			t.Fatal(err)
		}
		if got, err := s.settings(cmd, tc.was, thatFriday, time.UTC); err != nil || got != tc.want {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
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
