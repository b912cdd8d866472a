package screen_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
	"pgregory.net/rapid"

	"wave365/pkg/estimate"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/progress/screen"
)

// TestFrame_bar: the bar keeps its width, shows every kind of row that occurs, and is full only when all rows are done.
func TestFrame_bar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int { return rapid.IntRange(0, 2000).Draw(t, name) }
		c := migration.Counts{Succeeded: n("succeeded"), Failed: n("failed"), Queued: n("queued")}
		c.Total = c.Succeeded + c.Failed + c.Queued
		width := rapid.IntRange(1, 250).Draw(t, "width")
		first := screen.Frame(board.Snapshot{Counts: c}, width, 1, false)[0]
		if w := runewidth.StringWidth(first); w > width {
			t.Fatalf("%d columns, want at most %d: %q", w, width, first)
		}
		if !strings.ContainsAny(first, "█▓░") {
			return // No room for a bar.
		}
		for glyph, rows := range map[string]int{"█": c.Succeeded, "▓": c.Failed, "░": c.Queued} {
			if got := strings.Contains(first, glyph); got != (rows > 0) && c.Total > 0 {
				t.Fatalf("%q is there: %v, with %d rows of it: %q", glyph, got, rows, first)
			}
		}
		if strings.Contains(first, "100 %") != (c.Queued == 0 && c.Total > 0) {
			t.Fatalf("100 %% with %d of %d rows open: %q", c.Queued, c.Total, first)
		}
	})
}

// TestFrame_status: a command in the status is not cut off.
func TestFrame_status(t *testing.T) {
	t.Parallel()
	s := board.Snapshot{Counts: migration.Counts{Total: 1, Queued: 1}, Status: "draining: 3 imports are in flight; to resume later: wave365 resume friday-1",
		Left: estimate.Range{To: 20 * time.Minute}, Now: time.Date(2026, 11, 6, 18, 0, 0, 0, time.UTC)}
	got := screen.Frame(s, 50, 24, false)
	want := []string{
		"  █ 0 succeeded  ▓ 0 failed  ░ 0 active",
		"  ░ 0 waiting  ░ 1 queued",
		"  up to 20m left (until " + clocks.Range(s.Now, s.Now.Add(20*time.Minute)) + ")",
		"  ! draining: 3 imports are in flight; to resume",
		"    later: wave365 resume friday-1",
	}
	if diff := cmp.Diff(want, got[1:]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFrame_note: the last column has whole words, or is cut far from its beginning, or is missing: a single letter is
// useless.
func TestFrame_note(t *testing.T) {
	t.Parallel()
	s := board.Snapshot{Counts: migration.Counts{Total: 1, Waiting: 1}, Active: []board.Line{{Row: migration.Row{
		State: migration.Waiting, Step: migration.StepImportWait, Note: "importing", Target: migration.Target{User: "ada@contoso.example"},
	}}}}
	for width, want := range map[int]bool{120: true, 90: true, 60: false} {
		lines := screen.Frame(s, width, 24, false)
		if last := lines[len(lines)-1]; strings.Contains(last, "importing") != want || strings.HasSuffix(last, "…") {
			t.Errorf("%d columns: %q", width, last)
		}
	}
}

func TestEnding(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 6, 18, 0, 0, 0, time.UTC)
	r := migration.Row{State: migration.Held, Step: migration.StepImport, UpdatedAt: at, Target: migration.Target{User: "x@y", UPN: "a-very-long-name-indeed@contoso.example"},
		Problem: &migration.Problem{Code: "import.unknown", Message: strings.Repeat("no answer came ", 20)}}
	got := screen.Ending(r, board.Change{Took: 90 * time.Second}, time.FixedZone("CET", 3600), 60, false)
	want := []string{
		"19:00:00 CET" + "  held       a-very-lon…  at import  after 1m30s",
		"          import.unknown: no answer came no answer came no",
		"          answer came no answer came no answer came no",
		"          answer came no answer came no answer came no …",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r = migration.Row{State: migration.Succeeded, UpdatedAt: at, Target: migration.Target{User: "x@y"}}
	if got := screen.Ending(r, board.Change{}, time.UTC, 60, false); len(got) != 1 || !strings.HasSuffix(got[0], "succeeded  x@y") {
		t.Errorf("success: %q", got)
	}
	for state, word := range map[migration.State]string{migration.Deferred: "deferred", migration.Cancelled: "cancelled", migration.Skipped: "skipped"} {
		r.State, r.Note = state, "why it is so"
		if got := strings.Join(screen.Ending(r, board.Change{}, time.UTC, 60, false), "\n"); !strings.Contains(got, word) || !strings.Contains(got, "why it is so") {
			t.Errorf("%s: %q", state, got)
		}
	}
}

// TestFrame_rows: at 80 and at 60 columns a row shows what distinguishes it from the others: not the common domain, not
// what its step implies, and not that it is being worked on while it waits.
func TestFrame_rows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 6, 18, 0, 0, 0, time.UTC)
	row := func(user string, state migration.State, step migration.Step, note string) board.Line {
		return board.Line{Row: migration.Row{State: state, Step: step, Note: note, UpdatedAt: now, Target: migration.Target{User: user}}, Since: now}
	}
	s := board.Snapshot{Counts: migration.Counts{Total: 4, Waiting: 4}, Now: now, Active: []board.Line{
		row("ada@contoso.example", migration.Waiting, migration.StepImportWait, "the service is importing the disk"),
		row("bob@contoso.example", migration.Waiting, migration.StepProvisionWait, "the service is provisioning the Cloud PC"),
		row("cyd@contoso.example", migration.Running, migration.StepImport, migration.NoteForSlot),
		row("eve@contoso.example", migration.Waiting, migration.StepImportWait, "looking twice: the import failed"),
	}}
	const head = "  user      step            elapsed  next look\n"
	for width, want := range map[int]string{
		80: head + "  ada       import-wait          0s  waiting\n  bob       provision-wait       0s  waiting\n" +
			"  cyd       import               0s  waiting    no free slot\n  eve       import-wait          0s  waiting    looking twice: the import failed",
		60: head + "  ada       import-wait          0s  waiting\n  bob       provision-wait       0s  waiting\n" +
			"  cyd       import               0s  waiting    no free slot\n  eve       import-wait          0s  waiting    looking twi…",
	} {
		lines := screen.Frame(s, width, 24, false)
		if diff := cmp.Diff(want, strings.Join(lines[len(lines)-5:], "\n")); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", width, diff)
		}
	}
	s.Active[3].Row.Target.User = "eve@fabrikam.example"
	if all := strings.Join(screen.Frame(s, 120, 24, false), "\n"); !strings.Contains(all, "ada@contoso.example") || !strings.Contains(all, "eve@fabrikam.example") {
		t.Errorf("two domains:\n%s", all)
	}
}

// TestFrame_legend: the characters of the bar are at their counts, and lines are folded only between these.
func TestFrame_legend(t *testing.T) {
	t.Parallel()
	s := board.Snapshot{Counts: migration.Counts{Total: 12, Succeeded: 3, Warned: 1, Failed: 2, Held: 1, Active: 1, Waiting: 2, Queued: 1, Skipped: 1}}
	got := screen.Frame(s, 60, 24, false)
	want := []string{"  █ 3 succeeded  █ 1 warned  ▓ 1 held  ▓ 2 failed", "  ░ 1 active  ░ 2 waiting  ░ 1 queued  ▓ 1 skipped"}
	if diff := cmp.Diff(want, got[1:3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestASCII: every character has a replacement, and no line changes its width.
func TestASCII(t *testing.T) {
	t.Parallel()
	s := board.Snapshot{Counts: migration.Counts{Total: 3, Succeeded: 1, Failed: 1, Queued: 1}, Status: "a long status " + strings.Repeat("… ", 60)}
	lines := screen.Frame(s, 80, 24, true)
	for i, l := range screen.ASCII(lines) {
		if strings.ContainsFunc(l, func(r rune) bool { return r > 0x7e }) || screen.Width(l) != screen.Width(lines[i]) {
			t.Errorf("%q of %q", l, lines[i])
		}
	}
}
