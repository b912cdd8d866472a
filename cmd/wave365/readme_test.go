package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestReadmeCommands: every command that the README, the sample waves' README and the help's own examples print is one
// that the program takes, with flags that it knows.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, file := range []string{"README.md", "waves/README.md", "reports/README.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		texts["help of "+c.CommandPath()] = c.Example
		if c.IsAdditionalHelpTopicCommand() {
			texts["help of "+c.CommandPath()] = c.Long
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(&app{out: io.Discard, err: io.Discard}))
	found := 0
	for where, text := range texts {
		for _, line := range commandLines(text) {
			found++
			if err := takes(line); err != nil {
				t.Errorf("%s: %s: %v", where, line, err)
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d commands were found; the test does not look where they are", found)
	}
}

// commandLines are the commands of a text: lines of code blocks that begin with the program, and what stands in
// backquotes so.
func commandLines(text string) []string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		line = strings.TrimPrefix(line, "bin/")
		if strings.HasPrefix(line, "wave365 ") && !strings.ContainsAny(line, "…") {
			line, _, _ = strings.Cut(line, "  #")
			line, _, _ = strings.Cut(line, " | ")
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	for _, m := range regexp.MustCompile("`(?:bin/)?(wave365 [a-z][^`…]*)`").FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// takes parses a command line as the program would, without running it.
func takes(line string) error {
	var words []string
	for _, w := range regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`).FindAllString(line, -1)[1:] {
		words = append(words, strings.Trim(w, `"'`))
	}
	root := newRootCommand(&app{out: io.Discard, err: io.Discard})
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if cmd == root {
		return fmt.Errorf("there is no such command")
	}
	if err := cmd.ParseFlags(rest); !errors.Is(err, pflag.ErrHelp) {
		return err
	}
	return nil
}

// TestReadmeExitCodes: the README's table has the codes of the program, and no others.
func TestReadmeExitCodes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| code | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed, want []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([0-9]+) \| (.*) \|$`).FindAllStringSubmatch(table, -1) {
		listed = append(listed, m[1]+" "+strings.ReplaceAll(m[2], "`", ""))
	}
	for _, m := range exitMeanings() {
		want = append(want, fmt.Sprintf("%d %s", m.code, m.meaning))
	}
	if !slices.Equal(listed, want) {
		t.Errorf("README lists %q, want %q", listed, want)
	}
}

// TestReadmeNamesEveryCommand: what the program can do is in the README.
func TestReadmeNamesEveryCommand(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range newRootCommand(&app{out: io.Discard, err: io.Discard}).Commands() {
		if c.Name() != "help" && !c.IsAdditionalHelpTopicCommand() && !c.Hidden && !strings.Contains(string(text), c.Name()) {
			t.Errorf("the README does not name %s", c.Name())
		}
	}
	// The other way round, a flag that the README praises exists somewhere.
	flags := map[string]bool{"--help": true, "--version": true}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, set := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { flags["--"+f.Name] = true })
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(&app{out: io.Discard, err: io.Discard}))
	for _, m := range regexp.MustCompile("`[^`\n]*?(--[a-z][a-z-]+)").FindAllStringSubmatch(string(text), -1) {
		if !flags[m[1]] && !strings.HasPrefix(m[0], "`az ") {
			t.Errorf("the README speaks of %s, which no command has", m[1])
		}
	}
}
