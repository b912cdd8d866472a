package console

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

func TestFold(t *testing.T) {
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
			if diff := cmp.Diff(tc.want, Fold(tc.lead, tc.text, tc.width)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	const line = "wave365 plan friday.csv --run-id 'a b' --stop-by 22:00"
	for _, tc := range []struct {
		width   int
		windows bool
		want    string
	}{
		{0, false, "> " + line + "\n"},
		{56, false, "> " + line + "\n"},
		{55, false, "> wave365 plan friday.csv --run-id 'a b' --stop-by \\\n      22:00\n"},
		{30, false, "> wave365 plan friday.csv \\\n      --run-id 'a b' \\\n      --stop-by 22:00\n"},
		{10, true, "> " + line + "\n"},
	} {
		if got := Command("> ", line, tc.width, tc.windows); got != tc.want {
			t.Errorf("%d: %q, want %q", tc.width, got, tc.want)
		}
	}
}

// One code may have several remedies, and each line must stand above its own.
func TestFindings_Remedies(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Findings(&b, wording.Shell{Ledger: "x.db"}, []wave.Finding{
		{Severity: wave.Warning, Code: "w", Message: "careful", Hint: "look", Commands: []fault.Command{fault.NewCommand("status")}},
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
           wave365 status --ledger x.db

`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Problems stand in the order of the report, what to do once under its rows, with a command that works when it is copied.
func TestOutcome(t *testing.T) {
	t.Parallel()
	row := func(line int, state migration.State, user, code string, commands ...fault.Command) migration.Row {
		r := migration.Row{Index: line, State: state, Problem: &migration.Problem{Code: code, Message: "no\x1b[2Jthing of " + user, Hint: "fix it", Commands: commands}}
		r.Target.Line, r.Target.User = line, user
		return r
	}
	var b bytes.Buffer
	Outcome(&b, wording.Shell{Ledger: "my/l.db", Run: "r1"}, summary.Record{Rows: []migration.Row{
		row(2, migration.Skipped, "ann", "blob.not-found"),
		row(3, migration.Failed, "bob", "import.failed", fault.NewCommand("retry")),
		row(4, migration.Succeeded, "cyd", ""),
		row(5, migration.Held, "o'neil", "import.unknown", fault.NewCommand("reconcile", "--row", "o'neil", "--no-effect")),
		row(6, migration.Failed, "eve", "import.failed", fault.NewCommand("retry")),
		row(7, migration.Failed, "fay", "provision.failed", fault.NewCommand("retry")),
	}})
	want := `
HELD  import.unknown
  line 5    o'neil
            no[U+001B][2Jthing of o'neil
  remedy:   fix it
            wave365 reconcile r1 --row "o'neil" --no-effect --ledger my/l.db

FAILED  import.failed
  line 3    bob
            no[U+001B][2Jthing of bob
  line 6    eve
            no[U+001B][2Jthing of eve
  remedy:   fix it
            wave365 retry r1 --ledger my/l.db

FAILED  provision.failed
  line 7    fay
            no[U+001B][2Jthing of fay
  remedy:   fix it

SKIPPED  blob.not-found
  line 2    ann
            no[U+001B][2Jthing of ann
  remedy:   fix it
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A table that the terminal would break is known.
func TestWider(t *testing.T) {
	t.Parallel()
	if Wider("a line\nä line\n", 6) || !Wider("a line\na wide line\n", 6) || Wider("a wide line\n", 0) {
		t.Error("lines are measured wrongly")
	}
}
