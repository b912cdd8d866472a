package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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
		end    runner.End
		c      migration.Counts
		want   int
		halted bool
	}{
		{runner.Finished, migration.Counts{Succeeded: 3}, 0, false},
		{runner.Finished, migration.Counts{Succeeded: 3, Held: 1, Deferred: 1}, 8, false},
		{runner.Finished, migration.Counts{Succeeded: 3, Deferred: 1}, 8, false},
		{runner.Finished, migration.Counts{Failed: 3}, 7, true},
		{runner.Halted, migration.Counts{Failed: 3, Queued: 1}, 7, false},
		{runner.Drained, migration.Counts{Failed: 3, Queued: 1}, 9, false},
		{runner.Stopped, migration.Counts{Queued: 1}, 130, false},
		{runner.Reached, migration.Counts{Queued: 3}, 0, false},
		{runner.Reached, migration.Counts{Queued: 3, Failed: 1}, 3, false},
	} {
		if got := runCode(tc.end, tc.c, tc.halted); got != tc.want {
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

// Whatever people are told to type has to be there, flags and all, and is told as a value: a command in prose knows neither
// the ledger nor the quotes of the shell.
func TestCommandsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	root := newRootCommand(newApp())
	root.InitDefaultHelpCmd()
	named, n := regexp.MustCompile("`wave365 ([a-z]+)"), 0
	for _, dir := range []string{".", filepath.Join("..", "..", "pkg")} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				if found, _, err := root.Find([]string{m[1]}); err != nil || found == root && m[1] != "moves" {
					t.Errorf("%s names `wave365 %s`, and there is no such command", path, m[1])
				} else if dir != "." {
					t.Errorf("%s has `wave365 %s` in its prose: make it a fault.Command", path, m[1])
				}
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(node ast.Node) bool {
				if words := commandWords(node); words != nil {
					n++
					if missing := missingFrom(root, words); missing != "" {
						t.Errorf("%s: a remedy is wave365 %s, and there is no %s", path, strings.Join(words, " "), missing)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 40 {
		t.Errorf("only %d commands were found in the sources: the test looks in the wrong place", n)
	}
	for words, want := range map[string]string{"retry": "", "retry --row": "", "retri": "retri", "retry --rows": "--rows", "report verify": "", "": ""} {
		if got := missingFrom(root, strings.Split(words, " ")); got != want {
			t.Errorf("%q lacks %q, want %q", words, got, want)
		}
	}
}

// commandWords gives the name of a command and its flags where node makes one with [fault.NewCommand]; "" is wave365 alone.
func commandWords(node ast.Node) []string {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return nil
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "NewCommand" {
		return nil
	}
	var words []string
	for i, arg := range call.Args {
		if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			word, _ := strconv.Unquote(lit.Value)
			if i == 0 || strings.HasPrefix(word, "--") {
				words = append(words, strings.Split(word, " ")...)
			}
		} else if i == 0 {
			return nil
		}
	}
	return words
}

// missingFrom gives the first word that is no command or flag; "" when all are.
func missingFrom(root *cobra.Command, words []string) string {
	var name, flags []string
	for _, w := range words {
		if strings.HasPrefix(w, "--") {
			flags = append(flags, w)
		} else if w != "" {
			name = append(name, w)
		}
	}
	cmd, rest, err := root.Find(name)
	if err != nil || len(rest) > 0 {
		return name[len(name)-1]
	}
	for _, w := range flags {
		flag, _, _ := strings.Cut(strings.TrimPrefix(w, "--"), "=")
		if flag != "help" && cmd.Flag(flag) == nil {
			return w
		}
	}
	return ""
}
