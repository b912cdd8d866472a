package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

func TestFolded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, lead, text string
		width            int
		want             string
	}{
		{"no terminal", "  remedy:  ", "one two three", 0, "  remedy:  one two three\n"},
		{"hangs under its beginning", "  a:  ", "one two three four five", 26, "  a:  one two three four\n      five\n"},
		{"exactly as wide", "> ", "one two three four fi", 23, "> one two three four fi\n"},
		{"a word that is too long stands alone", "> ", "to https://contosovhds.blob.core.windows.net/w365/x.vhd now", 24, "> to\n  https://contosovhds.blob.core.windows.net/w365/x.vhd\n  now\n"},
		{"too narrow for words", "            ", "one two three four five six", 24, "            one two three four five six\n"},
		{"a command stays whole", "> ", "run `wave365 retry r1` now then", 23, "> run\n  `wave365 retry r1`\n  now then\n"},
		{"a lone back-tick is a letter", "> ", "one ` two three four five", 24, "> one ` two three four\n  five\n"},
		{"nothing to say", "> ", "", 80, "> \n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, folded(tc.lead, tc.text, tc.width)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// One code may have several remedies, and each line must stand above its own.
func TestPrintFindings_Remedies(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	printFindings(&b, []wave.Finding{
		{Severity: wave.Warning, Code: "w", Message: "careful", Hint: "look"},
		{Severity: wave.Error, Code: "bad", Line: 2, User: "ada", Message: "no number", Hint: "write a number"},
		{Severity: wave.Error, Code: "bad", Line: 3, User: "bob", Message: "no address", Hint: "write an address"},
		{Severity: wave.Error, Code: "bad", Line: 4, User: "cyd", Message: "no number", Hint: "write a number"},
	})
	want := `ERROR  bad
  lines 2, 4 no number
  remedy:  write a number
  line 3   bob: no address
  remedy:  write an address

WARNING  w
  wave     careful
  remedy:  look

`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Rows that are mended alike, but for their name in the remedy, stand together; one that is mended otherwise does not.
func TestPrintOutcome_Remedies(t *testing.T) {
	t.Parallel()
	held := func(line int, user, hint string) migration.Row {
		r := migration.Row{State: migration.Held, Problem: &migration.Problem{Code: "import.unknown", Message: "not known", Hint: hint}}
		r.Target.Line, r.Target.User = line, user
		return r
	}
	of := func(user string) string { return "settle it with --row " + user }
	for _, tc := range []struct {
		name string
		rows []migration.Row
		want []string
	}{
		{"one", []migration.Row{held(2, "ada", of("ada"))}, []string{"--row ada"}},
		{"two alike", []migration.Row{held(2, "ada", of("ada")), held(3, "bob", of("bob"))}, []string{"--row USER"}},
		{"two that differ", []migration.Row{held(2, "ada", of("ada")), held(3, "bob", "wait")}, []string{"--row ada", "wait"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			printOutcome(&b, "", tc.rows)
			var got []string
			for line := range strings.Lines(b.String()) {
				if rest, ok := strings.CutPrefix(line, "  remedy:   "); ok {
					got = append(got, strings.TrimPrefix(strings.TrimSpace(rest), "settle it with "))
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, b.String())
			}
		})
	}
}
